#include "cpu-runner.hpp"

#include <algorithm>

#include "../hash/blake3.hpp"

namespace gonka {
namespace {

constexpr size_t GROUP_COLS = 64;  // Columns of a task: one cache line of each output row.
constexpr size_t HEAD = 128;
// Blocks that share a panel while it is in the first cache; their tiles fit into the second.
constexpr size_t BLOCKS_AT_ONCE = 8;
// Panels of the large tiling cost more to pack: it has to pay within a batch.
constexpr size_t LARGE_TILING_ROWS_MIN = 256;

size_t batch_size(const Profile& profile, const CpuOptions& options) {
  if (options.batch > 0) return options.batch;
  switch (profile.code) {
    case 'T': return 64;
    case 'C': return 64;
    default: return 32;
  }
}

}  // namespace

CpuRunner::CpuRunner(const Profile& profile, const KernelTable& kernels, const Hash& weights_key,
                     const CpuOptions& options, const StopFlag& stop)
    : profile_(profile),
      kernels_(kernels),
      tiling_(batch_size(profile, options) * profile.tokens < LARGE_TILING_ROWS_MIN
                  ? kernels.small
                  : kernels.large),
      pool_(options.threads),
      weights_(profile, kernels, tiling_, weights_key, options.resident_limit_bytes),
      batch_(batch_size(profile, options)),
      scratch_(pool_.size()) {
  weights_.prepare(pool_, stop);
  const size_t tokens = profile.tokens;
  for (Scratch& s : scratch_) {
    s.tile.reserve(std::max(kernels.small.tile_words,
                            BLOCKS_AT_ONCE * tiling_.tile_words) * sizeof(int32_t));
    s.rows.reserve(HEAD * tokens);
    s.block.reserve(kernels.small.block_bytes(HEAD));
    s.panel.reserve(kernels.small.panel_bytes(HEAD));
    s.values.reserve(tokens * tokens);
  }
  reserve(batch_);
}

size_t CpuRunner::memory_bytes() const {
  const AlignedBuffer* all[] = {&x_, &y_, &qkv_, &g_, &u_, &packed_};
  size_t total = weights_.memory_bytes();
  for (const AlignedBuffer* buffer : all) total += buffer->bytes();
  return total;
}

void CpuRunner::reserve(size_t items) {
  items_ = items;
  rows_ = items * profile_.tokens;
  const size_t d = profile_.d, f = profile_.f, block_rows = size_t(tiling_.rows);
  const size_t blocks = (rows_ + block_rows - 1) / block_rows;
  x_.reserve(rows_ * d);
  y_.reserve(rows_ * d);
  qkv_.reserve(rows_ * 3 * d);
  g_.reserve(rows_ * f);
  u_.reserve(rows_ * f);
  packed_.reserve(blocks * tiling_.block_bytes(f));
}

void CpuRunner::run(std::span<const NonceItem> items, int8_t* outputs, Hash* trace,
                    const StopFlag& stop) {
  for (size_t at = 0; at < items.size(); at += batch_) {
    const size_t count = std::min(batch_, items.size() - at);
    run_batch(items.subspan(at, count), outputs + at * profile_.output_bytes(),
              trace ? trace + at * profile_.trace_states() : nullptr, stop);
  }
}

void CpuRunner::run_batch(std::span<const NonceItem> items, int8_t* outputs, Hash* trace,
                          const StopFlag& stop) {
  reserve(items.size());
  const Shifts& shift = profile_.shift;
  const size_t d = profile_.d;
  const size_t state_bytes = profile_.tokens * d;
  embed(items, stop);
  record(trace, 0, x_.values(), state_bytes, stop);
  for (uint32_t layer = 0; layer < profile_.layers; layer++) {
    pack(x_.values(), d, stop);
    const Product qkv[] = {{Tensor::qkv, shift.d, qkv_.values()}};
    multiply(layer, qkv, stop);
    pool_.run(items_ * profile_.heads, stop, [&](size_t task, size_t worker) {
      attend(task / profile_.heads, task % profile_.heads, worker);
    });
    pack(u_.values(), d, stop);
    const Product o[] = {{Tensor::o, shift.d, y_.values()}};
    multiply(layer, o, stop);
    add_and_norm(stop);
    record(trace, 1 + 2 * size_t(layer), x_.values(), state_bytes, stop);
    pack(x_.values(), d, stop);
    const Product gates[] = {{Tensor::gate, shift.d, g_.values()},
                             {Tensor::up, shift.d, u_.values()}};
    multiply(layer, gates, stop);
    gate_and_pack(stop);
    const Product down[] = {{Tensor::down, shift.f, y_.values()}};
    multiply(layer, down, stop);
    add_and_norm(stop);
    record(trace, 2 + 2 * size_t(layer), x_.values(), state_bytes, stop);
  }
  pack(x_.values(), d, stop);
  const Product out[] = {{Tensor::out, shift.d, outputs}};
  multiply(0, out, stop);
  record(trace, 1 + 2 * size_t(profile_.layers), outputs, profile_.output_bytes(), stop);
}

void CpuRunner::embed(std::span<const NonceItem> items, const StopFlag& stop) {
  const size_t bytes = size_t(profile_.tokens) * profile_.d;
  pool_.run(items.size(), stop, [&](size_t i, size_t) {
    const auto key = key_words(items[i].input_key);
    const uint64_t id = items[i].nonce;
    const uint32_t nonce[3] = {uint32_t(id), uint32_t(id >> 32), 0x58};
    int8_t* x = x_.values() + i * bytes;
    kernels_.stream(key.data(), nonce, 0, bytes / 1024, reinterpret_cast<uint8_t*>(x));
    for (size_t k = 0; k < bytes; k++) x[k] = int8_t(x[k] >> 1);
    for (size_t s = 0; s < profile_.tokens; s++) {
      int8_t* row = x + s * profile_.d;
      kernels_.norm(row, nullptr, profile_.d, row);
    }
  });
}

void CpuRunner::pack(const int8_t* from, size_t k, const StopFlag& stop) {
  const size_t block_rows = size_t(tiling_.rows), bytes = tiling_.block_bytes(k);
  pool_.run((rows_ + block_rows - 1) / block_rows, stop, [&](size_t block, size_t) {
    const size_t first = block * block_rows;
    const int valid = int(std::min(block_rows, rows_ - first));
    tiling_.pack_block(from + first * k, k, valid, k, packed_.data() + block * bytes);
  });
}

// Tasks are groups of columns. Long columns are cut as well where a tensor has too few groups to
// feed every thread; where panels are not in memory, a cut costs one more expansion of its panel.
void CpuRunner::multiply(uint32_t layer, std::span<const Product> products, const StopFlag& stop) {
  const size_t groups = tensor_shape(profile_, products[0].tensor).n / GROUP_COLS;
  const size_t block_rows = size_t(tiling_.rows);
  const size_t blocks = (rows_ + block_rows - 1) / block_rows;
  const size_t tasks_wanted = (weights_.resident() ? 4 : 1) * pool_.size();
  size_t cuts = 1;
  while (cuts * groups * products.size() < tasks_wanted && cuts * BLOCKS_AT_ONCE < blocks) {
    cuts *= 2;
  }
  pool_.run(cuts * groups * products.size(), stop, [&](size_t task, size_t worker) {
    const size_t cut = task % cuts, group = task / cuts % groups;
    column_group(layer, products[task / cuts / groups], group, blocks * cut / cuts,
                 blocks * (cut + 1) / cuts, worker);
  });
}

void CpuRunner::column_group(uint32_t layer, const Product& product, size_t group,
                             size_t first_block, size_t end_block, size_t worker) {
  const Shape shape = tensor_shape(profile_, product.tensor);
  const size_t cols = size_t(tiling_.cols), block_rows = size_t(tiling_.rows);
  const size_t block_bytes = tiling_.block_bytes(shape.k);
  auto* tiles = reinterpret_cast<int32_t*>(scratch_[worker].tile.data());
  for (size_t panel = group * GROUP_COLS / cols; panel < (group + 1) * GROUP_COLS / cols; panel++) {
    const uint8_t* weights = weights_.panel(layer, product.tensor, panel, worker);
    for (size_t block = first_block; block < end_block; block += BLOCKS_AT_ONCE) {
      const size_t count = std::min(BLOCKS_AT_ONCE, end_block - block);
      tiling_.multiply(packed_.data() + block * block_bytes, count, weights, shape.k, tiles);
      for (size_t i = 0; i < count; i++) {
        const size_t first = (block + i) * block_rows;
        kernels_.requantise(tiles + i * tiling_.tile_words, tiling_.cols,
                            int(std::min(block_rows, rows_ - first)), tiling_.cols, product.shift,
                            product.out + first * shape.n + panel * cols, shape.n);
      }
    }
  }
}

// out[i][j] = Q(sum over k of x[i][k] * w[j][k], shift) for all tokens i and j < n.
void CpuRunner::small_product(const int8_t* x, size_t x_stride, const int8_t* w, size_t w_stride,
                              size_t n, size_t k, int shift, int8_t* out, size_t out_stride,
                              Scratch& scratch) {
  const Tiling& tiling = kernels_.small;
  const size_t tokens = profile_.tokens, cols = size_t(tiling.cols);
  const size_t block_rows = size_t(tiling.rows);
  auto* tile = reinterpret_cast<int32_t*>(scratch.tile.data());
  for (size_t c = 0; c < n; c += cols) {
    const int valid_cols = int(std::min(cols, n - c));
    tiling.pack_panel(w + c * w_stride, w_stride, valid_cols, k, scratch.panel.data());
    for (size_t r = 0; r < tokens; r += block_rows) {
      const int valid = int(std::min(block_rows, tokens - r));
      tiling.pack_block(x + r * x_stride, x_stride, valid, k, scratch.block.data());
      tiling.multiply(scratch.block.data(), 1, scratch.panel.data(), k, tile);
      kernels_.requantise(tile, tiling.cols, valid, valid_cols, shift, out + r * out_stride + c,
                          out_stride);
    }
  }
}

// One head of one nonce; the result goes to u_, which is free until the gate.
void CpuRunner::attend(size_t item, size_t head, size_t worker) {
  Scratch& scratch = scratch_[worker];
  const size_t tokens = profile_.tokens, d = profile_.d, stride = 3 * d;
  const int8_t* q = qkv_.values() + item * tokens * stride + head * HEAD;
  const int8_t* k = q + d;
  const int8_t* v = q + 2 * d;
  int8_t* p = scratch.values.values();
  small_product(q, stride, k, stride, tokens, HEAD, profile_.shift.p, p, tokens, scratch);
  int8_t* transposed = scratch.rows.values();
  for (size_t r = 0; r < tokens; r++) {
    for (size_t c = 0; c < HEAD; c++) transposed[c * tokens + r] = v[r * stride + c];
  }
  int8_t* o = u_.values() + item * tokens * d + head * HEAD;
  small_product(p, tokens, transposed, tokens, HEAD, tokens, profile_.shift.s, o, d, scratch);
}

void CpuRunner::gate_and_pack(const StopFlag& stop) {
  const size_t f = profile_.f, block_rows = size_t(tiling_.rows);
  const size_t bytes = tiling_.block_bytes(f);
  pool_.run((rows_ + block_rows - 1) / block_rows, stop, [&](size_t block, size_t) {
    const size_t first = block * block_rows, valid = std::min(block_rows, rows_ - first);
    int8_t* g = g_.values() + first * f;
    kernels_.gate(g, u_.values() + first * f, valid * f, profile_.shift.h, g);
    tiling_.pack_block(g, f, int(valid), f, packed_.data() + block * bytes);
  });
}

void CpuRunner::add_and_norm(const StopFlag& stop) {
  const size_t d = profile_.d, tokens = profile_.tokens;
  pool_.run(items_, stop, [&](size_t item, size_t) {
    for (size_t s = 0; s < tokens; s++) {
      int8_t* row = x_.values() + (item * tokens + s) * d;
      kernels_.norm(row, y_.values() + (item * tokens + s) * d, d, row);
    }
  });
}

void CpuRunner::record(Hash* trace, size_t state, const int8_t* from, size_t bytes,
                       const StopFlag& stop) {
  if (!trace) return;
  pool_.run(items_, stop, [&](size_t item, size_t) {
    trace[item * profile_.trace_states() + state] =
        blake3({reinterpret_cast<const uint8_t*>(from) + item * bytes, bytes});
  });
}

}  // namespace gonka
