// The innermost product of AVX2: six rows by sixteen columns of 16-bit values, which vpmaddwd
// multiplies and adds in pairs. Operands may be bytes or sums of bytes: anything that fits 16 bits.
// Sums wrap modulo 2^32, so that only the final result has to fit.
#pragma once
#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace gonka {
namespace {

constexpr int KERNEL_ROWS = 6;
constexpr int KERNEL_COLS = 16;
constexpr size_t KERNEL_TILE_WORDS = KERNEL_ROWS * KERNEL_COLS;

inline __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
inline void store(void* p, __m256i v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }

inline __m256i widen(const int8_t* p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

inline __m256i broadcast_pair(const void* p) {
  int32_t pair;
  std::memcpy(&pair, p, 4);
  return _mm256_set1_epi32(pair);
}

// What becomes of a product: it is added to `start` (or to zero), the sum is stored in `keep`
// (both dense tiles, either may be null), and added to up to two places, `stride` words a row.
struct Destination {
  const int32_t* start;
  int32_t* keep;
  int32_t* add[2];
  size_t stride;
};

inline void add_tile(int32_t* to, size_t stride, const __m256i (&acc)[KERNEL_ROWS][2]) {
#pragma GCC unroll 6
  for (int r = 0; r < KERNEL_ROWS; r++, to += stride) {
    store(to, _mm256_add_epi32(load(to), acc[r][0]));
    store(to + 8, _mm256_add_epi32(load(to + 8), acc[r][1]));
  }
}

// rows: [depth / 16][6][16], panel: [depth / 2][16][2], both of 16 bits. Fetches `next`, the rows
// of the call that follows. The asm statements hold the order of instructions: two multiplications,
// then two additions suit the ports, and regrouped sums would spill registers.
__attribute__((noinline)) void multiply_kernel(const uint8_t* rows, const uint8_t* panel,
                                               size_t depth, const uint8_t* next,
                                               const Destination& to) {
  __m256i acc[KERNEL_ROWS][2];
#pragma GCC unroll 6
  for (int r = 0; r < KERNEL_ROWS; r++) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
  if (to.start) {
#pragma GCC unroll 6
    for (int r = 0; r < KERNEL_ROWS; r++) {
      acc[r][0] = load(to.start + r * KERNEL_COLS);
      acc[r][1] = load(to.start + r * KERNEL_COLS + 8);
    }
  }
  for (const uint8_t* end = panel + depth * 32; panel != end; panel += 512) {
    for (int line = 0; line < 192; line += 64) _mm_prefetch(next + line, _MM_HINT_T0);
#pragma GCC unroll 8
    for (int pair = 0; pair < 8; pair++) {
      const __m256i w0 = load(panel + 64 * pair), w1 = load(panel + 64 * pair + 32);
#pragma GCC unroll 6
      for (int r = 0; r < KERNEL_ROWS; r++) {
        const __m256i x = broadcast_pair(rows + r * 32 + pair * 4);
        __m256i p0 = _mm256_madd_epi16(x, w0), p1 = _mm256_madd_epi16(x, w1);
        asm("" : "+x"(p0), "+x"(p1));
        acc[r][0] = _mm256_add_epi32(acc[r][0], p0);
        acc[r][1] = _mm256_add_epi32(acc[r][1], p1);
        asm("" : "+x"(acc[r][0]), "+x"(acc[r][1]));
      }
    }
    rows += 192;
    next += 192;
  }
  if (to.keep) {
#pragma GCC unroll 6
    for (int r = 0; r < KERNEL_ROWS; r++) {
      store(to.keep + r * KERNEL_COLS, acc[r][0]);
      store(to.keep + r * KERNEL_COLS + 8, acc[r][1]);
    }
  }
  for (int32_t* place : to.add) {
    if (place) add_tile(place, to.stride, acc);
  }
}

}  // namespace
}  // namespace gonka
