// The program's own variables, against the addresses that the program itself sees and what readelf
// prints.
#include "common/cpu_device/observer/program/program_symbols.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/cpu_device/observer/program/elf_symbols.hpp"
#include "common/device/buffer.hpp"
#include "common/device/check.hpp"
#include "common/process/child_process.hpp"

namespace t2t::observer {
namespace {

template <typename T>
std::uint64_t address(const T& variable) {
    return reinterpret_cast<std::uint64_t>(&variable);
}

/// Those of `variables` with a name and function.
std::vector<StaticVariable> named(const std::vector<StaticVariable>& variables,
                                  const std::string& name, const std::string& function) {
    std::vector<StaticVariable> found;
    for (const StaticVariable& variable : variables) {
        if (variable.name == name && variable.function == function) found.push_back(variable);
    }
    return found;
}

// ---- shared memory ------------------------------------------------------------------------------

/// Where each block sees its tile, counted from the start of its thread-local variables.
__global__ void symbols_tile_kernel(std::uint64_t* offsets) {
    __shared__ float symbols_tile[8][5];
    symbols_tile[threadIdx.x % 8][0] = 1;
    __syncthreads();
    if (threadIdx.x == 0) offsets[blockIdx.x] = address(symbols_tile) - thread_local_begin();
    if (symbols_tile[0][0] != 1) offsets[blockIdx.x] = 0;
}

TEST(SharedArrays, LieAtTheSamePlaceOfEveryWorkersBlock) {
    constexpr int blocks = 64;
    DeviceBuffer<std::uint64_t> offsets(blocks);
    symbols_tile_kernel<<<blocks, 32>>>(offsets.data());
    T2T_CHECK(cudaDeviceSynchronize());

    const auto tiles =
        named(program_symbols().thread_local_variables, "symbols_tile", "symbols_tile_kernel");
    ASSERT_EQ(tiles.size(), 1u);
    EXPECT_EQ(tiles[0].bytes, 8u * 5 * 4);
    EXPECT_EQ(offsets.download(), std::vector<std::uint64_t>(blocks, tiles[0].begin));
}

template <typename T>
__global__ void symbols_template_kernel(std::uint64_t* offset) {
    __shared__ T symbols_values[10];
    symbols_values[threadIdx.x] = T(1);
    __syncthreads();
    if (symbols_values[0] == T(1)) *offset = address(symbols_values) - thread_local_begin();
}

TEST(SharedArrays, EachInstanceOfATemplateHasItsOwn) {
    DeviceBuffer<std::uint64_t> offsets(2);
    symbols_template_kernel<char><<<1, 1>>>(offsets.data());
    symbols_template_kernel<double><<<1, 1>>>(offsets.data() + 1);
    T2T_CHECK(cudaDeviceSynchronize());

    std::set<std::pair<std::uint64_t, std::uint64_t>> places;
    for (const auto& values : named(program_symbols().thread_local_variables, "symbols_values",
                                    "symbols_template_kernel")) {
        places.emplace(values.begin, values.bytes);
    }
    const std::vector<std::uint64_t> seen = offsets.download();
    EXPECT_EQ(places,
              (std::set<std::pair<std::uint64_t, std::uint64_t>>{{seen[0], 10}, {seen[1], 80}}));
}

// ---- other variables ----------------------------------------------------------------------------

__constant__ float symbols_weights[7];
thread_local int symbols_counter = 3;

/// A local static array of 6 · 2 bytes.
const short* symbols_table() {
    static short symbols_entries[6] = {1, 2, 3, 4, 5, 6};
    return symbols_entries;
}

TEST(ProgramSymbols, VariablesOfNamespacesAndFunctions) {
    const auto weights = named(program_symbols().variables, "symbols_weights", "");
    ASSERT_EQ(weights.size(), 1u);
    EXPECT_EQ(weights[0].begin, address(symbols_weights));
    EXPECT_EQ(weights[0].bytes, 28u);

    const auto entries = named(program_symbols().variables, "symbols_entries", "symbols_table");
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].begin, address(*symbols_table()));
    EXPECT_EQ(entries[0].bytes, 12u);

    const auto counter = named(program_symbols().thread_local_variables, "symbols_counter", "");
    ASSERT_EQ(counter.size(), 1u);
    EXPECT_EQ(counter[0].begin, address(symbols_counter) - thread_local_begin());
    EXPECT_EQ(counter[0].bytes, 4u);
}

TEST(ProgramSymbols, EveryThreadHasItsOwnBlock) {
    const std::uint64_t begin = thread_local_begin();
    const std::uint64_t offset = address(symbols_counter) - begin;
    std::thread([&] {
        EXPECT_NE(thread_local_begin(), begin);
        EXPECT_EQ(address(symbols_counter) - thread_local_begin(), offset);
    }).join();
}

