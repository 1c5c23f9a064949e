#include "model/files/checkpoint.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "model/files/file_error.hpp"
#include "model/files/json_file.hpp"

namespace t2t::model {
namespace {

using nlohmann::json;

/// Bytes of the header's length, in front of the header.
constexpr std::size_t length_bytes = 8;
/// The format's own limit.
constexpr std::uint64_t max_header_bytes = 100'000'000;

/// A number type as safetensors calls it.
struct StoredType {
    std::string_view name;
    std::int64_t bits;           ///< of one number
    std::optional<DType> dtype;  ///< none: no model here uses it
};

constexpr std::array stored_types = {
    StoredType{"F32", 32, DType::fp32},         StoredType{"F16", 16, DType::fp16},
    StoredType{"BF16", 16, DType::bf16},        StoredType{"BOOL", 8, std::nullopt},
    StoredType{"U8", 8, std::nullopt},          StoredType{"I8", 8, std::nullopt},
    StoredType{"U16", 16, std::nullopt},        StoredType{"I16", 16, std::nullopt},
    StoredType{"U32", 32, std::nullopt},        StoredType{"I32", 32, std::nullopt},
    StoredType{"U64", 64, std::nullopt},        StoredType{"I64", 64, std::nullopt},
    StoredType{"F64", 64, DType::fp64},         StoredType{"C64", 64, std::nullopt},
    StoredType{"F8_E4M3", 8, std::nullopt},     StoredType{"F8_E5M2", 8, std::nullopt},
    StoredType{"F8_E4M3FNUZ", 8, std::nullopt}, StoredType{"F8_E5M2FNUZ", 8, std::nullopt},
    StoredType{"F8_E8M0", 8, std::nullopt},     StoredType{"F6_E2M3", 6, std::nullopt},
    StoredType{"F6_E3M2", 6, std::nullopt},     StoredType{"F4", 4, std::nullopt},
};

/// `[2, 3]`
std::string shape_text(const std::vector<std::int64_t>& shape) {
    constexpr std::size_t longest = 8;
    std::string text;
    for (std::size_t i = 0; i < std::min(shape.size(), longest); ++i) {
        text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    }
    return "[" + text + (shape.size() > longest ? ", …]" : "]");
}

/// What a header says about one tensor, checked on its own.
struct Entry {
    std::string name;
    StoredType type;
    std::vector<std::int64_t> shape;
    std::uint64_t begin;  ///< bytes from the end of the header
    std::uint64_t end;
};

/// Reads one tensor's entry in a header.
class EntryReader {
 public:
    /// @param data_bytes bytes behind the header
    EntryReader(const std::string& name, const json& value, std::uint64_t data_bytes,
                const std::filesystem::path& file)
        : name_(name), value_(value), data_bytes_(data_bytes), file_(file) {}

    Entry read() const {
        if (!value_.is_object()) fail("is " + shown(value_) + ", not an object");
        Entry entry{.name = name_, .type = type(), .shape = shape(), .begin = 0, .end = 0};
        std::tie(entry.begin, entry.end) = offsets();
        const std::uint64_t bytes = bytes_of(entry.type, entry.shape);
        if (entry.end - entry.begin != bytes) {
            fail("has " + std::to_string(entry.end - entry.begin) + " bytes, but shape " +
                 shape_text(entry.shape) + " of " + std::string(entry.type.name) + " needs " +
                 std::to_string(bytes));
        }
        return entry;
    }

 private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw FileError(file_, "tensor " + in_quotes(name_) + " " + problem);
    }

    const json& field(const char* name) const {
        const auto found = value_.find(name);
        if (found == value_.end()) fail(std::string("has no ") + name);
        return *found;
    }

    StoredType type() const {
        const json& name = field("dtype");
        if (!name.is_string()) fail("has dtype " + shown(name) + "; it must be a text");
        const auto found =
            std::find_if(stored_types.begin(), stored_types.end(), [&](const StoredType& each) {
                return each.name == name.get_ref<const std::string&>();
            });
        if (found == stored_types.end()) fail("has the unknown dtype " + shown(name));
        return *found;
    }

    std::vector<std::int64_t> shape() const {
        const json& list = field("shape");
        if (!list.is_array()) fail("has shape " + shown(list) + "; it must be a list");
        std::vector<std::int64_t> shape;
        for (const json& size : list) {
            if (!size.is_number_unsigned() ||
                size.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
                fail("has " + shown(size) + " in its shape; a size is a whole number, 0 or more");
            }
            shape.push_back(size.get<std::int64_t>());
        }
        return shape;
    }

