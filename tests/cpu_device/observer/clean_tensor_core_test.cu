// Sound kernels with products of whole warps and asynchronous copies.
#include <cuda_bf16.h>
#include <mma.h>

#include "common/device/ptx.cuh"
#include "tests/cpu_device/observer/clean.hpp"

namespace wmma = nvcuda::wmma;

namespace t2t::observer {
namespace {

__global__ void wmma_kernel(const __nv_bfloat16* a, const __nv_bfloat16* b, float* d) {
    __shared__ __align__(32) float tile[256];
    wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::col_major> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
    wmma::fill_fragment(sum, 0.0f);
    wmma::load_matrix_sync(fa, a, 16);
    wmma::load_matrix_sync(fb, b, 16);
    wmma::mma_sync(sum, fa, fb, sum);
    wmma::store_matrix_sync(tile, sum, 16, wmma::mem_row_major);
    __syncwarp();
    for (int i = threadIdx.x; i < 256; i += 32) d[i] = tile[i];
}

TEST(CleanTensorCore, Wmma) {
    expect_clean([] {
        auto a = filled(256, __float2bfloat16(1.0f));
        auto b = filled(256, __float2bfloat16(2.0f));
        DeviceBuffer<float> d(256);
        wmma_kernel<<<1, 32>>>(a.data(), b.data(), d.data());
        EXPECT_EQ(d.download(), std::vector<float>(256, 32.0f));
    });
}

__global__ void mma_kernel(const __nv_bfloat16* a /* [16, 16] */,
                           const __nv_bfloat16* b /* [8, 16], B transposed */, float* d) {
    __shared__ __align__(16) __nv_bfloat16 tile_a[16][24];
    __shared__ __align__(16) __nv_bfloat16 tile_b[8][24];
    const int lane = threadIdx.x;
    for (int i = lane; i < 256; i += 32) tile_a[i / 16][i % 16] = a[i];
    for (int i = lane; i < 128; i += 32) tile_b[i / 16][i % 16] = b[i];
    __syncwarp();
    std::uint32_t fa[4];
    std::uint32_t fb[2];
    ptx::ldmatrix_x4(fa, &tile_a[lane % 16][lane / 16 * 8]);
    ptx::ldmatrix_x2(fb, &tile_b[lane % 8][lane / 8 % 2 * 8]);
    const float zero[4] = {};
    float sum[4];
    ptx::mma_m16n8k16_bf16(sum, fa, fb, zero);
    for (int i = 0; i < 4; ++i) {
        d[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = sum[i];
    }
}

TEST(CleanTensorCore, MmaAndLdmatrix) {
    expect_clean([] {
        auto a = filled(256, __float2bfloat16(1.0f));
        auto b = filled(128, __float2bfloat16(2.0f));
        DeviceBuffer<float> d(128);
        mma_kernel<<<1, 32>>>(a.data(), b.data(), d.data());
        EXPECT_EQ(d.download(), std::vector<float>(128, 32.0f));
    });
}

__global__ void pipeline_kernel(const int* in /* [tiles, 64] */, int tiles, int* out) {
    __shared__ int buffers[2][64];
    const auto begin = [&](int tile) {
        if (tile < tiles) {
            ptx::cp_async<4>(&buffers[tile % 2][threadIdx.x], in + 64 * tile + threadIdx.x);
        }
        ptx::cp_async_commit();
    };
    int sum = 0;
    begin(0);
    for (int tile = 0; tile < tiles; ++tile) {
        begin(tile + 1);
        ptx::cp_async_wait<1>();
        __syncthreads();  // the tile is there for all
        sum += buffers[tile % 2][63 - threadIdx.x];
        __syncthreads();  // and may be overwritten
    }
    out[threadIdx.x] = sum;
}

TEST(CleanTensorCore, TwoBuffersFilledByAsynchronousCopies) {
    expect_clean([] {
        auto in = filled<int>(5 * 64, 1);
        DeviceBuffer<int> out(64);
        pipeline_kernel<<<1, 64>>>(in.data(), 5, out.data());
        EXPECT_EQ(out.download(), std::vector<int>(64, 5));
    });
}

// Rows beyond the end are filled with zeros: of 0 valid bytes none is read.
__global__ void zero_fill_kernel(const float4* in, int n, float4* out) {
    __shared__ float4 row[64];
    const int i = threadIdx.x;
    ptx::cp_async<16>(&row[i], in + i, i < n ? 16 : 0);
    ptx::cp_async_commit();
    ptx::cp_async_wait<0>();
    __syncthreads();
    out[i] = row[63 - i];
}

TEST(CleanTensorCore, AnAsynchronousCopyFilledUpWithZeros) {
    expect_clean([] {
        auto in = filled<float4>(50);
        DeviceBuffer<float4> out(64);
        zero_fill_kernel<<<1, 64>>>(in.data(), 50, out.data());
    });
}

}  // namespace
}  // namespace t2t::observer
