// Products of blocks of rows by panels of columns on AVX2: plain, or by Winograd's form of
// Strassen's algorithm, which cuts rows, columns and depth in two each and needs seven products of
// halves instead of eight. Two levels of it save 15 of 64 multiplications.
//
// For halves A11 A12 / A21 A22 of the activations and B11 B12 / B21 B22 of the weights:
//   S1 = A21 + A22   S2 = S1 - A11   S3 = A11 - A21   S4 = A12 - S2
//   T1 = B12 - B11   T2 = B22 - T1   T3 = B22 - B12   T4 = B21 - T2
//   P1 = A11 B11   P2 = A12 B21   P3 = S2 T2   P4 = S3 T3   P5 = A22 T4   P6 = S1 T1   P7 = S4 B22
//   C11 = P1 + P2             C12 = P1 + P3 + P6 + P7
//   C21 = P1 + P3 + P4 + P5   C22 = P1 + P3 + P4 + P6
// A level makes operands at most four times as large: 2,048 after two, far below 2^15.
//
// The sums S and T are made while packing, the sums C in a tile that stays in the first caches.
#pragma once
#include "avx2-operands.hpp"
#include "kernel-table.hpp"

namespace gonka {
namespace {

// Products of `count` blocks by one panel. Each block has its own tile and room for sums beside it,
// `tile_words` further on, so that a panel's part is in the first cache for all blocks but one.
struct Run {
  size_t count, block_bytes, depth, tile_words;
};

struct TileView {
  int32_t* at;
  size_t stride;
  TileView quarter(int level, int row, int column) const {
    return {at + size_t(row * (KERNEL_ROWS << level)) * stride + size_t(column) *
                 (KERNEL_COLS << level), stride};
  }
};

template <int LEVEL>
constexpr size_t area() { return KERNEL_TILE_WORDS * power(4, LEVEL); }

template <int LEVEL>
void add_to(const Run& run, const TileView& to, const TileView& from) {
  for (size_t b = 0; b < run.count; b++) {
    for (size_t r = 0; r < (KERNEL_ROWS << LEVEL); r++) {
      int32_t* t = to.at + b * run.tile_words + r * to.stride;
      const int32_t* f = from.at + b * run.tile_words + r * from.stride;
      for (size_t c = 0; c < (KERNEL_COLS << LEVEL); c += 8) {
        store(t + c, _mm256_add_epi32(load(t + c), load(f + c)));
      }
    }
  }
}

// One product for every block; `to` names the places of the first.
inline void multiply_part(const Run& run, const uint8_t* rows, const uint8_t* panel,
                          const Destination& to) {
  for (size_t b = 0; b < run.count; b++) {
    const auto own = [&](auto* place) { return place ? place + b * run.tile_words : nullptr; };
    const uint8_t* block = rows + b * run.block_bytes;
    const uint8_t* next =
        b + 1 < run.count ? block + run.block_bytes : rows + rows_bytes(run.depth);
    multiply_kernel(block, panel, run.depth, next,
                    {own(to.start), own(to.keep), {own(to.add[0]), own(to.add[1])}, to.stride});
  }
}

// c += rows * panel; `spare` is the room behind the tile.
template <int LEVEL>
void accumulate(const Run& run, const uint8_t* rows, const uint8_t* panel, const TileView& c,
                int32_t* spare) {
  if constexpr (LEVEL == 0) {
    multiply_part(run, rows, panel, {nullptr, nullptr, {c.at, nullptr}, c.stride});
  } else {
    constexpr int H = LEVEL - 1;
    const size_t a_step = power(7, H) * rows_bytes(run.depth);
    const size_t b_step = power(7, H) * panel_part_bytes(run.depth);
    const TileView c11 = c, c12 = c.quarter(H, 0, 1), c21 = c.quarter(H, 1, 0),
                   c22 = c.quarter(H, 1, 1);
    if constexpr (LEVEL == 1) {
      int32_t* sum = spare;  // P1, then P1 + P3, then P1 + P3 + P4.
      const Destination places[7] = {{nullptr, sum, {nullptr, nullptr}, c.stride},
                                     {sum, nullptr, {c11.at, nullptr}, c.stride},
                                     {sum, sum, {c12.at, nullptr}, c.stride},
                                     {sum, sum, {c22.at, nullptr}, c.stride},
                                     {sum, nullptr, {c21.at, nullptr}, c.stride},
                                     {nullptr, nullptr, {c12.at, c22.at}, c.stride},
                                     {nullptr, nullptr, {c12.at, nullptr}, c.stride}};
      for (size_t p = 0; p < 7; p++) {
        multiply_part(run, rows + p * a_step, panel + p * b_step, places[p]);
      }
    } else {
      const TileView sum = {spare, KERNEL_COLS << H}, p6 = {spare + area<H>(), sum.stride};
      for (size_t b = 0; b < run.count; b++) {
        std::memset(spare + b * run.tile_words, 0, 2 * area<H>() * sizeof *spare);
      }
      const auto part = [&](size_t p, const TileView& to) {
        accumulate<H>(run, rows + p * a_step, panel + p * b_step, to, spare + 2 * area<H>());
      };
      part(0, sum);
      add_to<H>(run, c11, sum);
      part(1, c11);
      part(2, sum);
      add_to<H>(run, c12, sum);
      part(3, sum);
      add_to<H>(run, c21, sum);
      add_to<H>(run, c22, sum);
      part(4, c21);
      part(5, p6);
      add_to<H>(run, c12, p6);
      add_to<H>(run, c22, p6);
      part(6, c12);
    }
  }
}

// A Tiling of 6 << LEVELS rows and 16 << LEVELS columns. The depth is cut into parts whose panel
// stays in the second cache; a part that cannot be halved often enough, or is too short to gain by
// it, is multiplied plainly, kernel tile by kernel tile.
template <int LEVELS>
struct Product {
  static_assert(LEVELS == 0 || LEVELS == 2, "the room behind the tile is counted for these");
  static constexpr size_t PART_DEPTH = 1024, HALVED_DEPTH_MIN = 256;
  static constexpr int ROWS = KERNEL_ROWS << LEVELS, COLS = KERNEL_COLS << LEVELS;
  static constexpr size_t EDGE = size_t(1) << LEVELS;  // Kernel tiles along an edge.
  static constexpr size_t TILE_WORDS =
      area<LEVELS>() + (LEVELS == 2 ? 2 * area<1>() + area<0>() : 0);

