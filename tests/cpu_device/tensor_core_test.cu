// Tensor cores through <mma.h> (WMMA): every shape, type and layout against a plain matrix product.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>

#include "tests/cpu_device/conformance.hpp"
#include "tests/cpu_device/product_inputs.hpp"

namespace wmma = nvcuda::wmma;

namespace t2t::conformance {
namespace {

float to_float(float value) {
    return value;
}
float to_float(int value) {
    return float(value);
}
float to_float(__half value) {
    return __half2float(value);
}

/// A matrix with leading dimension `ld`, in either layout; what lies between rows (columns) is 100.
template <typename T, typename Value>
std::vector<T> matrix(int rows, int columns, bool row_major, int ld, Value&& value) {
    std::vector<T> m((row_major ? rows : columns) * ld, from_int<T>(100));
    for (int r = 0; r < rows; ++r) {
        for (int c = 0; c < columns; ++c) {
            m[row_major ? r * ld + c : c * ld + r] = from_int<T>(value(r, c));
        }
    }
    return m;
}

template <int M, int N, int K, typename T, typename Accumulator, typename LayoutA, typename LayoutB>
struct Shape {
    static constexpr int m = M, n = N, k = K;
    using Element = T;
    using Sum = Accumulator;
    using A = LayoutA;
    using B = LayoutB;
};

constexpr int gap = 16;  // leading dimensions are larger than the tiles by this many elements

// bfloat16 came with compute capability 8.0; code for an older GPU leaves it out.
template <typename T>
constexpr bool in_this_code() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
    return !std::is_same_v<T, __nv_bfloat16>;
#else
    return true;
#endif
}

/// d = a · b + c, for one tile.
template <typename S, typename T = typename S::Element, typename Sum = typename S::Sum>
__global__ void wmma_kernel(const T* a, int lda, const T* b, int ldb, const Sum* c, Sum* d, int ldc,
                            wmma::layout_t layout) {
    if constexpr (in_this_code<T>()) {
        wmma::fragment<wmma::matrix_a, S::m, S::n, S::k, T, typename S::A> fa;
        wmma::fragment<wmma::matrix_b, S::m, S::n, S::k, T, typename S::B> fb;
        wmma::fragment<wmma::accumulator, S::m, S::n, S::k, Sum> sum;
        wmma::load_matrix_sync(fa, a, lda);
        wmma::load_matrix_sync(fb, b, ldb);
        wmma::load_matrix_sync(sum, c, ldc, layout);
        wmma::mma_sync(sum, fa, fb, sum);
        wmma::store_matrix_sync(d, sum, ldc, layout);
    }
}

template <typename S>
class Wmma : public testing::Test {};
using wmma::col_major;
using wmma::row_major;
using Shapes = testing::Types<Shape<16, 16, 16, __half, float, row_major, row_major>,
                              Shape<16, 16, 16, __half, float, row_major, col_major>,
                              Shape<16, 16, 16, __half, float, col_major, row_major>,
                              Shape<16, 16, 16, __half, float, col_major, col_major>,
                              Shape<16, 16, 16, __half, __half, row_major, col_major>,
                              Shape<32, 8, 16, __half, float, row_major, col_major>,
                              Shape<8, 32, 16, __half, float, col_major, row_major>,
                              Shape<16, 16, 16, __nv_bfloat16, float, row_major, col_major>,
                              Shape<32, 8, 16, __nv_bfloat16, float, col_major, col_major>,
                              Shape<8, 32, 16, __nv_bfloat16, float, row_major, row_major>,
                              Shape<16, 16, 16, signed char, int, row_major, col_major>,
                              Shape<16, 16, 16, unsigned char, int, row_major, row_major>>;
TYPED_TEST_SUITE(Wmma, Shapes);

TYPED_TEST(Wmma, MultipliesAndAddsExactly) {
    using S = TypeParam;
    using T = typename S::Element;
    using Sum = typename S::Sum;
    if (std::is_same_v<T, __nv_bfloat16>) {
        T2T_NEEDS_CAPABILITY(80);
    }
    constexpr bool a_rows = std::is_same_v<typename S::A, row_major>;
    constexpr bool b_rows = std::is_same_v<typename S::B, row_major>;
    // Unsigned bytes hold no negative numbers.
    int lift = std::is_same_v<T, unsigned char> ? 4 : 0;
    int lda = (a_rows ? S::k : S::m) + gap;
    int ldb = (b_rows ? S::n : S::k) + gap;
    DeviceBuffer<T> a(
        matrix<T>(S::m, S::k, a_rows, lda, [=](int r, int k) { return a_value(r, k) + lift; }));
    DeviceBuffer<T> b(
        matrix<T>(S::k, S::n, b_rows, ldb, [=](int k, int n) { return b_value(k, n) + lift; }));
    for (bool c_rows : {true, false}) {
        int ldc = (c_rows ? S::n : S::m) + gap;
        auto start = matrix<Sum>(S::m, S::n, c_rows, ldc, c_value);
        DeviceBuffer<Sum> c(start);
        DeviceBuffer<Sum> d(start.size());
        wmma_kernel<S><<<1, 32>>>(a.data(), lda, b.data(), ldb, c.data(), d.data(), ldc,
                                  c_rows ? wmma::mem_row_major : wmma::mem_col_major);
        T2T_CHECK(cudaDeviceSynchronize());
        auto result = d.download();
        for (int row = 0; row < S::m; ++row) {
            for (int column = 0; column < S::n; ++column) {
                int expected = c_value(row, column);
                for (int k = 0; k < S::k; ++k) {
                    expected += (a_value(row, k) + lift) * (b_value(k, column) + lift);
                }
                Sum actual = result[c_rows ? row * ldc + column : column * ldc + row];
                EXPECT_EQ(to_float(actual), float(expected)) << "[" << row << ", " << column << "]";
            }
        }
    }
}

// Four warps, each with a tile of its own: d = 2 · (a · b + 1), through shared memory.
__global__ void four_warps_kernel(const __half* a /* [4, 16, 16] */, const __half* b /* [16, 16] */,
                                  float* d /* [4, 16, 16] */) {
    __shared__ __align__(32) float tiles[4][256];
    int warp = threadIdx.x / 32;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, row_major> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
    wmma::fill_fragment(sum, 1.0f);
    wmma::load_matrix_sync(fa, a + 256 * warp, 16);
    wmma::load_matrix_sync(fb, b, 16);
    wmma::mma_sync(sum, fa, fb, sum);
    for (int i = 0; i < sum.num_elements; ++i) sum.x[i] *= 2;
    wmma::store_matrix_sync(tiles[warp], sum, 16, wmma::mem_row_major);
    __syncthreads();
    for (int i = threadIdx.x; i < 1024; i += blockDim.x) d[i] = tiles[i / 256][i % 256];
}

TEST(WmmaWarps, HaveTheirOwnFragmentsWhoseElementsMayBeScaled) {
    DeviceBuffer<__half> a(
        tabulate<__half>(1024, [](int i) { return __float2half(float(a_value(i / 16, i % 16))); }));
    DeviceBuffer<__half> b(
        tabulate<__half>(256, [](int i) { return __float2half(float(b_value(i / 16, i % 16))); }));
    auto values = collect<float>(
        1024, [&](float* out) { four_warps_kernel<<<1, 128>>>(a.data(), b.data(), out); });
    EXPECT_EQ(values, tabulate<float>(1024, [](int i) {
                  int sum = 1;
                  for (int k = 0; k < 16; ++k) sum += a_value(i / 16, k) * b_value(k, i % 16);
                  return 2 * sum;
              }));
}

}  // namespace
}  // namespace t2t::conformance