    std::pair<std::uint64_t, std::uint64_t> offsets() const {
        const json& list = field("data_offsets");
        if (!list.is_array() || list.size() != 2 || !list[0].is_number_unsigned() ||
            !list[1].is_number_unsigned()) {
            fail("must have two whole numbers, 0 or more, as data_offsets");
        }
        const auto begin = list[0].get<std::uint64_t>();
        const auto end = list[1].get<std::uint64_t>();
        if (begin > end) {
            fail("begins at byte " + std::to_string(begin) + " and ends before, at byte " +
                 std::to_string(end));
        }
        if (end > data_bytes_) {
            fail("ends at byte " + std::to_string(end) + ", but only " +
                 std::to_string(data_bytes_) +
                 " bytes follow the header; the file may be cut short");
        }
        return {begin, end};
    }

    std::uint64_t bytes_of(const StoredType& type, const std::vector<std::int64_t>& shape) const {
        // The order of the factors is that of StoredTensor::elements(), which must not overflow.
        std::int64_t elements = 1;
        bool overflows = false;
        for (const std::int64_t size : shape) {
            overflows |= __builtin_mul_overflow(elements, size, &elements);
        }
        std::int64_t bits = 0;
        overflows |= __builtin_mul_overflow(elements, type.bits, &bits);
        if (overflows) {
            fail("has shape " + shape_text(shape) + ", whose size does not fit 64 bits");
        }
        if (bits % 8 != 0) {
            fail("has shape " + shape_text(shape) + ", which is not a whole number of bytes in " +
                 std::string(type.name));
        }
        return static_cast<std::uint64_t>(bits / 8);
    }

    const std::string& name_;
    const json& value_;
    std::uint64_t data_bytes_;
    const std::filesystem::path& file_;
};

/// The header's length: 8 bytes, little-endian.
std::uint64_t header_length(std::span<const std::byte> bytes, const std::filesystem::path& file) {
    if (bytes.size() < length_bytes) {
        throw FileError(file, "has " + std::to_string(bytes.size()) +
                                  " bytes; a safetensors file has 8 or more");
    }
    constexpr std::string_view pointer = "version https://git-lfs";
    if (bytes.size() >= pointer.size() &&
        std::memcmp(bytes.data(), pointer.data(), pointer.size()) == 0) {
        throw FileError(file, "is a Git LFS pointer, not the weights; run `git lfs pull`");
    }
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        length |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    }
    if (length > max_header_bytes) {
        throw FileError(file, "announces a header of " + std::to_string(length) +
                                  " bytes, above the limit of " + std::to_string(max_header_bytes) +
                                  "; it is not a safetensors file");
    }
    if (length > bytes.size() - length_bytes) {
        throw FileError(file, "announces a header of " + std::to_string(length) +
                                  " bytes, but has " + std::to_string(bytes.size() - length_bytes) +
                                  " more; the file is cut short");
    }
    return length;
}

/// `__metadata__` is for people: it is checked and not used.
void check_metadata(const json& metadata, const std::filesystem::path& file) {
    bool texts = metadata.is_object();
    for (const json& value : metadata) texts = texts && value.is_string();
    if (!texts) throw FileError(file, "__metadata__ must be an object of texts");
}

/// Every byte behind the header must belong to exactly one tensor.
void check_places(std::vector<Entry>& entries, std::uint64_t data_bytes,
                  const std::filesystem::path& file) {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t reached = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const Entry& entry = entries[i];
        if (entry.begin < reached) {
            throw FileError(file, "tensors " + in_quotes(entries[i - 1].name) + " and " +
                                      in_quotes(entry.name) + " overlap");
        }
        if (entry.begin > reached) {
            throw FileError(file, "tensor " + in_quotes(entry.name) + " begins at byte " +
                                      std::to_string(entry.begin) + ", which leaves a gap of " +
                                      std::to_string(entry.begin - reached) + " bytes before it");
        }
        reached = entry.end;
    }
    if (reached != data_bytes) {
        throw FileError(file, "has " + std::to_string(data_bytes - reached) +
                                  " bytes that belong to no tensor at its end");
    }
}

