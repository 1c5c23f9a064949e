/// @file
/// Matrices in device memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <cuda_bf16.h>

#include "common/device/buffer.hpp"
#include "model/files/dtype.hpp"

namespace t2t::model {

/// The DType of a C++ type.
template <typename T>
inline constexpr DType dtype_of = [] {
    static_assert(sizeof(T) == 0, "no DType for this type");
    return DType::fp32;
}();
/// fp32.
template <>
inline constexpr DType dtype_of<float> = DType::fp32;
/// bf16.
template <>
inline constexpr DType dtype_of<__nv_bfloat16> = DType::bf16;

/// A view of a row-major matrix in device memory. Owns nothing; copying it copies the view.
struct Tensor {
    std::byte* data = nullptr;  ///< the first number, in device memory; null for no matrix
    DType type = DType::fp32;   ///< how the numbers are stored
    std::int64_t rows = 0;      ///< how many
    std::int64_t columns = 0;   ///< how many; a row begins right after the one before

    /// Numbers in the matrix.
    std::int64_t elements() const { return rows * columns; }
    /// elements() in bytes.
    std::size_t bytes() const { return static_cast<std::size_t>(elements()) * size_of(type); }
    /// Is there no matrix?
    bool empty() const { return data == nullptr; }

    /// Rows `first` to `first + count`.
    Tensor slice(std::int64_t first, std::int64_t count) const {
        return {data + static_cast<std::size_t>(first * columns) * size_of(type), type, count,
                columns};
    }

    /// The first number.
    /// @throws std::logic_error when the matrix does not hold T
    template <typename T>
    T* as() const {
        if (data != nullptr && type != dtype_of<std::remove_const_t<T>>) {
            throw std::logic_error("a tensor of " + std::string(name_of(type)) + " was read as " +
                                   std::string(name_of(dtype_of<std::remove_const_t<T>>)));
        }
        return reinterpret_cast<T*>(data);
    }
};

/// A matrix together with its device memory.
class OwnedTensor {
 public:
    OwnedTensor() = default;
    /// Uninitialised.
    /// @throws CudaError cudaErrorMemoryAllocation when the device has too little memory left
    OwnedTensor(DType type, std::int64_t rows, std::int64_t columns)
        : memory_(static_cast<std::size_t>(rows * columns) * size_of(type)),
          view_{memory_.data(), type, rows, columns} {}

    /// The matrix itself: an owner stands for it.
    operator Tensor() const { return view_; }  // NOLINT(google-explicit-constructor)
    /// A member of the matrix.
    const Tensor* operator->() const { return &view_; }

 private:
    DeviceBuffer<std::byte> memory_;
    Tensor view_;
};

}  // namespace t2t::model
