// The simple product: 64 x 64 tiles, dp4a, one barrier for each step. It is the oracle of the fast
// kernels and serves processors older than sm_80.
#pragma once
#include "product.cuh"

namespace gonka::cuda {

constexpr int PLAIN_TILE = 64;
constexpr int PLAIN_DEPTH = 64;
constexpr int PLAIN_STRIDE = PLAIN_DEPTH + 4;
constexpr int PLAIN_THREADS = 256;

__device__ inline void plain_load(int8_t* tile, const int8_t* from, int k) {
  for (int i = threadIdx.x; i < PLAIN_TILE * PLAIN_DEPTH / 4; i += PLAIN_THREADS) {
    const int row = i / (PLAIN_DEPTH / 4), word = i % (PLAIN_DEPTH / 4);
    *reinterpret_cast<int32_t*>(tile + row * PLAIN_STRIDE + word * 4) =
        *reinterpret_cast<const int32_t*>(from + size_t(row) * k + word * 4);
  }
}

// Grid: (m / PLAIN_TILE, n / PLAIN_TILE). Each thread computes 4 x 4 values, 16 apart.
__global__ void plain_product(Product job) {
  __shared__ __align__(16) int8_t a[PLAIN_TILE * PLAIN_STRIDE], b[PLAIN_TILE * PLAIN_STRIDE];
  const int row0 = blockIdx.x * PLAIN_TILE, col0 = blockIdx.y * PLAIN_TILE;
  const int tr = threadIdx.x / 16, tc = threadIdx.x % 16;
  int32_t sum[4][4] = {};
  for (int k = 0; k < job.k; k += PLAIN_DEPTH) {
    plain_load(a, job.a + size_t(row0) * job.k + k, job.k);
    plain_load(b, job.b + size_t(col0) * job.k + k, job.k);
    __syncthreads();
    for (int i = 0; i < PLAIN_DEPTH; i += 4) {
      int32_t x[4], w[4];
#pragma unroll
      for (int j = 0; j < 4; j++) {
        x[j] = *reinterpret_cast<const int32_t*>(a + (tr + 16 * j) * PLAIN_STRIDE + i);
        w[j] = *reinterpret_cast<const int32_t*>(b + (tc + 16 * j) * PLAIN_STRIDE + i);
      }
#pragma unroll
      for (int r = 0; r < 4; r++) {
#pragma unroll
        for (int c = 0; c < 4; c++) sum[r][c] = dot4(x[r], w[c], sum[r][c]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < 4; r++) {
#pragma unroll
    for (int c = 0; c < 4; c++) {
      const size_t at = size_t(row0 + tr + 16 * r) * job.n + col0 + tc + 16 * c;
      job.c[at] = int8_t(quantise(sum[r][c], job.shift));
    }
  }
}

}  // namespace gonka::cuda