/// What model.safetensors.index.json says: the file's name for each tensor's name.
std::map<std::string, std::string> read_index(const std::filesystem::path& index) {
    const json document = parse_json_object(read_text(index), index);
    const auto map = document.find("weight_map");
    if (map == document.end()) throw FileError(index, "weight_map is missing");
    if (!map->is_object() || map->empty()) {
        throw FileError(index, "weight_map must be an object with one entry for each tensor");
    }
    std::map<std::string, std::string> files;
    for (const auto& [tensor, file] : map->items()) {
        const std::string name = file.is_string() ? file.get<std::string>() : "";
        // A plain name: the index of a model must not reach outside of its folder.
        if (name.empty() || name == "." || name == ".." ||
            name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos) {
            throw FileError(index, "weight_map places tensor " + in_quotes(tensor) + " in " +
                                       shown(file) + "; it must be the name of a file beside it");
        }
        files.emplace(tensor, name);
    }
    return files;
}

/// What to do with a folder whose weights are in another format.
std::string what_else_it_holds(const std::filesystem::path& folder) {
    std::set<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        names.insert(entry.path().filename().string());
    }
    const auto first_with = [&](std::string_view part) -> std::string {
        const auto found = std::ranges::find_if(
            names, [&](const std::string& name) { return name.find(part) != std::string::npos; });
        return found == names.end() ? "" : *found;
    };
    const std::string rewrite =
        "python3 -c 'from transformers import AutoModelForCausalLM as M; "
        "M.from_pretrained(\"" +
        folder.string() + "\").save_pretrained(\"" + folder.string() + "\")'";
    for (const std::string_view other : {"pytorch_model", "tf_model.h5", "flax_model.msgpack"}) {
        if (const std::string name = first_with(other); !name.empty()) {
            return name + " is not read; let transformers write safetensors beside it: " + rewrite;
        }
    }
    if (const std::string name = first_with(".gguf"); !name.empty()) {
        return name + " is not read; fetch the model's safetensors, from which it was made";
    }
    if (const std::string name = first_with(".safetensors"); !name.empty()) {
        const bool is_part = name.find("-of-") != std::string::npos;
        return name + (is_part ? " is a part of the weights; fetch the index as well"
                               : " is not looked at; if it is the whole model, with the names that "
                                 "transformers gives its tensors, call it model.safetensors");
    }
    return "weights in other formats cannot be read";
}

}  // namespace

std::int64_t StoredTensor::elements() const {
    std::int64_t product = 1;
    for (const std::int64_t size : shape) product *= size;
    return product;
}

StoredTensor StoredTensor::part(std::int64_t first, std::int64_t count,
                                std::vector<std::int64_t> part_shape) const {
    const std::size_t row = bytes.size() / static_cast<std::size_t>(shape.front());
    StoredTensor result = *this;
    result.shape = std::move(part_shape);
    result.bytes =
        bytes.subspan(static_cast<std::size_t>(first) * row, static_cast<std::size_t>(count) * row);
    return result;
}

void StoredTensor::release() const {
    if (!is_mapped || bytes.empty()) return;
    // Whole pages: what a neighbour has in the first and the last one is read again.
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto start = reinterpret_cast<std::uintptr_t>(bytes.data());
    const std::uintptr_t first = start / page * page;
    ::madvise(reinterpret_cast<void*>(first), start + bytes.size() - first, MADV_DONTNEED);
}

TensorTable parse_safetensors(std::span<const std::byte> bytes, const std::filesystem::path& file,
                              std::map<std::string, std::string, std::less<>>* other_types) {
    const std::uint64_t length = header_length(bytes, file);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + length_bytes, length);
    const std::span<const std::byte> data = bytes.subspan(length_bytes + length);

    const json header = parse_json_object(text, file, "the header");
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
        if (name == "__metadata__") {
            check_metadata(value, file);
        } else {
            entries.push_back(EntryReader(name, value, data.size(), file).read());
        }
    }
    check_places(entries, data.size(), file);

    TensorTable tensors;
    for (Entry& entry : entries) {
        if (entry.type.dtype) {
            tensors.emplace(
                std::move(entry.name),
                StoredTensor{.type = *entry.type.dtype,
                             .shape = std::move(entry.shape),
                             .bytes = data.subspan(entry.begin, entry.end - entry.begin),
                             .file = file.string()});
        } else if (other_types != nullptr) {
            other_types->emplace(std::move(entry.name), entry.type.name);
        }
    }
    return tensors;
}

