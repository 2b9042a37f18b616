// ARM NEON with the dot-product extension: signed by signed bytes, no correction needed.
#if defined(__ARM_FEATURE_DOTPROD)
#define GONKA_LANES 4
#include "kernel-loops.hpp"
#include <arm_neon.h>

namespace gonka {
namespace {

constexpr int ROWS = 6;
constexpr int COLS = 16;
constexpr size_t ROW_BYTES = 4096;

size_t block_bytes(size_t k) { return ROWS * k; }
size_t panel_bytes(size_t k) { return COLS * k; }

void interleave(const int8_t* from, size_t stride, int valid, int total, size_t k, uint8_t* to) {
  for (int r = 0; r < total; r++) {
    for (size_t i = 0; i < k; i += 4) {
      uint32_t word = 0;
      if (r < valid) std::memcpy(&word, from + size_t(r) * stride + i, 4);
      std::memcpy(to + i * size_t(total) + size_t(r) * 4, &word, 4);
    }
  }
}

void pack_block(const int8_t* rows, size_t stride, int valid, size_t k, uint8_t* block) {
  interleave(rows, stride, valid, ROWS, k, block);
}

void pack_panel(const int8_t* weights, size_t stride, int valid, size_t k, uint8_t* panel) {
  interleave(weights, stride, valid, COLS, k, panel);
}

inline int8x16_t broadcast(const void* p) {
  int32_t word;
  std::memcpy(&word, p, 4);
  return vreinterpretq_s8_s32(vdupq_n_s32(word));
}

void multiply(const uint8_t* block, const uint8_t* panel, size_t k, int32_t* tile) {
  int32x4_t acc[ROWS][4];
  for (auto& row : acc) {
    for (auto& sum : row) sum = vdupq_n_s32(0);
  }
  for (size_t i = 0; i < k; i += 4, block += ROWS * 4, panel += COLS * 4) {
    int8x16_t w[4];
    for (int c = 0; c < 4; c++) w[c] = vld1q_s8(reinterpret_cast<const int8_t*>(panel) + 16 * c);
#pragma GCC unroll 6
    for (int r = 0; r < ROWS; r++) {
      const int8x16_t x = broadcast(block + r * 4);
#pragma GCC unroll 4
      for (int c = 0; c < 4; c++) acc[r][c] = vdotq_s32(acc[r][c], w[c], x);
    }
  }
  for (int r = 0; r < ROWS; r++) {
    for (int c = 0; c < 4; c++) vst1q_s32(tile + r * COLS + 4 * c, acc[r][c]);
  }
}

void pack_challenge(const int8_t* g, uint8_t* packed) {
  for (size_t k = 0; k < ROW_BYTES; k++) {
    for (size_t c = 0; c < 8; c++) packed[(k / 4 * 8 + c) * 4 + k % 4] = uint8_t(g[k * 8 + c]);
  }
}

void challenge_rows(const uint8_t* rows, size_t count, const uint8_t* packed, int32_t* y) {
  const auto* g = reinterpret_cast<const int8_t*>(packed);
  for (size_t r = 0; r < count; r++, rows += ROW_BYTES, y += 8) {
    int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);
    for (size_t k = 0; k < ROW_BYTES; k += 4) {
      const int8x16_t x = broadcast(rows + k);
      low = vdotq_s32(low, vld1q_s8(g + k * 8), x);
      high = vdotq_s32(high, vld1q_s8(g + k * 8 + 16), x);
    }
    vst1q_s32(y, low);
    vst1q_s32(y + 4, high);
  }
}

constexpr Tiling TILING = {ROWS,       COLS,       ROWS * COLS,
                          block_bytes, panel_bytes, pack_block,
                          pack_panel, multiply_each<multiply, block_bytes, ROWS * COLS>};
constexpr KernelTable TABLE = {"neon-dot",     TILING,      TILING,
                               requantise_tile, stream_superblocks, norm_row,
                               gate_values,    ROW_BYTES * 8, pack_challenge,
                               challenge_rows};

}  // namespace

const KernelTable* neon_kernels() { return &TABLE; }

}  // namespace gonka

#else
#include "kernel-table.hpp"
namespace gonka {
const KernelTable* neon_kernels() { return nullptr; }
}  // namespace gonka
#endif