  // Values from .. from + depth - 1 of k, and where their operands lie in a block and in a panel.
  struct Part {
    size_t from, depth, rows_at, panel_at;
    bool halved;

    Part(size_t start, size_t k, size_t rows_start, size_t panel_start)
        : from(start),
          depth(std::min(PART_DEPTH, k - start)),
          rows_at(rows_start),
          panel_at(panel_start),
          halved(LEVELS > 0 && depth >= HALVED_DEPTH_MIN && depth % (16 << LEVELS) == 0) {}

    size_t operands() const { return halved ? power(7, LEVELS) : EDGE; }
    size_t operand_depth() const { return halved ? depth >> LEVELS : depth; }
    size_t rows_end() const { return rows_at + operands() * rows_bytes(operand_depth()); }
    size_t panel_end() const { return panel_at + operands() * panel_part_bytes(operand_depth()); }
    Part next(size_t k) const { return {from + depth, k, rows_end(), panel_end()}; }
  };

  template <typename Each>
  static void each_part(size_t k, const Each& each) {
    for (Part part(0, k, 0, 0); part.depth > 0; part = part.next(k)) each(part);
  }

  static size_t block_bytes(size_t k) {
    size_t bytes = 0;
    each_part(k, [&](const Part& part) { bytes = part.rows_end(); });
    return bytes;
  }

  static size_t panel_bytes(size_t k) {
    size_t bytes = 0;
    each_part(k, [&](const Part& part) { bytes = part.panel_end(); });
    return bytes;
  }

  static void pack_block(const int8_t* rows, size_t stride, int valid, size_t k, uint8_t* block) {
    each_part(k, [&](const Part& part) {
      const int8_t* from = rows + part.from;
      uint8_t* to = block + part.rows_at;
      if (part.halved) return pack_rows<LEVELS>(from, stride, valid, part.operand_depth(), to);
      for (size_t i = 0; i < EDGE; i++) {
        const int first = int(i) * KERNEL_ROWS;
        pack_rows<0>(from + i * KERNEL_ROWS * stride, stride, valid - first, part.depth,
                     to + i * rows_bytes(part.depth));
      }
    });
  }

  static void pack_panel(const int8_t* weights, size_t stride, int valid, size_t k,
                         uint8_t* panel) {
    each_part(k, [&](const Part& part) {
      const int8_t* from = weights + part.from;
      uint8_t* to = panel + part.panel_at;
      if (part.halved) return pack_columns<LEVELS>(from, stride, valid, part.operand_depth(), to);
      for (size_t i = 0; i < EDGE; i++) {
        const int first = int(i) * KERNEL_COLS;
        pack_columns<0>(from + i * KERNEL_COLS * stride, stride, valid - first, part.depth,
                        to + i * panel_part_bytes(part.depth));
      }
    });
  }

  static void multiply(const uint8_t* blocks, size_t count, const uint8_t* panel, size_t k,
                       int32_t* tiles) {
    for (size_t b = 0; b < count; b++) {
      std::memset(tiles + b * TILE_WORDS, 0, area<LEVELS>() * sizeof *tiles);
    }
    const TileView tile = {tiles, COLS};
    each_part(k, [&](const Part& part) {
      const Run run = {count, block_bytes(k), part.operand_depth(), TILE_WORDS};
      const uint8_t *rows = blocks + part.rows_at, *columns = panel + part.panel_at;
      if (part.halved) {
        return accumulate<LEVELS>(run, rows, columns, tile, tiles + area<LEVELS>());
      }
      for (size_t i = 0; i < EDGE; i++) {
        for (size_t j = 0; j < EDGE; j++) {
          accumulate<0>(run, rows + i * rows_bytes(part.depth),
                        columns + j * panel_part_bytes(part.depth),
                        tile.quarter(0, int(i), int(j)), nullptr);
        }
      }
    });
  }

  static constexpr Tiling TILING = {ROWS,        COLS,       TILE_WORDS, block_bytes,
                                    panel_bytes, pack_block, pack_panel, multiply};
};

}  // namespace
}  // namespace gonka
