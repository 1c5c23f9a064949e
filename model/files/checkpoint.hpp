/// @file
/// A model's weights on disk: one or several safetensors files, mapped into memory.
///
/// A safetensors file is 8 bytes (the header's length, little-endian), a header in JSON that gives
/// each tensor's type, shape and place, and then the numbers. Nothing is read before it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/files/dtype.hpp"

namespace t2t::model {

/// One tensor of a checkpoint, where it lies in its file.
struct StoredTensor {
    DType type;                        ///< how its numbers are stored
    std::vector<std::int64_t> shape;   ///< row-major
    std::span<const std::byte> bytes;  ///< in the mapped file; not necessarily aligned
    std::string file;                  ///< for messages
    bool is_mapped = false;            ///< whether the bytes lie in a mapped file

    std::int64_t elements() const;  ///< the product of the shape

    /// `count` neighbours along the first dimension, from number `first` on, as a tensor of their own.
    /// @param shape theirs
    StoredTensor part(std::int64_t first, std::int64_t count,
                      std::vector<std::int64_t> shape) const;

    /// Gives back the memory into which a mapped file's bytes were read. They may be used again, and are then
    /// read again.
    void release() const;
};

/// Tensors by name, of one safetensors file.
using TensorTable = std::map<std::string, StoredTensor, std::less<>>;

/// Reads the header of a safetensors file that lies in memory.
/// @param bytes the whole file
/// @param file  its name, for messages
/// @returns its tensors; their bytes are parts of `bytes`. Tensors of types that no model here uses
///          (integers, complex numbers, fp8 …) are an error only when asked for, so they are kept out of the
///          table and remembered in `other_types`
/// @throws FileError too short, a header length beyond the file or above 100 MB, a header that is not
///                   JSON or not an object, a tensor listed twice, a field missing or of a wrong type,
///                   an unknown type, a shape that is negative or overflows, offsets out of range, in
///                   the wrong order, overlapping, leaving a gap, or not matching type and shape
TensorTable parse_safetensors(
    std::span<const std::byte> bytes, const std::filesystem::path& file,
    std::map<std::string, std::string, std::less<>>* other_types = nullptr);

/// The weights of one model.
class Checkpoint {
 public:
    /// Opens `folder`/model.safetensors, or every file that `folder`/model.safetensors.index.json
    /// lists.
    /// @throws FileError as parse_safetensors(); and neither file there, a file of the index missing,
    ///                   a tensor in two files, a tensor that the index places elsewhere or that no
    ///                   file holds
    static Checkpoint open(const std::filesystem::path& folder);

    /// Is there a tensor of this name?
    bool contains(std::string_view name) const;

    /// The tensor called `name`.
    /// @param shape what its shape must be
    /// @throws FileError there is none, its type is none of DType, or its shape is another
    const StoredTensor& at(std::string_view name, const std::vector<std::int64_t>& shape) const;

    /// The shape of the tensor called `name`; of one that is not there, or of no type of DType, nothing.
    std::vector<std::int64_t> shape_of(std::string_view name) const;

    /// The names of all tensors, sorted.
    std::vector<std::string> names() const;

    /// From now on `name` means the tensor that is called `stored`, which must be there.
    void add_name(const std::string& name, std::string_view stored);

    /// Bytes of all tensors of types that models use.
    std::uint64_t bytes() const;

 private:
    class MappedFile;

    /// Maps one more file and takes its tensors in.
    /// @returns the names of all that it holds
    std::vector<std::string> add(const std::filesystem::path& file);

    std::filesystem::path source_;  // the file or index that was opened, for messages
    std::vector<std::shared_ptr<const MappedFile>> files_;
    TensorTable tensors_;
    std::map<std::string, std::string, std::less<>> other_types_;  // name → safetensors type
};

}  // namespace t2t::model
