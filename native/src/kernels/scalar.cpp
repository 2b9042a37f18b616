// The reference backend: plain loops over row-major data. Every other backend is compared with it.
#include "kernel-loops.hpp"

namespace gonka {
namespace {

constexpr int ROWS = 4;
constexpr int COLS = 16;
constexpr size_t ROW_BYTES = 4096;

size_t block_bytes(size_t k) { return ROWS * k; }
size_t panel_bytes(size_t k) { return COLS * k; }

void copy_rows(const int8_t* from, size_t stride, int valid, int total, size_t k, uint8_t* to) {
  for (int r = 0; r < total; r++, to += k) {
    if (r < valid) {
      std::memcpy(to, from + size_t(r) * stride, k);
    } else {
      std::memset(to, 0, k);
    }
  }
}

void pack_block(const int8_t* rows, size_t stride, int valid, size_t k, uint8_t* block) {
  copy_rows(rows, stride, valid, ROWS, k, block);
}

void pack_panel(const int8_t* weights, size_t stride, int valid, size_t k, uint8_t* panel) {
  copy_rows(weights, stride, valid, COLS, k, panel);
}

void multiply(const uint8_t* block, const uint8_t* panel, size_t k, int32_t* tile) {
  for (int r = 0; r < ROWS; r++) {
    for (int c = 0; c < COLS; c++) {
      const auto* x = reinterpret_cast<const int8_t*>(block) + size_t(r) * k;
      const auto* w = reinterpret_cast<const int8_t*>(panel) + size_t(c) * k;
      int32_t sum = 0;
      for (size_t i = 0; i < k; i++) sum += int32_t(x[i]) * w[i];
      tile[r * COLS + c] = sum;
    }
  }
}

void pack_challenge(const int8_t* g, uint8_t* packed) { std::memcpy(packed, g, ROW_BYTES * 8); }

void challenge_rows(const uint8_t* rows, size_t count, const uint8_t* packed, int32_t* y) {
  const auto* g = reinterpret_cast<const int8_t*>(packed);
  for (size_t r = 0; r < count; r++, y += 8) {
    int32_t sum[8] = {};
    for (size_t k = 0; k < ROW_BYTES; k++) {
      const int32_t value = int8_t(rows[r * ROW_BYTES + k]);
      for (int c = 0; c < 8; c++) sum[c] += value * g[k * 8 + size_t(c)];
    }
    std::memcpy(y, sum, sizeof sum);
  }
}

constexpr Tiling TILING = {ROWS,       COLS,       ROWS * COLS,
                          block_bytes, panel_bytes, pack_block,
                          pack_panel, multiply_each<multiply, block_bytes, ROWS * COLS>};
constexpr KernelTable TABLE = {"scalar",       TILING,      TILING,
                               requantise_tile, stream_superblocks, norm_row,
                               gate_values,    ROW_BYTES * 8, pack_challenge,
                               challenge_rows};

}  // namespace

const KernelTable& scalar_kernels() { return TABLE; }

}  // namespace gonka
