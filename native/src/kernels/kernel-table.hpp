// What one CPU backend provides. Every backend gives the same numbers; only layouts and speed
// differ.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gonka {

// A way to compute products of activations [rows][k] and weights [cols][k]: both are packed first,
// activations in blocks of `rows` rows, weights in panels of `cols` output columns. The layouts
// belong to the backend; k is a multiple of 16.
struct Tiling {
  int rows;
  int cols;
  // 32-bit words of one result: the tile [rows][cols], then what the product needs beside it.
  size_t tile_words;
  size_t (*block_bytes)(size_t k);
  size_t (*panel_bytes)(size_t k);

  // Packs `valid` rows (the rest count as zero) of k values, `stride` bytes apart.
  void (*pack_block)(const int8_t* rows, size_t stride, int valid, size_t k, uint8_t* block);
  // Packs `valid` weight rows, one for each output column; the columns beyond them give zero.
  void (*pack_panel)(const int8_t* weights, size_t stride, int valid, size_t k, uint8_t* panel);
  // For `count` blocks that follow each other, results tile_words apart:
  // tile[r * cols + c] = sum over k of block row r times panel column c.
  void (*multiply)(const uint8_t* blocks, size_t count, const uint8_t* panel, size_t k,
                   int32_t* tiles);
};

struct KernelTable {
  const char* name;
  Tiling small;  // For attention: tens of rows and columns, k of a head or of the tokens.
  Tiling large;  // For all token rows of a batch by the weights.

  // out[r * stride + c] = Q(tile[r * tile_cols + c], shift) for r < rows, c < cols.
  void (*requantise)(const int32_t* tile, int tile_cols, int rows, int cols, int shift, int8_t* out,
                     size_t stride);

  // Superblocks first .. first+count-1 of the stream Z(key; n0, n1, n2), 1024 bytes each.
  void (*stream)(const uint32_t key[8], const uint32_t nonce[3], uint32_t first, size_t count,
                 uint8_t* out);
  // out = N(a + b); b may be null, and out may be a.
  void (*norm)(const int8_t* a, const int8_t* b, size_t d, int8_t* out);
  // out = Q((g if g >= 0 else g >> 2) * u, shift), elementwise; out may be g.
  void (*gate)(const int8_t* g, const int8_t* u, size_t n, int shift, int8_t* out);

  // The challenge: y[r][c] = sum over k < 4096 of rows[r][k] * G[k][c], for c < 8.
  size_t challenge_bytes;
  void (*pack_challenge)(const int8_t* g, uint8_t* packed);
  void (*challenge_rows)(const uint8_t* rows, size_t count, const uint8_t* packed, int32_t* y);
};

// The backends that this build holds and this processor runs, fastest first; scalar is always last.
constexpr int MAX_CPU_BACKENDS = 8;
int cpu_backends(const KernelTable* out[MAX_CPU_BACKENDS]);
const KernelTable& scalar_kernels();

// Null when the build's target has no such instructions; availability is cpu_backends' business.
const KernelTable* avx2_kernels();
const KernelTable* avx_vnni_kernels();
const KernelTable* avx512_vnni_kernels();
const KernelTable* neon_kernels();
// AVX2 without the Winograd products: what they are compared with. Never offered as a backend.
const KernelTable* avx2_plain_kernels();
// The VNNI code with its one special instruction in software: for tests on any processor.
const KernelTable* emulated_avx512_vnni_kernels();
const KernelTable* emulated_avx_vnni_kernels();

}  // namespace gonka
