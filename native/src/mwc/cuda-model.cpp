#include "cuda-model.hpp"

#include <algorithm>

#include "../sprint/errors.hpp"

namespace gonka {
namespace {

constexpr size_t MESSAGE_BYTES = 256;

template <typename Call>
void must(const Call& call) {
  char message[MESSAGE_BYTES] = "";
  if (call(message, sizeof message) != 0) throw EngineError(GPU_LOST, message);
}

}  // namespace

CudaModel::CudaModel(const ModelFiles& files, const ChallengeTools& tools)
    : api_(*tools.device), files_(files), tools_(tools) {
  char message[MESSAGE_BYTES] = "";
  model_ = api_.model_create(0, files.rows(), tools.patience_ms, message, sizeof message);
  if (!model_) throw EngineError(GPU_LOST, message);
  try {
    window_rows_ = api_.model_window(model_) * GROUP_ROWS;
    window_.reserve(std::min<uint64_t>(window_rows_, files.rows() + GROUP_ROWS) * ROW_BYTES);
    self_test();
    load();
  } catch (...) {
    api_.model_destroy(model_);
    throw;
  }
}

void CudaModel::set_seed(const Hash& seed) {
  const Bytes g = stream_bytes(seed, {0, 0, 0x52}, 0, ROW_BYTES * 8);
  must([&](char* message, size_t bytes) {
    return api_.model_seed(model_, reinterpret_cast<const int8_t*>(g.data()), message, bytes);
  });
}

std::vector<Hash> CudaModel::leaves(uint64_t first_group, size_t rows_count,
                                    const uint8_t* rows) {
  std::vector<Hash> out((rows_count + GROUP_ROWS - 1) / GROUP_ROWS);
  must([&](char* message, size_t bytes) {
    return api_.model_leaves(model_, first_group, rows_count, rows, out[0].data(), message, bytes);
  });
  return out;
}

// The largest sums that there are, then random rows, against plain loops. As many rows as the model
// has, two groups at most, so that a last group of fewer rows is tested where there will be one.
void CudaModel::self_test() {
  const size_t count = size_t(std::min<uint64_t>(GROUP_ROWS + 3, files_.rows()));
  const Bytes random = stream_bytes(Hash{0x7e}, {0, 0, 0}, 0, count * ROW_BYTES);
  const auto test = [&](const char* name, const Bytes& rows, const Bytes& g) {
    must([&](char* message, size_t bytes) {
      return api_.model_seed(model_, reinterpret_cast<const int8_t*>(g.data()), message, bytes);
    });
    const KernelTable& plain = scalar_kernels();
    AlignedBuffer packed(plain.challenge_bytes);
    plain.pack_challenge(reinterpret_cast<const int8_t*>(g.data()), packed.data());
    const std::vector<Hash> got = leaves(0, count, rows.data());
    for (size_t i = 0; i < got.size(); i++) {
      const size_t part = std::min(GROUP_ROWS, count - i * GROUP_ROWS);
      const uint8_t* from = rows.data() + i * GROUP_ROWS * ROW_BYTES;
      if (got[i] != group_leaf(i, group_sums(plain, from, part, packed.data()))) {
        throw EngineError(GPU_LOST, std::string("the challenge's self-test: ") + name);
      }
    }
  };
  test("all -128 by -128", Bytes(count * ROW_BYTES, 0x80), Bytes(ROW_BYTES * 8, 0x80));
  test("random rows", random, stream_bytes(Hash{0x7f}, {0, 0, 0}, 0, ROW_BYTES * 8));
}

void CudaModel::read_window(uint64_t first, size_t count) {
  const size_t tasks = (count + GROUP_ROWS - 1) / GROUP_ROWS;
  tools_.pool.run(tasks, tools_.stop, [&](size_t task, size_t) {
    const size_t at = task * GROUP_ROWS;
    files_.read_rows(first + at, std::min(GROUP_ROWS, count - at), window_.data() + at * ROW_BYTES);
  });
}

void CudaModel::load() {
  const uint64_t resident = resident_rows();
  for (uint64_t first = 0; first < resident; first += window_rows_) {
    const size_t count = size_t(std::min<uint64_t>(window_rows_, resident - first));
    read_window(first, count);
    must([&](char* message, size_t bytes) {
      return api_.model_load(model_, first, count, window_.data(), message, bytes);
    });
  }
  files_.check_unchanged();
}

void CudaModel::for_each_group(const Hash& seed, const LeafSink& sink) {
  set_seed(seed);
  const uint64_t resident = resident_rows();
  for (uint64_t first = 0; first < files_.rows(); first += window_rows_) {
    if (tools_.stop.requested) throw Cancelled();
    const size_t count = size_t(std::min<uint64_t>(window_rows_, files_.rows() - first));
    const bool here = first + count <= resident;
    if (!here) read_window(first, count);
    const uint64_t group = first / GROUP_ROWS;
    const std::vector<Hash> part = leaves(group, count, here ? nullptr : window_.data());
    for (size_t i = 0; i < part.size(); i++) sink(group + i, part[i]);
    tools_.progress.done += count * ROW_BYTES;
  }
  files_.check_unchanged();
}

}  // namespace gonka
