// The kernels of both VNNI backends. The including file defines GONKA_LANES (8 or 16), the name
// VNNI_NAME, VNNI_ROWS, and two functions in namespace gonka's anonymous namespace:
//   Lanes dot(Lanes acc, Lanes unsigned_bytes, Lanes signed_bytes)   and the same for Octet.
//
// The instruction multiplies unsigned by signed bytes, so the weights are stored plus 128 (a flip
// of the top bit) and 128 times the row sum of the activations is taken off again:
//   sum w*x = sum (w + 128)*x - 128 * sum x, every step below 2^30 (sprint.md section 6).
#pragma once
#include "kernel-loops.hpp"

namespace gonka {
namespace {

constexpr int ROWS = VNNI_ROWS;
constexpr int COLS = 2 * GONKA_LANES;
constexpr size_t ROW_BYTES = 4096;
constexpr size_t CHUNK = 1024;
constexpr uint32_t FLIP = 0x80808080u;

size_t block_bytes(size_t k) { return ROWS * k + ROWS * 4; }
size_t panel_bytes(size_t k) { return COLS * k; }

inline uint32_t word_at(const void* p) {
  uint32_t w;
  std::memcpy(&w, p, 4);
  return w;
}

template <typename V>
inline V load_vector(const void* p) {
  V v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline int32_t byte_sum(const int8_t* p, size_t n) {
  int32_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += p[i];
  return sum;
}

// Layout: [k / 4][ROWS][4] bytes, then -128 times each row's sum. k is a multiple of 4.
void pack_block(const int8_t* rows, size_t stride, int valid, size_t k, uint8_t* block) {
  uint8_t* corrections = block + ROWS * k;
  for (int r = 0; r < ROWS; r++) {
    const int8_t* from = rows + size_t(r) * stride;
    for (size_t i = 0; i < k; i += 4) {
      const uint32_t word = r < valid ? word_at(from + i) : 0;
      std::memcpy(block + (i * ROWS + size_t(r) * 4), &word, 4);
    }
    const int32_t correction = r < valid ? -128 * byte_sum(from, k) : 0;
    std::memcpy(corrections + r * 4, &correction, 4);
  }
}

// Layout: [k / 4][COLS][4] bytes, each plus 128; 64 bytes of each weight row at a time.
void pack_panel(const int8_t* weights, size_t stride, int valid, size_t k, uint8_t* panel) {
  for (size_t i = 0; i < k; i += 64) {
    const size_t end = i + 64 < k ? i + 64 : k;
    for (int c = 0; c < COLS; c++) {
      const int8_t* from = weights + size_t(c) * stride;
      for (size_t j = i; j < end; j += 4) {
        const uint32_t word = (c < valid ? word_at(from + j) : 0) ^ FLIP;
        std::memcpy(panel + j * COLS + size_t(c) * 4, &word, 4);
      }
    }
  }
}

void multiply(const uint8_t* block, const uint8_t* panel, size_t k, int32_t* tile) {
  Lanes acc[ROWS][2];
  const uint8_t* corrections = block + ROWS * k;
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) acc[r][0] = acc[r][1] = Lanes{} + word_at(corrections + r * 4);
  for (size_t i = 0; i < k; i += 4, block += ROWS * 4, panel += COLS * 4) {
    const Lanes w0 = load_vector<Lanes>(panel);
    const Lanes w1 = load_vector<Lanes>(panel + sizeof(Lanes));
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      const Lanes x = Lanes{} + word_at(block + r * 4);
      acc[r][0] = dot(acc[r][0], w0, x);
      acc[r][1] = dot(acc[r][1], w1, x);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
    std::memcpy(tile + r * COLS, &acc[r][0], sizeof(Lanes));
    std::memcpy(tile + r * COLS + GONKA_LANES, &acc[r][1], sizeof(Lanes));
  }
}

// G plus 128 as [k / 4][8][4] bytes.
void pack_challenge(const int8_t* g, uint8_t* packed) {
  for (size_t k = 0; k < ROW_BYTES; k++) {
    for (size_t c = 0; c < 8; c++) {
      packed[(k / 4 * 8 + c) * 4 + k % 4] = uint8_t(g[k * 8 + c] ^ 0x80);
    }
  }
}

// Adds the products of `count` <= 4 rows over one chunk of columns to y. Two sums for each row
// keep enough instructions in flight; rows that do not exist repeat the last one.
void challenge_chunk(const uint8_t* rows, int count, const uint8_t* g, int32_t* y) {
  Octet acc[4][2] = {};
  const uint8_t* from[4];
  for (int r = 0; r < 4; r++) from[r] = rows + size_t(r < count ? r : count - 1) * ROW_BYTES;
  for (size_t i = 0; i < CHUNK; i += 8) {
    const Octet g0 = load_vector<Octet>(g + i * 8), g1 = load_vector<Octet>(g + i * 8 + 32);
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
      acc[r][0] = dot(acc[r][0], g0, Octet{} + word_at(from[r] + i));
      acc[r][1] = dot(acc[r][1], g1, Octet{} + word_at(from[r] + i + 4));
    }
  }
  for (int r = 0; r < count; r++) {
    const int32_t sum = byte_sum(reinterpret_cast<const int8_t*>(from[r]), CHUNK);
    const Octet total = acc[r][0] + acc[r][1] - uint32_t(128 * sum) +
                        load_vector<Octet>(y + r * 8);
    std::memcpy(y + r * 8, &total, sizeof total);
  }
}

void challenge_rows(const uint8_t* rows, size_t count, const uint8_t* packed, int32_t* y) {
  std::memset(y, 0, count * 8 * sizeof *y);
  for (size_t r = 0; r < count; r += 4) {
    const int four = count - r < 4 ? int(count - r) : 4;
    for (size_t k = 0; k < ROW_BYTES; k += CHUNK) {
      challenge_chunk(rows + r * ROW_BYTES + k, four, packed + k * 8, y + r * 8);
    }
  }
}

constexpr Tiling TILING = {ROWS,       COLS,       ROWS * COLS,
                          block_bytes, panel_bytes, pack_block,
                          pack_panel, multiply_each<multiply, block_bytes, ROWS * COLS>};
constexpr KernelTable TABLE = {VNNI_NAME,      TILING,      TILING,
                               requantise_tile, stream_superblocks, norm_row,
                               gate_values,    ROW_BYTES * 8, pack_challenge,
                               challenge_rows};

}  // namespace
}  // namespace gonka