TEST(ElfSymbols, WhatALibraryDefinesIsNotAmongThem) {
    for (const ElfSymbol& symbol : elf_symbols("/proc/self/exe")) {
        EXPECT_FALSE(symbol.name.starts_with("dl_iterate_phdr"))
            << symbol.name;  // used, not defined
    }
    EXPECT_THROW(elf_symbols("/proc/self/maps"), std::runtime_error);
    EXPECT_THROW(elf_symbols("/no/such/program"), std::runtime_error);
}

/// The (value, bytes) of all symbols of a type that readelf lists as defined and not empty.
std::multiset<std::pair<std::uint64_t, std::uint64_t>> readelf_symbols(const std::string& type) {
    std::istringstream lines(
        process::output_of({"readelf", "-sW", "/proc/" + std::to_string(getpid()) + "/exe"}, ""));
    std::multiset<std::pair<std::uint64_t, std::uint64_t>> symbols;
    bool all = false;  // behind .dynsym, which repeats some of them
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("Symbol table '")) all = line.find("'.symtab'") != std::string::npos;
        // Num: Value Size Type Bind Vis Ndx Name
        std::istringstream fields(line);
        std::string number, value, bytes, kind, binding, visibility, section;
        fields >> number >> value >> bytes >> kind >> binding >> visibility >> section;
        if (!all || kind != type || section == "UND" || bytes == "0") continue;
        symbols.emplace(std::stoull(value, nullptr, 16), std::stoull(bytes, nullptr, 0));
    }
    return symbols;
}

std::multiset<std::pair<std::uint64_t, std::uint64_t>> places(
    const std::vector<StaticVariable>& variables, std::uint64_t bias) {
    std::multiset<std::pair<std::uint64_t, std::uint64_t>> found;
    for (const auto& variable : variables) found.emplace(variable.begin - bias, variable.bytes);
    return found;
}

TEST(ProgramSymbols, AreThoseThatReadelfLists) {
    const ProgramSymbols& symbols = program_symbols();
    EXPECT_GT(symbols.variables.size(), 100u);
    EXPECT_EQ(places(symbols.variables, symbols.load_bias), readelf_symbols("OBJECT"));
    EXPECT_EQ(places(symbols.thread_local_variables, 0), readelf_symbols("TLS"));
}

TEST(ProgramSymbols, AreInTheOrderOfTheirAddresses) {
    for (const auto* variables :
         {&program_symbols().variables, &program_symbols().thread_local_variables}) {
        EXPECT_TRUE(std::is_sorted(variables->begin(), variables->end(),
                                   [](const auto& a, const auto& b) { return a.begin < b.begin; }));
        for (const StaticVariable& variable : *variables) {
            EXPECT_NE(variable.name, "");
            EXPECT_GT(variable.bytes, 0u);
        }
    }
}

// ---- the program in memory ----------------------------------------------------------------------

/// What /proc/self/maps says about the memory at `where`: permissions, and whether a file is mapped.
std::string permissions_at(std::uint64_t where) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        unsigned long begin = 0, end = 0;
        char permissions[5] = "";
        std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, permissions);
        if (begin <= where && where < end) return permissions;
    }
    return "";
}

TEST(ProgramSymbols, CodeIsWhereFunctionsAre) {
    const ProgramSymbols& symbols = program_symbols();
    const auto in_code = [&](auto* function) {
        const auto where = reinterpret_cast<std::uint64_t>(function);
        return symbols.code_begin <= where && where < symbols.code_end;
    };
    EXPECT_TRUE(in_code(&symbols_tile_kernel));
    EXPECT_TRUE(in_code(&program_symbols));
    EXPECT_FALSE(in_code(&symbols_weights));
    EXPECT_FALSE(in_code(&std::puts));
    EXPECT_EQ(permissions_at(symbols.code_begin), "r-xp");
    EXPECT_EQ(permissions_at(symbols.code_end - 1), "r-xp");
}

TEST(ProgramSymbols, AThreadsBlockHoldsAllItsVariables) {
    const ProgramSymbols& symbols = program_symbols();
    const StaticVariable& last = symbols.thread_local_variables.back();
    EXPECT_LE(last.begin + last.bytes, symbols.thread_local_bytes);

    // Type Offset VirtAddr PhysAddr FileSiz MemSiz Flg Align
    std::istringstream lines(
        process::output_of({"readelf", "-lW", "/proc/" + std::to_string(getpid()) + "/exe"}, ""));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string type, skipped, bytes, flags, alignment;
        fields >> type >> skipped >> skipped >> skipped >> skipped >> bytes >> flags >> alignment;
        if (type != "TLS") continue;
        const std::uint64_t least = std::stoull(bytes, nullptr, 0),
                            align = std::stoull(alignment, nullptr, 0);
        EXPECT_EQ(symbols.thread_local_bytes, (least + align - 1) / align * align);
        EXPECT_EQ(thread_local_begin() % align, 0u);
        return;
    }
    ADD_FAILURE() << "readelf lists no thread-local segment";
}

}  // namespace
}  // namespace t2t::observer
