// The product for parts whose 8-bit integer units are slow: bfloat16 tensor cores, summed in single
// precision over 1024 terms at a time and then in 32-bit integers. An 8-bit value is exact in
// bfloat16, and a sum of 1024 products of them stays below 2^24, where single precision is exact.
//
// The stages and their layout are those of mma-product.cuh. Depth is permuted within 32 bytes, for
// both factors alike: the four bytes that a thread receives become two pairs.
#pragma once
#include "mma-product.cuh"

namespace gonka::cuda {

constexpr int BF16_CHUNK = 1024;
constexpr int BF16_COLS = 128;
constexpr int BF16_STAGE_BYTES = (TILE_ROWS + BF16_COLS) * MMA_DEPTH;
constexpr int BF16_SHARED_BYTES = MMA_STAGES * BF16_STAGE_BYTES;

// Four signed bytes as four bfloat16: 2^23 + (x + 128) is exact in single precision, and so is what
// remains after subtracting 2^23 + 128; its upper half is the bfloat16.
__device__ inline void widen(uint32_t bytes, uint32_t& low, uint32_t& high) {
  const uint32_t raised = bytes ^ 0x80808080u;
  uint32_t bits[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const uint32_t sum = permute_bytes(raised, 0x4b000000u, 0x7540u + uint32_t(i));
    bits[i] = float_as_bits(bits_as_float(sum) - 8388736.0f);
  }
  low = permute_bytes(bits[0], bits[1], 0x7632);
  high = permute_bytes(bits[2], bits[3], 0x7632);
}

// Rows of weights as in mma-product.cuh, for tiles of 128: of every 32, 16 of the gate, 16 of up.
template <bool GATED>
__device__ inline const int8_t* bf16_weight_row(const Product& job, int tile, int j) {
  if (!GATED) return job.b + size_t(tile * BF16_COLS + j) * job.k;
  const int8_t* tensor = j % 32 < 16 ? job.b : job.up;
  return tensor + size_t(tile * (BF16_COLS / 2) + j / 32 * 16 + j % 16) * job.k;
}

template <bool GATED>
__device__ inline void load_bf16_stage(const Product& job, uint8_t* stage, int step) {
  const int piece = threadIdx.x % 4;
  const int8_t* a = job.a + size_t(blockIdx.x) * TILE_ROWS * job.k;
  const size_t depth = size_t(step) * MMA_DEPTH + piece * 16;
  for (int row = threadIdx.x / 4; row < TILE_ROWS; row += MMA_THREADS / 4) {
    copy16_async(piece_at(stage, row, piece), a + size_t(row) * job.k + depth);
    copy16_async(piece_at(stage + TILE_ROWS * MMA_DEPTH, row, piece),
                 bf16_weight_row<GATED>(job, blockIdx.y, row) + depth);
  }
}

// Each of the 2 x 4 warps computes 64 x 32: acc[i][j] at rows 16 i, columns 8 j.
__device__ inline void multiply_bf16_stage(uint8_t* stage, float (&acc)[4][4][4]) {
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int row0 = warp / 4 * 64, col0 = warp % 4 * 32;
  uint8_t* weights = stage + TILE_ROWS * MMA_DEPTH;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    uint32_t b[2][4], wide_b[4][4];
#pragma unroll
    for (int j = 0; j < 2; j++) {  // Columns 0-7 pieces 0 and 1, then columns 8-15.
      const int col = col0 + 16 * j + lane / 16 * 8 + lane % 8;
      load_matrices(b[j], piece_at(weights, col, half * 2 + lane / 8 % 2));
#pragma unroll
      for (int i = 0; i < 4; i++) {  // Of column group 2 j + i / 2: the two pairs of piece i % 2.
        widen(b[j][i], wide_b[2 * j + i / 2][i % 2 * 2], wide_b[2 * j + i / 2][i % 2 * 2 + 1]);
      }
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {  // Rows 0-7 and 8-15 of piece 0, then of piece 1.
      uint32_t a[4], low[4], high[4];
      load_matrices(a, piece_at(stage, row0 + 16 * i + lane % 16, half * 2 + lane / 16));
#pragma unroll
      for (int r = 0; r < 4; r++) widen(a[r], low[r], high[r]);
      const uint32_t first[4] = {low[0], low[1], high[0], high[1]};
      const uint32_t second[4] = {low[2], low[3], high[2], high[3]};
#pragma unroll
      for (int j = 0; j < 4; j++) {
        multiply_16x8x16(acc[i][j], first, wide_b[j]);
        multiply_16x8x16(acc[i][j], second, wide_b[j] + 2);
      }
    }
  }
}

template <bool GATED>
__device__ inline void store_bf16_tile(const Product& job, uint8_t* shared,
                                       const int32_t (&sum)[4][4][4]) {
  constexpr int COLS = GATED ? BF16_COLS / 2 : BF16_COLS;
  constexpr int STRIDE = COLS + 16, WARP_COLS = COLS / 4;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int row0 = warp / 4 * 64 + lane / 4, col0 = warp % 4 * WARP_COLS + lane % 4 * 2;
#pragma unroll
  for (int i = 0; i < 4; i++) {
#pragma unroll
    for (int j = 0; j < WARP_COLS / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int32_t value = quantise(sum[i][j][e], job.shift);
        if (GATED) {  // Columns 16 .. 31 of the warp are u.
          value = gate_value(value, quantise(sum[i][(j + 2) % 4][e], job.shift), job.gate_shift);
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

// Grid: (m / TILE_ROWS, weight rows / BF16_COLS).
template <bool GATED>
__global__ void __launch_bounds__(MMA_THREADS, 1) bf16_product(Product job) {
  GONKA_DYNAMIC_SHARED(shared);
  const int steps = job.k / MMA_DEPTH;
  float acc[4][4][4] = {};
  int32_t sum[4][4][4] = {};
  for (int step = 0; step < MMA_STAGES - 1; step++) {
    if (step < steps) load_bf16_stage<GATED>(job, shared + step * BF16_STAGE_BYTES, step);
    copies_commit();
  }
  for (int step = 0; step < steps; step++) {
    copies_wait<MMA_STAGES - 2>();
    __syncthreads();
    const int ahead = step + MMA_STAGES - 1;
    if (ahead < steps) {
      load_bf16_stage<GATED>(job, shared + ahead % MMA_STAGES * BF16_STAGE_BYTES, ahead);
    }
    copies_commit();
    multiply_bf16_stage(shared + step % MMA_STAGES * BF16_STAGE_BYTES, acc);
    if ((step + 1) % (BF16_CHUNK / MMA_DEPTH) != 0 && step + 1 < steps) continue;
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
          sum[i][j][e] += int32_t(acc[i][j][e]);
          acc[i][j][e] = 0;
        }
      }
    }
  }
  copies_wait<0>();
  __syncthreads();
  store_bf16_tile<GATED>(job, shared, sum);
}

}  // namespace gonka::cuda
