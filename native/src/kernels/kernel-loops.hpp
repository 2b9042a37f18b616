// Loops that each backend compiles for its own instruction set. Everything here has internal
// linkage on purpose: an inline function shared between files compiled for different processors
// could be linked from the newest one and crash the oldest.
#pragma once
#include <cstdint>
#include <cstring>

#include "kernel-table.hpp"

#ifndef GONKA_LANES
#define GONKA_LANES 4
#endif

namespace gonka {
namespace {

typedef uint32_t Lanes __attribute__((vector_size(GONKA_LANES * 4)));
typedef uint8_t LaneBytes __attribute__((vector_size(GONKA_LANES * 4)));

inline int32_t saturate(int32_t x) { return x > 127 ? 127 : x < -127 ? -127 : x; }

inline int32_t quantise(int32_t x, int n) { return saturate((x + (1 << (n - 1))) >> n); }

template <int N>
inline Lanes rotate(Lanes x) {
#if GONKA_LANES == 8 && defined(__AVX2__) && !defined(__AVX512VL__) && !defined(__clang__)
  // Byte rotations are one shuffle; the compiler finds rotations itself where they exist.
  if constexpr (N == 16 || N == 8) {
    constexpr int s = 4 - N / 8;
    constexpr auto at = [](int i) { return uint8_t(i / 4 * 4 + (i + s) % 4); };
    const LaneBytes order = {at(0),  at(1),  at(2),  at(3),  at(4),  at(5),  at(6),  at(7),
                             at(8),  at(9),  at(10), at(11), at(12), at(13), at(14), at(15),
                             at(16), at(17), at(18), at(19), at(20), at(21), at(22), at(23),
                             at(24), at(25), at(26), at(27), at(28), at(29), at(30), at(31)};
    return (Lanes)__builtin_shuffle((LaneBytes)x, order);
  }
#endif
  return x << N | x >> (32 - N);
}

inline void quarter(Lanes& a, Lanes& b, Lanes& c, Lanes& d) {
  a += b; d = rotate<16>(d ^ a);
  c += d; b = rotate<12>(b ^ c);
  a += b; d = rotate<8>(d ^ a);
  c += d; b = rotate<7>(b ^ c);
}

// GONKA_LANES blocks side by side; a superblock holds 16, so 16 / GONKA_LANES calls fill one.
inline void stream_lanes(const uint32_t key[8], const uint32_t nonce[3], uint32_t block,
                         uint8_t* out) {
  const uint32_t words[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0], key[1],
                              key[2],     key[3],     key[4],     key[5],     key[6], key[7],
                              0,          nonce[0],   nonce[1],   nonce[2]};
  Lanes start[16], s[16];
  for (int i = 0; i < 16; i++) start[i] = Lanes{} + words[i];
  for (int l = 0; l < GONKA_LANES; l++) start[12][l] = block + uint32_t(l);
  for (int i = 0; i < 16; i++) s[i] = start[i];
  for (int round = 0; round < 4; round++) {
    quarter(s[0], s[4], s[8], s[12]);
    quarter(s[1], s[5], s[9], s[13]);
    quarter(s[2], s[6], s[10], s[14]);
    quarter(s[3], s[7], s[11], s[15]);
    quarter(s[0], s[5], s[10], s[15]);
    quarter(s[1], s[6], s[11], s[12]);
    quarter(s[2], s[7], s[8], s[13]);
    quarter(s[3], s[4], s[9], s[14]);
  }
  for (int w = 0; w < 16; w++) {
    const Lanes word = s[w] + start[w];
    std::memcpy(out + w * 64, &word, sizeof word);
  }
}

void stream_superblocks(const uint32_t key[8], const uint32_t nonce[3], uint32_t first,
                        size_t count, uint8_t* out) {
  for (size_t j = 0; j < count; j++, out += 1024) {
    const uint32_t block = (first + uint32_t(j)) * 16;
    for (uint32_t l = 0; l < 16; l += GONKA_LANES) {
      stream_lanes(key, nonce, block + l, out + l * 4);
    }
  }
}

// A Tiling's multiply, one block after the other.
template <void (*MULTIPLY)(const uint8_t*, const uint8_t*, size_t, int32_t*),
          size_t (*BLOCK_BYTES)(size_t), size_t TILE_WORDS>
void multiply_each(const uint8_t* blocks, size_t count, const uint8_t* panel, size_t k,
                   int32_t* tiles) {
  for (size_t i = 0; i < count; i++) {
    MULTIPLY(blocks + i * BLOCK_BYTES(k), panel, k, tiles + i * TILE_WORDS);
  }
}

void requantise_tile(const int32_t* tile, int tile_cols, int rows, int cols, int shift,
                     int8_t* out, size_t stride) {
  const int32_t half = 1 << (shift - 1);
  for (int r = 0; r < rows; r++) {
    const int32_t* from = tile + r * tile_cols;
    int8_t* to = out + size_t(r) * stride;
    if (cols == tile_cols &&
        cols % 16 == 0) {  // The usual case, with a trip count that vectorises.
      for (int c = 0; c < cols; c += 16) {
        for (int i = 0; i < 16; i++) to[c + i] = int8_t(saturate((from[c + i] + half) >> shift));
      }
    } else {
      for (int c = 0; c < cols; c++) to[c] = int8_t(saturate((from[c] + half) >> shift));
    }
  }
}

// The exact floor square root: the double is exact for n < 2^44, and the two steps prove it.
inline uint32_t floor_sqrt(uint64_t n) {
  uint64_t m = uint64_t(__builtin_sqrt(double(n)));
  while (m * m > n) m--;
  while ((m + 1) * (m + 1) <= n) m++;
  return uint32_t(m);
}

inline int32_t norm_factor(uint64_t ss, size_t d) {
  const uint64_t q = (uint64_t(d) << 42) / (ss > 0 ? ss : 1);
  const uint64_t most = (uint64_t(1) << 44) - 1;
  return int32_t(floor_sqrt(q < most ? q : most));
}

void norm_row(const int8_t* a, const int8_t* b, size_t d, int8_t* out) {
  int32_t ss = 0;  // At most 24,576 * 254^2 < 2^31.
  if (b) {
    for (size_t k = 0; k < d; k++) {
      const int32_t t = int16_t(a[k] + b[k]);
      ss += t * t;
    }
  } else {
    for (size_t k = 0; k < d; k++) ss += int32_t(a[k]) * a[k];
  }
  const int32_t m = norm_factor(uint64_t(ss), d);
  if (b) {
    for (size_t k = 0; k < d; k++) {
      out[k] = int8_t(saturate(((int32_t(a[k]) + b[k]) * m + 32768) >> 16));
    }
  } else {
    for (size_t k = 0; k < d; k++) out[k] = int8_t(saturate((int32_t(a[k]) * m + 32768) >> 16));
  }
}

void gate_values(const int8_t* g, const int8_t* u, size_t n, int shift, int8_t* out) {
  const int32_t half = 1 << (shift - 1);
  for (size_t i = 0; i < n; i++) {
    const int32_t a = g[i] >= 0 ? g[i] : g[i] >> 2;
    out[i] = int8_t(saturate((a * u[i] + half) >> shift));
  }
}

}  // namespace
}  // namespace gonka
