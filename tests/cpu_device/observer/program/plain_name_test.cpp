// Names taken apart. The mangled ones were written by hand after the Itanium C++ ABI, chapter 5.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/cpu_device/observer/program/name_parts.hpp"
#include "common/cpu_device/observer/program/source_lines.hpp"

namespace t2t::observer {
namespace {

struct Example {
    const char* symbol;
    const char* plain;
};

void expect_plain(const std::vector<Example>& examples) {
    for (const auto& [symbol, plain] : examples) EXPECT_EQ(plain_name(symbol), plain) << symbol;
}

TEST(PlainName, OfFunctions) {
    expect_plain({
        {"_ZN3t2t12_GLOBAL__N_113padded_kernelEPKfPf", "padded_kernel"},
        {"_ZN3t2t11wmma_kernelILb1ELi4EEEvPKfNS_5ShapeE", "wmma_kernel"},  // void f<true, 4>(…)
        {"_ZN3t2t4loadIfEEPKfS2_", "load"},  // float const* f<float>(…)
        {"_ZNK3t2t7Extents4areaEv", "area"},
        {"_Z4copyPKfPf.cold", "copy"},
        {"_Z4copyPKfPf.constprop.0.isra.2", "copy"},
        {"main", "main"},
        {"interrupt_kernel.part.0", "interrupt_kernel"},
    });
}

TEST(PlainName, OfVariables) {
    expect_plain({
        {"_ZZN3t2t12_GLOBAL__N_113padded_kernelEPKfE4tile", "tile"},
        {"_ZZN3t2t6sharedILi32EEEvPfE4tile_0", "tile"},  // the second of two in one function
        {"_ZGVZ4mainE5table", "guard variable for table"},
        {"_ZL7weights", "weights"},
        {"_ZTVN3t2t6KernelE", "vtable for Kernel"},
        {"_ZSt4cout@GLIBCXX_3.4", "cout"},
        {"stderr@GLIBC_2.2.5", "stderr"},
        {"table.17", "table"},
    });
}

TEST(PlainName, OfOperators) {
    expect_plain({
        {"_ZNK3t2t3AddclEff", "operator()"},
        {"_ZN3t2tlsERSoi", "operator<<"},
        {"_ZN3t2tltIfEEbT_S1_", "operator<"},  // bool operator< <float>(float, float)
        {"_ZN3t2t5ArrayIfEixEm", "operator[]"},
        {"_ZN3t2t4HalfptEv", "operator->"},
        {"_ZNK3t2t4HalfcvfEv", "operator float"},
        {"_Znwm", "operator new"},
    });
}

TEST(PlainName, ALambdaIsItsFunction) {
    expect_plain({
        {"_ZZ6kernelPfENKUlvE_clEv", "kernel"},                // in kernel(float*)
        {"_ZZ6kernelIfEvPT_ENKUlRT_E_clIfEEDaS3_", "kernel"},  // [](auto&) in kernel<float>
        {"_ZZZ6kernelPfENKUlvE_clEvENKUliE0_clEi", "kernel"},  // a lambda in a lambda
        {"_ZZZ6kernelPfENKUlvE_clEvE4tile", "tile"},           // its local variable
    });
}

TEST(PlainName, AsDebugInformationWritesIt) {
    expect_plain({
        {"load4<true>", "load4"},
        {"load<Vector<int>, 3>", "load"},
        {"operator()", "operator()"},
        {"operator()<float>", "operator()"},
        {"~DeviceBuffer", "~DeviceBuffer"},
        {"add<void(float const*, float*, long int), 6, t2t::(anonymous namespace)::Operands>",
         "add"},
        {"function<t2t::f()::<lambda(int)> >", "function"},
        {"<lambda(int)>", ""},
    });
}

TEST(NameParts, FromTheNamespaceInwards) {
    using Parts = std::vector<std::string>;
    EXPECT_EQ(name_parts("_ZZN3t2t12_GLOBAL__N_113padded_kernelEPKfE4tile"),
              (Parts{"t2t", "padded_kernel", "tile"}));
    EXPECT_EQ(name_parts("_ZZN3t2t6kernelEPfENKUlvE_clEv"), (Parts{"t2t", "kernel"}));
    EXPECT_EQ(name_parts("_ZN3t2t5ArrayIfE4sizeE"), (Parts{"t2t", "Array", "size"}));
    EXPECT_EQ(name_parts(""), Parts{});
}

TEST(PlainName, WhatIsNoNameStaysItself) {
    expect_plain(
        {{"_Znonsense", "_Znonsense"}, {"((", ""}, {"operator", "operator"}, {"<<<>", ""}});
}

}  // namespace
}  // namespace t2t::observer