/// A file in memory, for reading only, without a copy: the system reads a page when it is touched.
class Checkpoint::MappedFile {
 public:
    explicit MappedFile(const std::filesystem::path& file) {
        const auto require = [&](bool holds, const char* action) {
            if (!holds) {
                throw FileError(file,
                                std::string("cannot be ") + action + ": " + std::strerror(errno));
            }
        };
        std::error_code error;
        if (!std::filesystem::is_regular_file(file, error)) throw FileError(file, "is not a file");
        const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
        require(descriptor >= 0, "opened");
        struct stat status {};
        if (::fstat(descriptor, &status) == 0) size_ = static_cast<std::size_t>(status.st_size);
        // Nothing can be mapped of an empty file.
        if (size_ > 0) start_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
        ::close(descriptor);
        require(start_ != MAP_FAILED, "mapped into memory");
        // Weights are read once, each from its first byte to its last: read ahead.
        if (size_ > 0) ::madvise(start_, size_, MADV_SEQUENTIAL);
    }
    ~MappedFile() {
        if (size_ > 0) ::munmap(start_, size_);
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const {
        return {static_cast<const std::byte*>(start_), size_};
    }

 private:
    void* start_ = nullptr;
    std::size_t size_ = 0;
};

std::vector<std::string> Checkpoint::add(const std::filesystem::path& file) {
    files_.push_back(std::make_shared<const MappedFile>(file));
    std::map<std::string, std::string, std::less<>> other_types;
    TensorTable tensors = parse_safetensors(files_.back()->bytes(), file, &other_types);
    std::vector<std::string> names;
    for (auto& [name, tensor] : tensors) {
        tensor.is_mapped = true;
        names.push_back(name);
    }
    for (const auto& [name, type] : other_types) names.push_back(name);
    tensors_.merge(tensors);
    other_types_.merge(other_types);
    return names;
}

Checkpoint Checkpoint::open(const std::filesystem::path& folder) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
        throw FileError(folder, "there is no such folder");
    }
    const std::filesystem::path single = folder / "model.safetensors";
    const std::filesystem::path index = folder / "model.safetensors.index.json";
    Checkpoint checkpoint;
    if (std::filesystem::exists(single, error)) {
        checkpoint.source_ = single;
        checkpoint.add(single);
        return checkpoint;
    }
    if (!std::filesystem::exists(index, error)) {
        throw FileError(folder,
                        "holds neither model.safetensors nor model.safetensors.index.json; " +
                            what_else_it_holds(folder));
    }

    checkpoint.source_ = index;
    const std::map<std::string, std::string> announced = read_index(index);
    std::set<std::string> files;
    for (const auto& [tensor, file] : announced) files.insert(file);
    std::map<std::string, std::string> found;  // the file that holds a tensor
    for (const std::string& file : files) {
        if (!std::filesystem::exists(folder / file, error)) {
            throw FileError(index, "lists " + in_quotes(file) + ", but there is no such file");
        }
        for (const std::string& tensor : checkpoint.add(folder / file)) {
            const auto [place, added] = found.emplace(tensor, file);
            if (!added) {
                throw FileError(index, "tensor " + in_quotes(tensor) + " is in " +
                                           in_quotes(place->second) + " and in " + in_quotes(file));
            }
        }
    }
    for (const auto& [tensor, file] : announced) {
        const auto place = found.find(tensor);
        if (place == found.end()) {
            throw FileError(index, "places tensor " + in_quotes(tensor) + " in " + in_quotes(file) +
                                       ", but no file holds it");
        }
        if (place->second != file) {
            throw FileError(index, "places tensor " + in_quotes(tensor) + " in " + in_quotes(file) +
                                       ", but it is in " + in_quotes(place->second));
        }
    }
    return checkpoint;
}

bool Checkpoint::contains(std::string_view name) const {
    return tensors_.find(name) != tensors_.end() || other_types_.find(name) != other_types_.end();
}

std::vector<std::int64_t> Checkpoint::shape_of(std::string_view name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? std::vector<std::int64_t>{} : found->second.shape;
}

std::vector<std::string> Checkpoint::names() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_) names.push_back(name);
    return names;
}

const StoredTensor& Checkpoint::at(std::string_view name,
                                   const std::vector<std::int64_t>& shape) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
        const auto other = other_types_.find(name);
        if (other == other_types_.end()) {
            throw FileError(source_, "has no tensor " + in_quotes(name));
        }
        throw FileError(source_, "tensor " + in_quotes(name) + " is stored as " + other->second +
                                     "; weights must be F64, F32, F16 or BF16");
    }
    if (found->second.shape != shape) {
        throw FileError(found->second.file, "tensor " + in_quotes(name) + " has shape " +
                                                shape_text(found->second.shape) +
                                                ", but the model needs " + shape_text(shape));
    }
    return found->second;
}

void Checkpoint::add_name(const std::string& name, std::string_view stored) {
    tensors_.insert_or_assign(name, tensors_.find(stored)->second);
}

std::uint64_t Checkpoint::bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [name, tensor] : tensors_) sum += tensor.bytes.size();
    return sum;
}

}  // namespace t2t::model
