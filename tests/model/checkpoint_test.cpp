#include "model/files/checkpoint.hpp"

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/files/file_error.hpp"
#include "tests/model/safetensors_bytes.hpp"

namespace t2t::model {
namespace {

/// 24 bytes that are all different.
const std::string letters = "abcdefghijklmnopqrstuvwx";

/// What an action says is wrong.
template <typename Action>
std::string complaint(Action action) {
    try {
        action();
    } catch (const FileError& error) {
        return error.what();
    }
    return "no error";
}

std::string complaint_about(const std::string& file) {
    return complaint([&] { parse_safetensors(as_bytes(file), "x.safetensors"); });
}

/// A header of one tensor `w` with 24 bytes of data.
std::string one(const std::string& dtype, const std::string& shape,
                const std::string& offsets = "[0, 24]") {
    return safetensors_bytes("{" + header_entry("w", dtype, shape, offsets) + "}", letters);
}

/// A header of these entries with 24 bytes of data.
std::string several(const std::string& entries) {
    return safetensors_bytes("{" + entries + "}", letters);
}

std::string text_of(const StoredTensor& tensor) {
    return {reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()};
}

TEST(Safetensors, TensorsAreWhereTheHeaderSays) {
    // Entries in another order than the data, of every type that models use.
    const std::string file = several(R"("__metadata__": {"format": "pt"}, )" +
                                     header_entry("b", "BF16", "[1, 4]", "[16, 24]") + ", " +
                                     header_entry("a.weight", "F32", "[3]", "[0, 12]") + ", " +
                                     header_entry("half", "F16", "[2, 1, 1]", "[12, 16]") + ", " +
                                     header_entry("empty", "F32", "[5, 0]", "[12, 12]"));
    const TensorTable table = parse_safetensors(as_bytes(file), "x.safetensors");
    ASSERT_EQ(table.size(), 4u);

    const StoredTensor& a = table.find("a.weight")->second;
    EXPECT_EQ(a.type, DType::fp32);
    EXPECT_EQ(a.shape, (std::vector<std::int64_t>{3}));
    EXPECT_EQ(a.elements(), 3);
    EXPECT_EQ(text_of(a), letters.substr(0, 12));
    EXPECT_EQ(a.file, "x.safetensors");
    // No copy: the bytes lie in the file.
    EXPECT_EQ(reinterpret_cast<const char*>(a.bytes.data()), file.data() + file.size() - 24);

    const StoredTensor& half = table.find("half")->second;
    EXPECT_EQ(half.type, DType::fp16);
    EXPECT_EQ(half.shape, (std::vector<std::int64_t>{2, 1, 1}));
    EXPECT_EQ(text_of(half), letters.substr(12, 4));

    const StoredTensor& b = table.find("b")->second;
    EXPECT_EQ(b.type, DType::bf16);
    EXPECT_EQ(b.elements(), 4);
    EXPECT_EQ(text_of(b), letters.substr(16));

    const StoredTensor& empty = table.find("empty")->second;
    EXPECT_EQ(empty.elements(), 0);
    EXPECT_TRUE(empty.bytes.empty());
}

TEST(Safetensors, AScalarHasOneElement) {
    const std::string file =
        safetensors_bytes("{" + header_entry("s", "F32", "[]", "[0, 4]") + "}   ", "wxyz");
    const TensorTable table = parse_safetensors(as_bytes(file), "x.safetensors");
    EXPECT_EQ(table.find("s")->second.elements(), 1);
    EXPECT_EQ(text_of(table.find("s")->second), "wxyz");
}

TEST(Safetensors, NoTensorsIsAFile) {
    EXPECT_TRUE(parse_safetensors(as_bytes(safetensors_bytes("{}", "")), "x").empty());
}

TEST(Safetensors, OtherTypesAreRememberedAndChecked) {
    const std::string file = several(header_entry("ids", "I64", "[2]", "[0, 16]") + ", " +
                                     header_entry("small", "F8_E4M3", "[2]", "[16, 18]") + ", " +
                                     header_entry("tiny", "F4", "[4]", "[18, 20]") + ", " +
                                     header_entry("w", "F32", "[1]", "[20, 24]"));
    std::map<std::string, std::string, std::less<>> others;
    const TensorTable table = parse_safetensors(as_bytes(file), "x", &others);
    EXPECT_EQ(table.size(), 1u);
    EXPECT_EQ(others, (std::map<std::string, std::string, std::less<>>{
                          {"ids", "I64"}, {"small", "F8_E4M3"}, {"tiny", "F4"}}));
    EXPECT_EQ(parse_safetensors(as_bytes(file), "x").size(), 1u);
    EXPECT_EQ(complaint_about(one("I64", "[2]")),
              "x.safetensors: tensor \"w\" has 24 bytes, but shape [2] of I64 needs 16");
}

/// A broken file and the whole sentence about it.
struct Complaint {
    const char* name;
    std::string file;
    std::string sentence;
};

void PrintTo(const Complaint& c, std::ostream* out) {
    *out << c.name;
}

class SafetensorsComplaint : public ::testing::TestWithParam<Complaint> {};

TEST_P(SafetensorsComplaint, IsOneClearSentence) {
    EXPECT_EQ(complaint_about(GetParam().file), "x.safetensors: " + GetParam().sentence);
}

const std::string f32_at_0 = header_entry("a", "F32", "[3]", "[0, 12]");

INSTANTIATE_TEST_SUITE_P(
    Header, SafetensorsComplaint,
    ::testing::Values(
        Complaint{"empty", "", "has 0 bytes; a safetensors file has 8 or more"},
        Complaint{"short", "1234567", "has 7 bytes; a safetensors file has 8 or more"},
        Complaint{"beyond_the_file", safetensors_bytes("{}", "", 3),
                  "announces a header of 3 bytes, but has 2 more; the file is cut short"},
        Complaint{"above_100_mb", safetensors_bytes("{}", "", 100000001),
                  "announces a header of 100000001 bytes, above the limit of 100000000; it is not "
                  "a safetensors file"},
        Complaint{"all_ones", std::string(8, '\xff') + "{}",
                  "announces a header of 18446744073709551615 bytes, above the limit of "
                  "100000000; it is not a safetensors file"},
        Complaint{"git_lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n",
                  "is a Git LFS pointer, not the weights; run `git lfs pull`"},
        Complaint{"not_json", safetensors_bytes("{\"a\": nul}", ""),
                  "the header is not JSON: it breaks off or goes wrong at line 1, column 10"},
        Complaint{"no_header", safetensors_bytes("", ""),
                  "the header is not JSON: it breaks off or goes wrong at line 1, column 1"},
        Complaint{"not_utf8", safetensors_bytes("{\"\xff\": 1}", ""),
                  "the header is not JSON: it breaks off or goes wrong at line 1, column 3"},
        Complaint{"list", safetensors_bytes("[]", ""),
                  "the header holds a list, not a JSON object"},
        Complaint{"twice", several(f32_at_0 + ", " + header_entry("a", "F32", "[3]", "[12, 24]")),
                  "the header gives \"a\" twice"},
        Complaint{"metadata", safetensors_bytes(R"({"__metadata__": {"step": 3}})", ""),
                  "__metadata__ must be an object of texts"},
        Complaint{"metadata_list", safetensors_bytes(R"({"__metadata__": ["a"]})", ""),
                  "__metadata__ must be an object of texts"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Tensor, SafetensorsComplaint,
    ::testing::Values(
        Complaint{"number", several(R"("w": 7)"), "tensor \"w\" is 7, not an object"},
        Complaint{"no_dtype", several(R"("w": {"shape": [6], "data_offsets": [0, 24]})"),
                  "tensor \"w\" has no dtype"},
        Complaint{"no_shape", several(R"("w": {"dtype": "F32", "data_offsets": [0, 24]})"),
                  "tensor \"w\" has no shape"},
        Complaint{"no_offsets", several(R"("w": {"dtype": "F32", "shape": [6]})"),
                  "tensor \"w\" has no data_offsets"},
        Complaint{"dtype_number",
                  several(R"("w": {"dtype": 32, "shape": [6], "data_offsets": [0, 24]})"),
                  "tensor \"w\" has dtype 32; it must be a text"},
        Complaint{"unknown_dtype", one("F23", "[6]"), "tensor \"w\" has the unknown dtype \"F23\""},
        Complaint{"lower_case_dtype", one("f32", "[6]"),
                  "tensor \"w\" has the unknown dtype \"f32\""},
        Complaint{"shape_number", one("F32", "6"), "tensor \"w\" has shape 6; it must be a list"},
        Complaint{"negative_size", one("F32", "[2, -3]"),
                  "tensor \"w\" has -3 in its shape; a size is a whole number, 0 or more"},
        Complaint{"fraction", one("F32", "[6.0]"),
                  "tensor \"w\" has 6.0 in its shape; a size is a whole number, 0 or more"},
        Complaint{"size_beyond_int64", one("F32", "[9223372036854775808]"),
                  "tensor \"w\" has 9223372036854775808 in its shape; a size is a whole number, 0 "
                  "or more"},
        // 2⁶² · 4 wraps to 0 in 64 bits, and 2³² · 2³² does before the last factor.
        Complaint{"product_overflows", one("F32", "[4611686018427387904]", "[0, 0]"),
                  "tensor \"w\" has shape [4611686018427387904], whose size does not fit 64 bits"},
        Complaint{"product_overflows_midway", one("F32", "[4294967296, 4294967296, 6]", "[0, 0]"),
                  "tensor \"w\" has shape [4294967296, 4294967296, 6], whose size does not fit 64 "
                  "bits"},
        Complaint{"half_a_byte", one("F4", "[3]", "[0, 1]"),
                  "tensor \"w\" has shape [3], which is not a whole number of bytes in F4"},
        Complaint{"too_small_for_offsets", one("F32", "[5]"),
                  "tensor \"w\" has 24 bytes, but shape [5] of F32 needs 20"},
        Complaint{"too_large_for_offsets", one("BF16", "[2, 2, 2, 2, 1, 1, 1, 1, 1]"),
                  "tensor \"w\" has 24 bytes, but shape [2, 2, 2, 2, 1, 1, 1, 1, …] of BF16 needs "
                  "32"}),
    [](const auto& info) { return info.param.name; });

const std::string two_numbers =
    "tensor \"w\" must have two whole numbers, 0 or more, as data_offsets";

INSTANTIATE_TEST_SUITE_P(
    Offsets, SafetensorsComplaint,
    ::testing::Values(
        Complaint{"one", one("F32", "[6]", "[24]"), two_numbers},
        Complaint{"three", one("F32", "[6]", "[0, 12, 24]"), two_numbers},
        Complaint{"negative", one("F32", "[6]", "[-24, 0]"), two_numbers},
        Complaint{"fractions", one("F32", "[6]", "[0.0, 24.0]"), two_numbers},
        Complaint{"text", one("F32", "[6]", "\"0, 24\""), two_numbers},
        Complaint{"wrong_order", one("F32", "[6]", "[24, 0]"),
                  "tensor \"w\" begins at byte 24 and ends before, at byte 0"},
        Complaint{"cut_short", one("F32", "[7]", "[0, 28]"),
                  "tensor \"w\" ends at byte 28, but only 24 bytes follow the header; the file may "
                  "be cut short"},
        Complaint{"far_beyond", one("F32", "[6]", "[18446744073709551591, 18446744073709551615]"),
                  "tensor \"w\" ends at byte 18446744073709551615, but only 24 bytes follow the "
                  "header; the file may be cut short"},
        Complaint{"overlap", several(f32_at_0 + ", " + header_entry("b", "F32", "[4]", "[8, 24]")),
                  "tensors \"a\" and \"b\" overlap"},
        Complaint{"same_place",
                  several(f32_at_0 + ", " + header_entry("b", "F32", "[3]", "[0, 12]")),
                  "tensors \"a\" and \"b\" overlap"},
        Complaint{"empty_inside",
                  several(header_entry("w", "F32", "[6]", "[0, 24]") + ", " +
                          header_entry("e", "F32", "[0]", "[4, 4]")),
                  "tensors \"w\" and \"e\" overlap"},
        Complaint{"gap", several(f32_at_0 + ", " + header_entry("b", "F32", "[2]", "[16, 24]")),
                  "tensor \"b\" begins at byte 16, which leaves a gap of 4 bytes before it"},
        Complaint{"gap_in_front", one("F32", "[5]", "[4, 24]"),
                  "tensor \"w\" begins at byte 4, which leaves a gap of 4 bytes before it"},
        Complaint{"rest", one("F32", "[5]", "[0, 20]"),
                  "has 4 bytes that belong to no tensor at its end"},
        Complaint{"only_rest", safetensors_bytes("{}", "abc"),
                  "has 3 bytes that belong to no tensor at its end"}),
    [](const auto& info) { return info.param.name; });

TEST(Safetensors, EveryTruncationIsCaught) {
    const std::string file =
        several(f32_at_0 + ", " + header_entry("b", "BF16", "[6]", "[12, 24]"));
    EXPECT_EQ(complaint_about(file), "no error");
    for (std::size_t length = 0; length < file.size(); ++length) {
        EXPECT_NE(complaint_about(file.substr(0, length)), "no error") << length;
    }
    EXPECT_NE(complaint_about(file + "y"), "no error");
}

/// A folder that is gone after the test.
class CheckpointFolder : public ::testing::Test {
 protected:
    CheckpointFolder() {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::path(::testing::TempDir()) /
                  ("t2t_checkpoint_" + std::to_string(::getpid()) + "_" + test->name());
        std::filesystem::create_directories(folder_);
    }
    ~CheckpointFolder() override { std::filesystem::remove_all(folder_); }

    void write(const char* name, const std::string& bytes) const {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
    }

    /// Two files: `a` in the first; `b`, and integers called `ids`, in the second.
    void write_shards() const {
        write("one.safetensors", safetensors_bytes("{" + f32_at_0 + "}", letters.substr(0, 12)));
        write("two.safetensors", several(header_entry("b", "BF16", "[2, 2]", "[0, 8]") + ", " +
                                         header_entry("ids", "I64", "[2]", "[8, 24]")));
    }

    void write_index(const nlohmann::json& weight_map) const {
        write(
            "model.safetensors.index.json",
            nlohmann::json{{"metadata", {{"total_size", 36}}}, {"weight_map", weight_map}}.dump());
    }

    /// What opening the folder says is wrong, without the folder's name.
    std::string complaint_about_folder() const {
        std::string sentence = complaint([&] { Checkpoint::open(folder_); });
        const std::string name = folder_.string();
        if (sentence.starts_with(name)) sentence.erase(0, name.size());
        return sentence;
    }

    std::filesystem::path folder_;
};

const nlohmann::json good_map = {
    {"a", "one.safetensors"}, {"b", "two.safetensors"}, {"ids", "two.safetensors"}};

TEST_F(CheckpointFolder, OneFile) {
    write("model.safetensors",
          several(f32_at_0 + ", " + header_entry("b", "F16", "[6]", "[12, 24]")));
    const Checkpoint checkpoint = Checkpoint::open(folder_);
    EXPECT_TRUE(checkpoint.contains("a"));
    EXPECT_FALSE(checkpoint.contains("c"));
    EXPECT_EQ(checkpoint.bytes(), 24u);
    EXPECT_EQ(text_of(checkpoint.at("a", {3})), letters.substr(0, 12));
    EXPECT_EQ(text_of(checkpoint.at("b", {6})), letters.substr(12));
}

TEST_F(CheckpointFolder, SeveralFiles) {
    write_shards();
    write_index(good_map);
    const Checkpoint checkpoint = Checkpoint::open(folder_);
    EXPECT_EQ(checkpoint.bytes(), 20u);  // of the tensors that can be used
    EXPECT_EQ(text_of(checkpoint.at("a", {3})), letters.substr(0, 12));
    EXPECT_EQ(text_of(checkpoint.at("b", {2, 2})), letters.substr(0, 8));
    EXPECT_EQ(checkpoint.at("b", {2, 2}).file, (folder_ / "two.safetensors").string());
}

TEST_F(CheckpointFolder, TheTensorsOutliveTheOriginal) {
    write("model.safetensors", one("F32", "[6]"));
    const Checkpoint copy = [&] {
        const Checkpoint original = Checkpoint::open(folder_);
        return Checkpoint(original);
    }();
    EXPECT_EQ(text_of(copy.at("w", {6})), letters);
}

TEST_F(CheckpointFolder, ATensorThatCannotBeUsedIsNamed) {
    write_shards();
    write_index(good_map);
    const Checkpoint checkpoint = Checkpoint::open(folder_);
    const std::string index = (folder_ / "model.safetensors.index.json").string();
    EXPECT_EQ(complaint([&] { checkpoint.at("c", {3}); }), index + ": has no tensor \"c\"");
    EXPECT_EQ(complaint([&] { checkpoint.at("ids", {2}); }),
              index + ": tensor \"ids\" is stored as I64; weights must be F64, F32, F16 or BF16");
    const std::string file = (folder_ / "two.safetensors").string();
    EXPECT_EQ(complaint([&] { checkpoint.at("b", {4}); }),
              file + ": tensor \"b\" has shape [2, 2], but the model needs [4]");
    EXPECT_EQ(complaint([&] {
                  checkpoint.at("b", {1, 4});
              }),
              file + ": tensor \"b\" has shape [2, 2], but the model needs [1, 4]");
}

TEST_F(CheckpointFolder, NothingToOpenIsNamed) {
    EXPECT_EQ(complaint_about_folder(),
              ": holds neither model.safetensors nor model.safetensors.index.json; weights in "
              "other formats cannot be read");
    const std::string neither =
        ": holds neither model.safetensors nor model.safetensors.index.json; ";
    write("model-00001-of-00002.safetensors", "");
    EXPECT_EQ(complaint_about_folder(),
              neither +
                  "model-00001-of-00002.safetensors is a part of the weights; fetch the index "
                  "as well");
    write("model.Q4_0.gguf", "");
    EXPECT_EQ(complaint_about_folder(),
              neither +
                  "model.Q4_0.gguf is not read; fetch the model's safetensors, from which it "
                  "was made");
    write("pytorch_model-00001-of-00002.bin", "");
    EXPECT_EQ(complaint_about_folder().find(
                  neither + "pytorch_model-00001-of-00002.bin is not read; let transformers write "
                            "safetensors beside it: python3 -c "),
              0u);
    std::filesystem::create_directory(folder_ / "model.safetensors");
    EXPECT_EQ(complaint_about_folder(), "/model.safetensors: is not a file");
    std::filesystem::remove_all(folder_);
    EXPECT_EQ(complaint_about_folder(), ": there is no such folder");
}

TEST_F(CheckpointFolder, AnEmptyFileIsNamed) {
    write("model.safetensors", "");
    EXPECT_EQ(complaint_about_folder(),
              "/model.safetensors: has 0 bytes; a safetensors file has 8 or more");
}

TEST_F(CheckpointFolder, WhatIsWrongWithAnIndexIsNamed) {
    const std::string index = "/model.safetensors.index.json: ";
    write_shards();
    write("model.safetensors.index.json", "{");
    EXPECT_EQ(complaint_about_folder(),
              index + "the file is not JSON: it breaks off or goes wrong at line 1, column 2");
    write("model.safetensors.index.json", "{}");
    EXPECT_EQ(complaint_about_folder(), index + "weight_map is missing");
    write_index(nlohmann::json::object());
    EXPECT_EQ(complaint_about_folder(),
              index + "weight_map must be an object with one entry for each tensor");
    for (const char* name : {"../one.safetensors", "/one.safetensors", "..", "", "a\\b"}) {
        write_index({{"a", name}});
        EXPECT_EQ(complaint_about_folder(), index + "weight_map places tensor \"a\" in " +
                                                nlohmann::json(name).dump() +
                                                "; it must be the name of a file beside it");
    }
    write_index({{"a", 1}});
    EXPECT_EQ(complaint_about_folder(),
              index +
                  "weight_map places tensor \"a\" in 1; it must be the name of a file beside "
                  "it");

    nlohmann::json map = good_map;
    map["a"] = "three.safetensors";
    write_index(map);
    EXPECT_EQ(complaint_about_folder(),
              index + "lists \"three.safetensors\", but there is no such file");
    map["a"] = "two.safetensors";
    map["b"] = "one.safetensors";
    write_index(map);
    EXPECT_EQ(complaint_about_folder(),
              index +
                  "places tensor \"a\" in \"two.safetensors\", but it is in "
                  "\"one.safetensors\"");
    map = good_map;
    map["c"] = "one.safetensors";
    write_index(map);
    EXPECT_EQ(complaint_about_folder(),
              index + "places tensor \"c\" in \"one.safetensors\", but no file holds it");
    write("three.safetensors", one("F32", "[6]"));
    write("four.safetensors", one("F32", "[6]"));
    write_index({{"w", "three.safetensors"}, {"x", "four.safetensors"}});
    EXPECT_EQ(complaint_about_folder(),
              index + "tensor \"w\" is in \"four.safetensors\" and in \"three.safetensors\"");
}

TEST_F(CheckpointFolder, ABrokenShardIsNamed) {
    write_shards();
    write("two.safetensors", several(f32_at_0));
    write_index(good_map);
    EXPECT_EQ(complaint_about_folder(),
              "/two.safetensors: has 12 bytes that belong to no tensor at its end");
}

/// Memory of this process that mapped files take, in MB.
double mapped_megabytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("RssFile:")) return std::stod(line.substr(8)) / 1024;
    }
    return 0;
}

TEST_F(CheckpointFolder, ReleasedTensorsTakeNoMemory) {
    constexpr std::size_t size = std::size_t{32} << 20;
    const std::string numbers(size, 'x');
    const std::string range = "[0, " + std::to_string(size) + "]";
    write("model.safetensors",
          safetensors_bytes(
              "{" + header_entry("w", "F32", "[" + std::to_string(size / 4) + "]", range) + "}",
              numbers));
    const Checkpoint checkpoint = Checkpoint::open(folder_);
    const StoredTensor& tensor = checkpoint.at("w", {static_cast<std::int64_t>(size / 4)});
    const double before = mapped_megabytes();
    EXPECT_EQ(text_of(tensor), numbers);  // reads it all
    EXPECT_GT(mapped_megabytes() - before, 30);
    tensor.release();
    EXPECT_LT(mapped_megabytes() - before, 2);
    EXPECT_EQ(text_of(tensor), numbers);  // and reads it again

    // What does not lie in a file is left alone.
    const std::string file = one("F32", "[6]");
    const TensorTable table = parse_safetensors(as_bytes(file), "x.safetensors");
    table.at("w").release();
    EXPECT_EQ(text_of(table.at("w")), letters);
}

TEST(StoredTensor, APartIsARangeOfItsRows) {
    const std::string file = one("F16", "[3, 2, 2]");
    const TensorTable table = parse_safetensors(as_bytes(file), "x.safetensors");
    const StoredTensor part = table.at("w").part(1, 1, {2, 2});
    EXPECT_EQ(part.shape, (std::vector<std::int64_t>{2, 2}));
    EXPECT_EQ(text_of(part), letters.substr(8, 8));
    EXPECT_EQ(text_of(part.part(1, 1, {1, 2})), letters.substr(12, 4));
}

TEST(Checkpoint, ThePretrainedModels) {
    struct Model {
        const char* name;
        const char* tensor;
        std::vector<std::int64_t> shape;
        std::uint64_t bytes;
    };
    for (const Model& model :
         {Model{"tales-gpt2", "transformer.wte.weight", {2048, 192}, 4542720},
          Model{"tales-mistral", "model.layers.5.self_attn.k_proj.weight", {128, 256}, 10951168},
          Model{
              "tales-mixtral", "model.layers.3.block_sparse_moe.gate.weight", {8, 192}, 7093632}}) {
        SCOPED_TRACE(model.name);
        const Checkpoint checkpoint =
            Checkpoint::open(std::filesystem::path("model/pretrained") / model.name);
        const StoredTensor& tensor = checkpoint.at(model.tensor, model.shape);
        EXPECT_EQ(tensor.type, DType::bf16);
        EXPECT_EQ(tensor.bytes.size(), 2 * static_cast<std::size_t>(tensor.elements()));
        EXPECT_EQ(checkpoint.bytes(), model.bytes);
    }
}

}  // namespace
}  // namespace t2t::model
