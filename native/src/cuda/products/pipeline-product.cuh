// The fastest product for sm_90a: as many blocks as the device has multiprocessors, each taking one
// 128 x 256 tile after the other. One thread keeps a four-deep ring of bulk tensor copies full; two
// warpgroups of 64 rows each multiply what has arrived, so that the copies for the next tile run
// while a tile is requantised and stored.
//
// Of a gated tile, columns 0 .. 127 are the gate and 128 .. 255 up: a thread holds both of a place.
#pragma once
#include "product.cuh"
#include "tma.cuh"
#include "wgmma.cuh"

namespace gonka::cuda {

constexpr int PIPE_STAGES = 4;
constexpr int PIPE_COLS = 256;
constexpr int PIPE_THREADS = 384;  // The copying warpgroup and two that multiply.
constexpr int PIPE_STAGE_BYTES = 3 * BOX_BYTES;
constexpr int PIPE_OUT_BYTES = 64 * PIPE_COLS;  // Of each multiplying warpgroup.
constexpr int PIPE_ALIGNMENT = 1024;
constexpr int PIPE_SHARED_BYTES = PIPE_ALIGNMENT + PIPE_STAGES * PIPE_STAGE_BYTES +
                                  2 * PIPE_OUT_BYTES + 2 * PIPE_STAGES * 8;
static_assert(PIPE_SHARED_BYTES <= 227 * 1024);

struct PipeShared {
  uint8_t* stages;
  uint8_t* out;
  uint64_t* full;   // A stage's three boxes have arrived.
  uint64_t* empty;  // Both warpgroups are done with it.
};

__device__ inline PipeShared pipe_shared(uint8_t* raw) {
  uint8_t* stages = raw + (PIPE_ALIGNMENT - shared_address(raw) % PIPE_ALIGNMENT) % PIPE_ALIGNMENT;
  uint8_t* out = stages + PIPE_STAGES * PIPE_STAGE_BYTES;
  auto* full = reinterpret_cast<uint64_t*>(out + 2 * PIPE_OUT_BYTES);
  return {stages, out, full, full + PIPE_STAGES};
}

struct TilePlace {
  int row, col;  // In tiles.
};

// Blocks that run at the same time read few different rows and columns: bands of 16 row tiles.
__device__ inline TilePlace tile_place(int tile, int row_tiles, int col_tiles) {
  constexpr int BAND = 16;
  const int band = tile / (BAND * col_tiles), within = tile % (BAND * col_tiles);
  const int left = row_tiles - band * BAND, height = left < BAND ? left : BAND;
  return {band * BAND + within % height, within / height};
}

// Counts stages round the ring: which one, and the parity of its present phase.
struct RingPlace {
  int stage = 0;
  uint32_t parity = 0;
  __device__ void advance() {
    if (++stage < PIPE_STAGES) return;
    stage = 0;
    parity ^= 1;
  }
};

// What the one copying thread does. b_row is in rows of the map of `b` and, in a gated tile, `up`.
template <bool GATED>
__device__ inline void copy_tiles(const Product& job, const PipeShared& shared, const TileMap* a,
                                  const TileMap* b, const TileMap* up) {
  const int row_tiles = job.m / TILE_ROWS, cols = GATED ? 2 * job.n : job.n;
  const int col_tiles = cols / PIPE_COLS, steps = job.k / 128;
  RingPlace at;
  for (int tile = blockIdx.x; tile < row_tiles * col_tiles; tile += gridDim.x) {
    const TilePlace place = tile_place(tile, row_tiles, col_tiles);
    const int b_row = place.col * (GATED ? PIPE_COLS / 2 : PIPE_COLS);
    for (int step = 0; step < steps; step++, at.advance()) {
      barrier_wait(shared.empty + at.stage, at.parity ^ 1);  // At once, the first time round.
      uint64_t* full = shared.full + at.stage;
      uint8_t* stage = shared.stages + at.stage * PIPE_STAGE_BYTES;
      barrier_expect(full, PIPE_STAGE_BYTES);
      load_box(stage, a, step * 128, place.row * TILE_ROWS, full);
      load_box(stage + BOX_BYTES, b, step * 128, b_row, full);
      load_box(stage + 2 * BOX_BYTES, GATED ? up : b, step * 128, b_row + (GATED ? 0 : BOX_ROWS),
               full);
    }
  }
}

// One tile's sums. A stage is given back when the products that read it are over: one step later,
// so that the next step's products are queued before these end.
__device__ inline void multiply_tile(const PipeShared& shared, int steps, int group, RingPlace& at,
                                     int32_t (&acc)[128]) {
  const bool tells = threadIdx.x % 128 == 0;
  int behind = -1;
  for (int step = 0; step < steps; step++, at.advance()) {
    barrier_wait(shared.full + at.stage, at.parity);
    const uint8_t* stage = shared.stages + at.stage * PIPE_STAGE_BYTES;
    const uint64_t a = tile_descriptor(stage + group * 64 * 128);
    const uint64_t b = tile_descriptor(stage + BOX_BYTES);
    product_begin();
#pragma unroll
    for (int k = 0; k < 128; k += 32) multiply_64x256x32(acc, a + (k >> 4), b + (k >> 4));
    product_commit();
    product_wait<1>();
    if (behind >= 0 && tells) barrier_arrive(shared.empty + behind);
    behind = at.stage;
  }
  product_wait<0>();
  sums_settled(acc);
  if (tells) barrier_arrive(shared.empty + behind);
}

// acc[i] of a thread is row 16 * (its warp) + lane / 4 + 8 * (i / 2 % 2), column 8 * (i / 4) +
// lane % 4 * 2 + i % 2. 16-byte pieces of the shared tile change places with the row, so that the
// eight rows of a store touch different banks.
template <bool GATED>
__device__ inline void store_group(const Product& job, const TilePlace& place, uint8_t* tile,
                                   int group, const int32_t (&acc)[128]) {
  constexpr int COLS = GATED ? PIPE_COLS / 2 : PIPE_COLS;
  const int thread = threadIdx.x % 128, warp = thread / 32, lane = threadIdx.x % 32;
  group_barrier(1 + group);  // Everybody has read the tile before.
#pragma unroll
  for (int block = 0; block < COLS / 8; block++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      uint32_t pair = 0;
#pragma unroll
      for (int e = 0; e < 2; e++) {
        const int i = block * 4 + half * 2 + e;
        int32_t value = quantise(acc[i], job.shift);
        if (GATED) {
          value = gate_value(value, quantise(acc[(i + 64) % 128], job.shift), job.gate_shift);
        }
        pair |= uint32_t(uint8_t(value)) << (8 * e);
      }
      const int row = 16 * warp + lane / 4 + 8 * half;
      const int piece = (block / 2) ^ (row & 7), byte = block % 2 * 8 + lane % 4 * 2;
      *reinterpret_cast<uint16_t*>(tile + row * COLS + piece * 16 + byte) = uint16_t(pair);
    }
  }
  group_barrier(1 + group);
  const size_t row0 = size_t(place.row) * TILE_ROWS + size_t(group) * 64;
  int8_t* out = job.c + row0 * job.n + size_t(place.col) * COLS;
  for (int at = thread; at < 64 * (COLS / 16); at += 128) {
    const int row = at / (COLS / 16), piece = at % (COLS / 16);
    *reinterpret_cast<int4*>(out + size_t(row) * job.n + piece * 16) =
        *reinterpret_cast<const int4*>(tile + row * COLS + (piece ^ (row & 7)) * 16);
  }
}

