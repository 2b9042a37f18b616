// The fast product for sm_80 and later: 128 x 256 tiles of mma.sync m16n8k32, a four-deep ring of
// asynchronous copies, requantisation (and the gate) in registers, 16-byte stores.
//
// Shared tiles hold 64 bytes of depth for each row, cut into four 16-byte pieces; piece p of row r
// lies at p ^ (r / 2 % 4), so that the eight rows that ldmatrix reads touch all banks once.
#pragma once
#include "product.cuh"

namespace gonka::cuda {

constexpr int MMA_COLS = 256;
constexpr int MMA_DEPTH = 64;
constexpr int MMA_STAGES = 4;
constexpr int MMA_THREADS = 256;
constexpr int MMA_STAGE_BYTES = (TILE_ROWS + MMA_COLS) * MMA_DEPTH;
constexpr int MMA_SHARED_BYTES = MMA_STAGES * MMA_STAGE_BYTES;
constexpr int WARP_SIDE = 64;  // Each of the 2 x 4 warps computes 64 x 64.

__device__ inline uint8_t* piece_at(uint8_t* tile, int row, int piece) {
  return tile + row * MMA_DEPTH + ((piece ^ (row >> 1 & 3)) << 4);
}

// The weight row that stands at row j of a gated tile: of every 64, 32 of the gate and 32 of up,
// so that a thread holds g and u of the same place.
template <bool GATED>
__device__ inline const int8_t* weight_row(const Product& job, int tile, int j) {
  if (!GATED) return job.b + size_t(tile * MMA_COLS + j) * job.k;
  const int8_t* tensor = j % 64 < 32 ? job.b : job.up;
  return tensor + size_t(tile * (MMA_COLS / 2) + j / 64 * 32 + j % 32) * job.k;
}

template <bool GATED>
__device__ inline void load_stage(const Product& job, uint8_t* stage, int step) {
  const int piece = threadIdx.x % 4;
  const int8_t* a = job.a + size_t(blockIdx.x) * TILE_ROWS * job.k;
  const size_t depth = size_t(step) * MMA_DEPTH + piece * 16;
#pragma unroll
  for (int row = threadIdx.x / 4; row < TILE_ROWS; row += MMA_THREADS / 4) {
    copy16_async(piece_at(stage, row, piece), a + size_t(row) * job.k + depth);
  }
  uint8_t* weights = stage + TILE_ROWS * MMA_DEPTH;
#pragma unroll
  for (int row = threadIdx.x / 4; row < MMA_COLS; row += MMA_THREADS / 4) {
    copy16_async(piece_at(weights, row, piece), weight_row<GATED>(job, blockIdx.y, row) + depth);
  }
}

// Products of one stage: acc[i][j] is the 16 x 8 piece at rows 16 i, columns 8 j of the warp.
__device__ inline void multiply_stage(uint8_t* stage, int32_t (&acc)[4][8][4]) {
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int row0 = warp / 4 * WARP_SIDE, col0 = warp % 4 * WARP_SIDE;
  uint8_t* weights = stage + TILE_ROWS * MMA_DEPTH;
#pragma unroll
  for (int half = 0; half < 2; half++) {  // 32 bytes of depth, two pieces.
    uint32_t a[4][4], b[4][4];
#pragma unroll
    for (int i = 0; i < 4; i++) {  // Matrices: rows 0-7 and 8-15 of piece 0, then of piece 1.
      load_matrices(a[i], piece_at(stage, row0 + 16 * i + lane % 16, half * 2 + lane / 16));
    }
#pragma unroll
    for (int j = 0; j < 4; j++) {  // Columns 0-7 pieces 0 and 1, then columns 8-15.
      const int col = col0 + 16 * j + lane / 16 * 8 + lane % 8;
      load_matrices(b[j], piece_at(weights, col, half * 2 + lane / 8 % 2));
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
      for (int j = 0; j < 8; j++) multiply_16x8x32(acc[i][j], a[i], &b[j / 2][j % 2 * 2]);
    }
  }
}

// Requantised tile in shared memory, row-major, then 16-byte stores.
template <bool GATED>
__device__ inline void store_tile(const Product& job, uint8_t* shared, int32_t (&acc)[4][8][4]) {
  constexpr int COLS = GATED ? MMA_COLS / 2 : MMA_COLS;
  constexpr int STRIDE = COLS + 16;
  constexpr int WARP_COLS = GATED ? WARP_SIDE / 2 : WARP_SIDE;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int row0 = warp / 4 * WARP_SIDE + lane / 4;
  const int col0 = warp % 4 * WARP_COLS + lane % 4 * 2;
#pragma unroll
  for (int i = 0; i < 4; i++) {
#pragma unroll
    for (int j = 0; j < WARP_COLS / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int32_t value = quantise(acc[i][j][e], job.shift);
        if (GATED) {  // Columns 32 .. 63 of the warp are u.
          value = gate_value(value, quantise(acc[i][j + 4][e], job.shift), job.gate_shift);
        }
        const int row = row0 + 16 * i + e / 2 * 8, col = col0 + 8 * j + e % 2;
        shared[row * STRIDE + col] = uint8_t(value);
      }
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

// Grid: (m / TILE_ROWS, weight rows / MMA_COLS): neighbours share weights, which come from far.
template <bool GATED>
__global__ void __launch_bounds__(MMA_THREADS, 1) mma_product(Product job) {
  GONKA_DYNAMIC_SHARED(shared);
  const int steps = job.k / MMA_DEPTH;
  int32_t acc[4][8][4] = {};
#pragma unroll
  for (int step = 0; step < MMA_STAGES - 1; step++) {
    if (step < steps) load_stage<GATED>(job, shared + step * MMA_STAGE_BYTES, step);
    copies_commit();
  }
  for (int step = 0; step < steps; step++) {
    copies_wait<MMA_STAGES - 2>();  // This step's copies have arrived ...
    __syncthreads();                // ... for every thread, and the stage behind is free again.
    const int ahead = step + MMA_STAGES - 1;
    if (ahead < steps) {
      load_stage<GATED>(job, shared + ahead % MMA_STAGES * MMA_STAGE_BYTES, ahead);
    }
    copies_commit();
    multiply_stage(shared + step % MMA_STAGES * MMA_STAGE_BYTES, acc);
  }
  copies_wait<0>();
  __syncthreads();
  store_tile<GATED>(job, shared, acc);
}

}  // namespace gonka::cuda
