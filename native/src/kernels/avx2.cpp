// AVX2: both factors widened to 16 bits and multiplied with vpmaddwd, which is exact for every
// pair of bytes. The widened panel costs memory but saves the sign fix-up that vpmaddubsw needs;
// both take four vector instructions for 32 products.
#if defined(__AVX2__)
#define GONKA_LANES 8
#include "kernel-loops.hpp"
#include "transpose.hpp"

namespace gonka {
namespace {

constexpr int ROWS = 6;
constexpr int COLS = 16;
constexpr size_t ROW_BYTES = 4096;
constexpr size_t CHUNK = 1024;  // Challenge columns at a time: 16 KiB of widened G stay in L1.

size_t block_bytes(size_t k) { return ROWS * k * 2; }
size_t panel_bytes(size_t k) { return COLS * k * 2; }

inline __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
inline void store(void* p, __m256i v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }

inline __m256i widen(const int8_t* p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

inline __m256i broadcast_pair(const uint8_t* p) {
  int32_t pair;
  std::memcpy(&pair, p, 4);
  return _mm256_set1_epi32(pair);
}

// Layout: [k / 2][ROWS][2] of 16 bits. k is a multiple of 16.
void pack_block(const int8_t* rows, size_t stride, int valid, size_t k, uint8_t* block) {
  alignas(32) uint32_t pairs[8];
  for (int r = 0; r < ROWS; r++) {
    const int8_t* from = rows + size_t(r) * stride;
    for (size_t i = 0; i < k; i += 16) {
      store(pairs, r < valid ? widen(from + i) : _mm256_setzero_si256());
      for (size_t j = 0; j < 8; j++) {
        std::memcpy(block + ((i / 2 + j) * ROWS + size_t(r)) * 4, &pairs[j], 4);
      }
    }
  }
}

// Layout: [k / 2][COLS][2] of 16 bits.
void pack_panel(const int8_t* weights, size_t stride, int valid, size_t k, uint8_t* panel) {
  for (size_t i = 0; i < k; i += 16) {
    for (int c = 0; c < COLS; c += 8) {
      __m256i column[8];
      for (int j = 0; j < 8; j++) {
        const bool exists = c + j < valid;
        column[j] = exists ? widen(weights + size_t(c + j) * stride + i) : _mm256_setzero_si256();
      }
      transpose8(column);
      for (size_t j = 0; j < 8; j++) store(panel + ((i / 2 + j) * COLS + size_t(c)) * 4, column[j]);
    }
  }
}

void multiply(const uint8_t* block, const uint8_t* panel, size_t k, int32_t* tile) {
  __m256i acc[ROWS][2];  // Twelve registers: every loop over them is unrolled to keep them there.
#pragma GCC unroll 6
  for (int r = 0; r < ROWS; r++) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
  for (size_t i = 0; i < k; i += 2, block += ROWS * 4, panel += COLS * 4) {
    const __m256i w0 = load(panel), w1 = load(panel + 32);
#pragma GCC unroll 6
    for (int r = 0; r < ROWS; r++) {
      const __m256i x = broadcast_pair(block + r * 4);
      acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(x, w0));
      acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(x, w1));
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < ROWS; r++) {
    store(tile + r * COLS, acc[r][0]);
    store(tile + r * COLS + 8, acc[r][1]);
  }
}

// G widened as [k / 2][8][2] of 16 bits.
void pack_challenge(const int8_t* g, uint8_t* packed) {
  auto* out = reinterpret_cast<int16_t*>(packed);
  for (size_t k = 0; k < ROW_BYTES; k++) {
    for (size_t c = 0; c < 8; c++) out[(k / 2 * 8 + c) * 2 + k % 2] = g[k * 8 + c];
  }
}

// Adds the products of `count` <= 4 rows over one chunk of columns to y.
void challenge_chunk(const uint8_t* rows, int count, const uint8_t* g, int32_t* y) {
  alignas(32) uint8_t wide[4][CHUNK * 2] = {};
  __m256i acc[4];
  for (int r = 0; r < 4; r++) acc[r] = _mm256_setzero_si256();
  for (int r = 0; r < count; r++) {
    const auto* from = reinterpret_cast<const int8_t*>(rows) + size_t(r) * ROW_BYTES;
    for (size_t i = 0; i < CHUNK; i += 16) store(wide[r] + i * 2, widen(from + i));
  }
  for (size_t i = 0; i < CHUNK * 2; i += 4) {
    const __m256i column = load(g + i * 8);
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
      const __m256i x = broadcast_pair(wide[r] + i);
      acc[r] = _mm256_add_epi32(acc[r], _mm256_madd_epi16(x, column));
    }
  }
  for (int r = 0; r < count; r++) store(y + r * 8, _mm256_add_epi32(load(y + r * 8), acc[r]));
}

void challenge_rows(const uint8_t* rows, size_t count, const uint8_t* packed, int32_t* y) {
  std::memset(y, 0, count * 8 * sizeof *y);
  for (size_t r = 0; r < count; r += 4) {
    const int four = count - r < 4 ? int(count - r) : 4;
    for (size_t k = 0; k < ROW_BYTES; k += CHUNK) {
      challenge_chunk(rows + r * ROW_BYTES + k, four, packed + k * 16, y + r * 8);
    }
  }
}

constexpr KernelTable TABLE = {
    "avx2",         ROWS,     COLS,            block_bytes,        panel_bytes, pack_block,
    pack_panel,     multiply, requantise_tile, stream_superblocks, norm_row,    gate_values,
    ROW_BYTES * 16, pack_challenge, challenge_rows};

}  // namespace

const KernelTable* avx2_kernels() { return &TABLE; }

}  // namespace gonka

#else
#include "kernel-table.hpp"
namespace gonka {
const KernelTable* avx2_kernels() { return nullptr; }
}  // namespace gonka
#endif
