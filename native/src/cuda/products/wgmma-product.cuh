// The product for sm_90a: 128 x 256 tiles, two warpgroups of 64 rows each, a four-deep ring of
// asynchronous copies. Rows and columns of a tile, and so the weights' order, are as in
// mma-product.cuh; a stage is twice as deep.
#pragma once
#include "mma-product.cuh"
#include "wgmma.cuh"

namespace gonka::cuda {

constexpr int WGMMA_STAGES = 4;
constexpr int WGMMA_STAGE_BYTES = (TILE_ROWS + MMA_COLS) * WGMMA_ROW_BYTES;
constexpr int WGMMA_ALIGNMENT = 1024;
constexpr int WGMMA_SHARED_BYTES = WGMMA_STAGES * WGMMA_STAGE_BYTES + WGMMA_ALIGNMENT;

template <bool GATED>
__device__ inline void load_wgmma_stage(const Product& job, uint8_t* stage, int step) {
  const int piece = threadIdx.x % 8;
  const int8_t* a = job.a + size_t(blockIdx.x) * TILE_ROWS * job.k;
  const size_t depth = size_t(step) * WGMMA_ROW_BYTES + piece * 16;
#pragma unroll
  for (int row = threadIdx.x / 8; row < TILE_ROWS; row += MMA_THREADS / 8) {
    copy16_async(swizzled_piece(stage, row, piece), a + size_t(row) * job.k + depth);
  }
  uint8_t* weights = stage + TILE_ROWS * WGMMA_ROW_BYTES;
#pragma unroll
  for (int row = threadIdx.x / 8; row < MMA_COLS; row += MMA_THREADS / 8) {
    copy16_async(swizzled_piece(weights, row, piece),
                 weight_row<GATED>(job, blockIdx.y, row) + depth);
  }
}

// acc[i] of a thread is row 16 * (warp of its warpgroup) + lane / 4 + 8 * (i / 2 % 2), column
// 8 * (i / 4) + lane % 4 * 2 + i % 2.
template <bool GATED>
__device__ inline void store_wgmma_tile(const Product& job, uint8_t* shared,
                                        const int32_t (&acc)[128]) {
  constexpr int COLS = GATED ? MMA_COLS / 2 : MMA_COLS;
  constexpr int STRIDE = COLS + 16;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
#pragma unroll
  for (int block = 0; block < 32; block++) {
    if (GATED && block % 8 >= 4) continue;  // These are u, taken together with their g.
    const int col0 = GATED ? block / 8 * 32 + block % 4 * 8 : block * 8;
#pragma unroll
    for (int e = 0; e < 4; e++) {
      int32_t value = quantise(acc[block * 4 + e], job.shift);
      if (GATED) {
        const int32_t u = quantise(acc[(block + (GATED ? 4 : 0)) % 32 * 4 + e], job.shift);
        value = gate_value(value, u, job.gate_shift);
      }
      const int row = 16 * warp + lane / 4 + e / 2 * 8, col = col0 + lane % 4 * 2 + e % 2;
      shared[row * STRIDE + col] = uint8_t(value);
    }
  }
  __syncthreads();
  int8_t* out = job.c + size_t(blockIdx.x) * TILE_ROWS * job.n + size_t(blockIdx.y) * COLS;
  for (int at = threadIdx.x; at < TILE_ROWS * (COLS / 16); at += MMA_THREADS) {
    const int row = at / (COLS / 16), piece = at % (COLS / 16);
    *reinterpret_cast<int4*>(out + size_t(row) * job.n + piece * 16) =
        *reinterpret_cast<const int4*>(shared + row * STRIDE + piece * 16);
  }
}

template <bool GATED>
__global__ void __launch_bounds__(MMA_THREADS, 1) wgmma_product(Product job) {
  GONKA_DYNAMIC_SHARED(raw);
  uint8_t* shared =
      raw + (WGMMA_ALIGNMENT - shared_address(raw) % WGMMA_ALIGNMENT) % WGMMA_ALIGNMENT;
  const int steps = job.k / WGMMA_ROW_BYTES;
  const int warpgroup = threadIdx.x / 128;
  int32_t acc[128];
#pragma unroll
  for (int i = 0; i < 128; i++) acc[i] = 0;
#pragma unroll
  for (int step = 0; step < WGMMA_STAGES - 1; step++) {
    if (step < steps) load_wgmma_stage<GATED>(job, shared + step * WGMMA_STAGE_BYTES, step);
    copies_commit();
  }
  for (int step = 0; step < steps; step++) {
    copies_wait<WGMMA_STAGES - 2>();  // This step's copies have arrived ...
    publish_shared();
    __syncthreads();  // ... for every thread, and the products of the stage behind are done.
    const int ahead = step + WGMMA_STAGES - 1;
    if (ahead < steps) {
      load_wgmma_stage<GATED>(job, shared + ahead % WGMMA_STAGES * WGMMA_STAGE_BYTES, ahead);
    }
    copies_commit();
    const uint8_t* stage = shared + step % WGMMA_STAGES * WGMMA_STAGE_BYTES;
    const uint8_t* a = stage + warpgroup * 64 * WGMMA_ROW_BYTES;
    const uint8_t* b = stage + TILE_ROWS * WGMMA_ROW_BYTES;
    product_begin();
#pragma unroll
    for (int k = 0; k < WGMMA_ROW_BYTES; k += 32) {
      multiply_64x256x32(acc, tile_descriptor(a + k), tile_descriptor(b + k));
    }
    product_commit();
    product_wait<0>();
    sums_settled(acc);
  }
  copies_wait<0>();
  __syncthreads();
  store_wgmma_tile<GATED>(job, shared, acc);
}

}  // namespace gonka::cuda
