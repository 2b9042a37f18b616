#include "fold.hpp"

#include <algorithm>

#include "../hash/merkle.hpp"
#include "../hash/sha256.hpp"

namespace gonka {
namespace {

constexpr uint64_t WINDOW_GROUPS = 64;  // 32 MiB of rows between two ordered steps.
constexpr size_t WINDOW_ROWS = 4096;    // 16 MiB held at once while rows are hashed.

Hash prefixed_leaf(uint64_t index, ByteSpan body) {
  uint8_t head[9] = {0};
  store64(head + 1, index);
  Sha256 hasher;
  hasher.update(head);
  hasher.update(body);
  return hasher.finish();
}

}  // namespace

Hash group_leaf(uint64_t group, ByteSpan sums) { return prefixed_leaf(group, sums); }

Hash row_leaf(uint64_t row, const uint8_t* bytes) { return prefixed_leaf(row, {bytes, ROW_BYTES}); }

AlignedBuffer pack_seed(const KernelTable& kernels, const Hash& seed) {
  const Bytes g = stream_bytes(seed, {0, 0, 0x52}, 0, ROW_BYTES * 8);
  AlignedBuffer packed(kernels.challenge_bytes);
  kernels.pack_challenge(reinterpret_cast<const int8_t*>(g.data()), packed.data());
  return packed;
}

Bytes group_sums(const KernelTable& kernels, const uint8_t* rows, size_t count,
                 const uint8_t* packed_g) {
  int32_t y[GROUP_ROWS * 8];
  kernels.challenge_rows(rows, count, packed_g, y);
  Bytes sums(count * Y_BYTES);
  for (size_t i = 0; i < count * 8; i++) store32(&sums[4 * i], uint32_t(y[i]));
  return sums;
}

void for_each_group(const ModelFiles& files, const Hash& seed, const ChallengeTools& tools,
                    const LeafSink& sink) {
  const AlignedBuffer packed = pack_seed(tools.kernels, seed);
  const uint64_t groups = (files.rows() + GROUP_ROWS - 1) / GROUP_ROWS;
  std::vector<AlignedBuffer> scratch(tools.pool.size());
  for (AlignedBuffer& buffer : scratch) buffer.reserve(GROUP_ROWS * ROW_BYTES);
  std::vector<Hash> leaves(std::min(WINDOW_GROUPS, groups));
  for (uint64_t at = 0; at < groups; at += WINDOW_GROUPS) {
    const size_t count = size_t(std::min(WINDOW_GROUPS, groups - at));
    tools.pool.run(count, tools.stop, [&](size_t i, size_t worker) {
      const uint64_t group = at + i, first = group * GROUP_ROWS;
      const size_t rows = size_t(std::min<uint64_t>(GROUP_ROWS, files.rows() - first));
      uint8_t* bytes = scratch[worker].data();
      files.read_rows(first, rows, bytes);
      leaves[i] = group_leaf(group, group_sums(tools.kernels, bytes, rows, packed.data()));
      tools.progress.done += rows * ROW_BYTES;
    });
    for (size_t i = 0; i < count; i++) sink(at + i, leaves[i]);
  }
  files.check_unchanged();
}

void for_each_row(const ModelFiles& files, const ChallengeTools& tools, const LeafSink& sink,
                  const WindowSink& window) {
  const size_t window_rows = size_t(std::min<uint64_t>(WINDOW_ROWS, files.rows()));
  AlignedBuffer bytes(window_rows * ROW_BYTES);
  std::vector<Hash> leaves(window_rows);
  for (uint64_t at = 0; at < files.rows(); at += window_rows) {
    const size_t count = size_t(std::min<uint64_t>(window_rows, files.rows() - at));
    const size_t tasks = (count + GROUP_ROWS - 1) / GROUP_ROWS;
    const auto rows_of = [&](size_t task) {
      return std::min(GROUP_ROWS, count - task * GROUP_ROWS);
    };
    tools.pool.run(tasks, tools.stop, [&](size_t task, size_t) {
      const size_t first = task * GROUP_ROWS;
      files.read_rows(at + first, rows_of(task), bytes.data() + first * ROW_BYTES);
    });
    // Task 0 is the part that has an order; the leaves around it have none.
    tools.pool.run(tasks + 1, tools.stop, [&](size_t task, size_t) {
      if (task == 0) return window(at, {bytes.data(), count * ROW_BYTES});
      const size_t first = (task - 1) * GROUP_ROWS;
      for (size_t i = first; i < first + rows_of(task - 1); i++) {
        leaves[i] = row_leaf(at + i, bytes.data() + i * ROW_BYTES);
      }
    });
    for (size_t i = 0; i < count; i++) sink(at + i, leaves[i]);
    tools.progress.done += count * ROW_BYTES;
  }
  files.check_unchanged();
}

}  // namespace gonka
