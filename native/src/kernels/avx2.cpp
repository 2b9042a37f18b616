// AVX2: both factors widened to 16 bits and multiplied with vpmaddwd, which is exact for every
// pair of bytes, and for the sums of bytes that Winograd's products multiply. The widened panel
// costs memory but saves the sign fix-up that vpmaddubsw needs; both take four vector instructions
// for 32 products.
#if defined(__AVX2__)
#define GONKA_LANES 8
#include "avx2-winograd.hpp"
#include "kernel-loops.hpp"

namespace gonka {
namespace {

constexpr size_t ROW_BYTES = 4096;
constexpr size_t CHUNK = 1024;  // Challenge columns at a time: 16 KiB of widened G stay in L1.

// 32 results of a row at a time; saturating packs stop at -128, the maximum takes that away.
void requantise(const int32_t* tile, int tile_cols, int rows, int cols, int shift, int8_t* out,
                size_t stride) {
  const __m256i half = _mm256_set1_epi32(1 << (shift - 1)), least = _mm256_set1_epi8(-127);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m128i by = _mm_cvtsi32_si128(shift);
  const int whole = cols / 32 * 32;
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < whole; c += 32) {
      __m256i v[4];
      for (int i = 0; i < 4; i++) {
        v[i] = _mm256_sra_epi32(_mm256_add_epi32(load(tile + r * tile_cols + c + 8 * i), half), by);
      }
      const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]),
                                               _mm256_packs_epi32(v[2], v[3]));
      store(out + size_t(r) * stride + c,
            _mm256_max_epi8(_mm256_permutevar8x32_epi32(bytes, order), least));
    }
  }
  if (whole < cols) {
    requantise_tile(tile + whole, tile_cols, rows, cols - whole, shift, out + whole, stride);
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

constexpr KernelTable table(const char* name, const Tiling& large) {
  return {name,     Product<0>::TILING, large,          requantise,     stream_superblocks,
          norm_row, gate_values,        ROW_BYTES * 16, pack_challenge, challenge_rows};
}

constexpr KernelTable TABLE = table("avx2", Product<2>::TILING);
constexpr KernelTable PLAIN = table("avx2-plain", Product<0>::TILING);

}  // namespace

const KernelTable* avx2_kernels() { return &TABLE; }
const KernelTable* avx2_plain_kernels() { return &PLAIN; }

}  // namespace gonka

#else
#include "kernel-table.hpp"
namespace gonka {
const KernelTable* avx2_kernels() { return nullptr; }
const KernelTable* avx2_plain_kernels() { return nullptr; }
}  // namespace gonka
#endif
