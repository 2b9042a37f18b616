// Packing for AVX2: bytes widened to 16 bits, and the sums of quarters that Winograd's products
// multiply (avx2-winograd.hpp).
#pragma once
#include <algorithm>

#include "avx2-kernel.hpp"
#include "transpose.hpp"

namespace gonka {
namespace {

// A product's operands lie one after the other, a cache line apart from a power of two: or all of
// them would compete for the same sets of the caches.
constexpr size_t GAP_BYTES = 64;
constexpr size_t rows_bytes(size_t depth) { return KERNEL_ROWS * depth * 2 + GAP_BYTES; }
constexpr size_t panel_part_bytes(size_t depth) { return KERNEL_COLS * depth * 2 + GAP_BYTES; }

constexpr size_t power(size_t base, int exponent) {
  return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

// Quarters are numbered 11, 12, 21, 22, those of a quarter after the same order. Which part of the
// first and of the second dimension quarter `index` of level `level` lies in.
constexpr int first_part(int level, int index) {
  return level == 0 ? 0 : first_part(level - 1, index / 4) * 2 + (index >> 1 & 1);
}
constexpr int second_part(int level, int index) {
  return level == 0 ? 0 : second_part(level - 1, index / 4) * 2 + (index & 1);
}

enum class Side { activations, weights };

// From vectors of the same place in each quarter to the operands P1 .. P7, level by level.
template <int LEVEL, Side SIDE>
inline __attribute__((always_inline)) void combine(const __m256i* quarters, __m256i* operands) {
  if constexpr (LEVEL == 0) {
    operands[0] = quarters[0];
  } else {
    constexpr size_t n = power(4, LEVEL - 1), step = power(7, LEVEL - 1);
    constexpr bool weights = SIDE == Side::weights;
    const __m256i *x11 = quarters, *x12 = x11 + n, *x21 = x12 + n, *x22 = x21 + n;
    __m256i s1[n], s2[n], s3[n], s4[n];
    for (size_t i = 0; i < n; i++) {
      s1[i] = weights ? _mm256_sub_epi16(x12[i], x11[i]) : _mm256_add_epi16(x21[i], x22[i]);
      s2[i] = weights ? _mm256_sub_epi16(x22[i], s1[i]) : _mm256_sub_epi16(s1[i], x11[i]);
      s3[i] = weights ? _mm256_sub_epi16(x22[i], x12[i]) : _mm256_sub_epi16(x11[i], x21[i]);
      s4[i] = _mm256_sub_epi16(weights ? x21[i] : x12[i], s2[i]);
    }
    const __m256i* order[7] = {x11, weights ? x21 : x12, s2, s3, weights ? s4 : x22,
                               s1,  weights ? x22 : s4};
#pragma GCC unroll 7
    for (int p = 0; p < 7; p++) combine<LEVEL - 1, SIDE>(order[p], operands + size_t(p) * step);
  }
}

// Operands of (6 << LEVEL) rows of (depth << LEVEL) values; those from `valid` on count as zero.
// They are gathered in a buffer and then streamed past the caches: seven pieces of each operand
// written in turn would miss them on every store.
template <int LEVEL>
void pack_rows(const int8_t* rows, size_t stride, int valid, size_t depth, uint8_t* out) {
  constexpr size_t SLICE = LEVEL == 0 ? 16 : 64, COUNT = power(7, LEVEL);
  constexpr size_t QUARTERS = power(4, LEVEL);
  alignas(64) uint8_t buffer[COUNT][SLICE * KERNEL_ROWS * 2];
  for (size_t from = 0; from < depth; from += SLICE) {
    const size_t end = std::min(depth, from + SLICE);
    for (size_t i = from; i < end; i += 16) {
      for (int r = 0; r < KERNEL_ROWS; r++) {
        __m256i quarters[QUARTERS], operands[COUNT];
        for (int q = 0; q < int(QUARTERS); q++) {
          const int row = first_part(LEVEL, q) * KERNEL_ROWS + r;
          const size_t column = size_t(second_part(LEVEL, q)) * depth + i;
          quarters[q] = row < valid ? widen(rows + size_t(row) * stride + column)
                                    : _mm256_setzero_si256();
        }
        combine<LEVEL, Side::activations>(quarters, operands);
        const size_t at = (i - from) * KERNEL_ROWS * 2 + size_t(r) * 32;
        for (size_t p = 0; p < COUNT; p++) store(buffer[p] + at, operands[p]);
      }
    }
    for (size_t p = 0; p < COUNT; p++) {
      uint8_t* to = out + p * rows_bytes(depth) + from * KERNEL_ROWS * 2;
      for (size_t at = 0; at < (end - from) * KERNEL_ROWS * 2; at += 32) {
        const __m256i v = load(buffer[p] + at);
        if constexpr (LEVEL == 0) {
          store(to + at, v);
        } else {
          _mm256_stream_si256(reinterpret_cast<__m256i*>(to + at), v);
        }
      }
    }
  }
  if constexpr (LEVEL > 0) _mm_sfence();
}

// Operands of (16 << LEVEL) weight rows, which are output columns.
template <int LEVEL>
void pack_columns(const int8_t* weights, size_t stride, int valid, size_t depth, uint8_t* out) {
  constexpr size_t COUNT = power(7, LEVEL), QUARTERS = power(4, LEVEL);
  for (size_t i = 0; i < depth; i += 16) {
    for (size_t c = 0; c < KERNEL_COLS; c += 8) {
      __m256i turned[QUARTERS][8];  // Sums of transposes are transposes of sums, and fewer.
      for (int q = 0; q < int(QUARTERS); q++) {
        for (int j = 0; j < 8; j++) {
          const int column = second_part(LEVEL, q) * KERNEL_COLS + int(c) + j;
          const size_t k = size_t(first_part(LEVEL, q)) * depth + i;
          turned[q][j] = column < valid ? widen(weights + size_t(column) * stride + k)
                                        : _mm256_setzero_si256();
        }
        transpose8(turned[q]);
      }
      for (size_t j = 0; j < 8; j++) {
        __m256i quarters[QUARTERS], operands[COUNT];
        for (size_t q = 0; q < QUARTERS; q++) quarters[q] = turned[q][j];
        combine<LEVEL, Side::weights>(quarters, operands);
        uint8_t* to = out + ((i / 2 + j) * KERNEL_COLS + c) * 4;
        for (size_t p = 0; p < COUNT; p++) store(to + p * panel_part_bytes(depth), operands[p]);
      }
    }
  }
}

}  // namespace
}  // namespace gonka