template <bool GATED>
__global__ void __launch_bounds__(PIPE_THREADS, 1)
    pipeline_product(Product job, const GONKA_GRID_CONSTANT TileMap a,
                     const GONKA_GRID_CONSTANT TileMap b, const GONKA_GRID_CONSTANT TileMap up) {
  GONKA_DYNAMIC_SHARED(raw);
  const PipeShared shared = pipe_shared(raw);
  if (threadIdx.x == 0) {
    prefetch_map(&a);
    prefetch_map(&b);
    for (int i = 0; i < PIPE_STAGES; i++) {
      barrier_init(shared.full + i, 1);
      barrier_init(shared.empty + i, 2);
    }
    barriers_publish();
  }
  __syncthreads();
  if (threadIdx.x < 128) {
    keep_registers<40>();
    if (threadIdx.x == 0) copy_tiles<GATED>(job, shared, &a, &b, &up);
  } else {
    take_registers<232>();
    const int group = threadIdx.x / 128 - 1;
    const int row_tiles = job.m / TILE_ROWS, cols = GATED ? 2 * job.n : job.n;
    const int col_tiles = cols / PIPE_COLS;
    RingPlace at;
    for (int tile = blockIdx.x; tile < row_tiles * col_tiles; tile += gridDim.x) {
      int32_t acc[128];
#pragma unroll
      for (int i = 0; i < 128; i++) acc[i] = 0;
      multiply_tile(shared, job.k / 128, group, at, acc);
      store_group<GATED>(job, tile_place(tile, row_tiles, col_tiles),
                         shared.out + group * PIPE_OUT_BYTES, group, acc);
    }
  }
}

}  // namespace gonka::cuda
