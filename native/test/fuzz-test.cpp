// Every backend against plain loops on random tiles. GONKA_FUZZ_TILES sets the number for each
// backend (`make fuzz` takes 1000000; a tenth for those in software, which are slow) and
// GONKA_FUZZ_SEED the start; both are printed.
#include <random>

#include "fixtures.hpp"

namespace gonka::test {
namespace {

struct Packed {
  AlignedBuffer block, panel;
  std::vector<int32_t> tiles;

  Packed(const Tiling& tiling, size_t k, size_t blocks)
      : block(blocks * tiling.block_bytes(k)),
        panel(tiling.panel_bytes(k)),
        tiles(blocks * tiling.tile_words) {}
};

struct Draw {
  std::mt19937_64 random;
  uint64_t below(uint64_t n) { return random() % n; }

  // Uniform, extreme, sparse or constant rows: extremes find lost bits, sparse rows lost places.
  std::vector<int8_t> bytes(size_t n, bool activation) {
    std::vector<int8_t> out(n);
    const uint64_t kind = below(4);
    const int8_t lowest = activation ? -127 : -128;
    for (int8_t& b : out) {
      const auto any = int8_t(random());
      if (kind == 0) b = any;
      if (kind == 1) b = below(2) ? int8_t(127) : lowest;
      if (kind == 2) b = below(50) ? int8_t(0) : any;
      if (kind == 3) b = below(100) ? int8_t(127) : any;
      if (activation && b == -128) b = -127;
    }
    return out;
  }
};

int32_t dot(const int8_t* x, const int8_t* w, size_t k) {
  int32_t sum = 0;
  for (size_t i = 0; i < k; i++) sum += int32_t(x[i]) * w[i];
  return sum;
}

// One to three blocks by one panel, with tails, against plain loops.
void one_product(const KernelTable& kernels, const Tiling& tiling, Draw& draw,
                 const std::string& which) {
  const size_t k = 16 * (1 + draw.below(draw.below(8) ? 24 : 192)), blocks = 1 + draw.below(3);
  const size_t block_rows = size_t(tiling.rows), tile_cols = size_t(tiling.cols);
  const size_t rows = (blocks - 1) * block_rows + 1 + draw.below(block_rows);
  const size_t cols = 1 + draw.below(tile_cols);
  const size_t stride = k + draw.below(64);
  const auto x = draw.bytes(rows * stride, true), w = draw.bytes(cols * stride, false);
  Packed packed(tiling, k, blocks);
  for (size_t b = 0; b < blocks; b++) {
    const size_t valid = std::min(block_rows, rows - b * block_rows);
    tiling.pack_block(x.data() + b * block_rows * stride, stride, int(valid), k,
                      packed.block.data() + b * tiling.block_bytes(k));
  }
  tiling.pack_panel(w.data(), stride, int(cols), k, packed.panel.data());
  tiling.multiply(packed.block.data(), blocks, packed.panel.data(), k, packed.tiles.data());
  const int shift = 4 + int(draw.below(10));
  std::vector<int8_t> out(rows * cols), wanted(rows * cols);
  for (size_t r = 0; r < rows; r++) {
    const int32_t* row = packed.tiles.data() + r / block_rows * tiling.tile_words +
                         r % block_rows * tile_cols;
    kernels.requantise(row, tiling.cols, 1, int(cols), shift, &out[r * cols], cols);
    for (size_t c = 0; c < cols; c++) {
      const int64_t sum = dot(&x[r * stride], &w[c * stride], k);
      same(int64_t(row[c]), sum, which + ": product");
      const int64_t q = (sum + (int64_t(1) << (shift - 1))) >> shift;
      wanted[r * cols + c] = int8_t(q > 127 ? 127 : q < -127 ? -127 : q);
    }
  }
  same(out, wanted, which + ": requantised");
}

void one_row(const KernelTable& kernels, Draw& draw, const std::string& which) {
  const KernelTable& plain = scalar_kernels();
  const size_t n = 16 * (1 + draw.below(64));
  const auto a = draw.bytes(n, true), b = draw.bytes(n, true);
  std::vector<int8_t> got(n), wanted(n);
  kernels.norm(a.data(), b.data(), n, got.data());
  plain.norm(a.data(), b.data(), n, wanted.data());
  same(got, wanted, which + ": N of a sum");
  kernels.norm(a.data(), nullptr, n, got.data());
  plain.norm(a.data(), nullptr, n, wanted.data());
  same(got, wanted, which + ": N");
  kernels.gate(a.data(), b.data(), n, 5, got.data());
  plain.gate(a.data(), b.data(), n, 5, wanted.data());
  same(got, wanted, which + ": gate");
}

}  // namespace

TEST("fuzz: random tiles, rows and gates of every backend against plain loops") {
  const uint64_t tiles = setting("GONKA_FUZZ_TILES", 1500);
  const uint64_t seed = setting("GONKA_FUZZ_SEED", std::random_device{}());
  std::printf("    %llu tiles for each backend, seed %llu\n", (unsigned long long)tiles,
              (unsigned long long)seed);
  for (const KernelTable* table : tables()) {
    Draw draw{std::mt19937_64(seed)};
    const uint64_t own = is_emulated(*table) && tiles > 100000 ? tiles / 10 : tiles;
    for (uint64_t i = 0; i < own; i++) {
      const std::string which = std::string(table->name) + ", tile " + std::to_string(i);
      one_product(*table, i % 2 ? table->small : table->large, draw, which);
      if (i % 8 == 0) one_row(*table, draw, which);
    }
  }
}

TEST("fuzz: challenge rows of every backend against plain loops, all tails") {
  Draw draw{std::mt19937_64(setting("GONKA_FUZZ_SEED", 11))};
  for (const KernelTable* table : tables()) {
    for (size_t count = 1; count <= 9; count++) {
      const auto rows = draw.bytes(count * 4096, false), g = draw.bytes(4096 * 8, false);
      AlignedBuffer packed(table->challenge_bytes);
      std::vector<int32_t> y(count * 8);
      table->pack_challenge(g.data(), packed.data());
      table->challenge_rows(reinterpret_cast<const uint8_t*>(rows.data()), count, packed.data(),
                            y.data());
      for (size_t i = 0; i < y.size(); i++) {
        int32_t sum = 0;
        for (size_t k = 0; k < 4096; k++) sum += rows[i / 8 * 4096 + k] * g[k * 8 + i % 8];
        same(y[i], sum, std::string(table->name) + ", " + std::to_string(count) + " rows");
      }
    }
  }
}

TEST("stream: every backend equals the portable one at any superblock") {
  for (const KernelTable* table : tables()) {
    const uint32_t key[8] = {1, 2, 3, 4, 5, 6, 7, 8}, nonce[3] = {9, 10, 0x57};
    for (const uint32_t first : {0u, 1u, 1000u, 0x0ffffff0u}) {
      Bytes got(5 * 1024), wanted(5 * 1024);
      table->stream(key, nonce, first, 5, got.data());
      scalar_kernels().stream(key, nonce, first, 5, wanted.data());
      same(got, wanted, table->name);
    }
  }
}

}  // namespace gonka::test
