// Weights of one network as packed panels: kept in memory where they fit, else expanded by each
// worker just before use, so that a large profile never holds more than one panel for each worker.
#pragma once
#include "../kernels/kernel-table.hpp"
#include "../parallel/aligned-buffer.hpp"
#include "../parallel/thread-pool.hpp"
#include "profile.hpp"
#include "seeds.hpp"

namespace gonka {

class Weights {
 public:
  Weights(const Profile& profile, const KernelTable& kernels, const Hash& key,
          size_t resident_limit_bytes);

  bool resident() const { return resident_; }
  size_t memory_bytes() const { return store_.bytes() + scratch_bytes_; }
  // Expands everything when it is to be resident; gives each worker its scratch.
  void prepare(ThreadPool& pool, const StopFlag& stop);
  // Panel `index` of a tensor; valid until the same worker asks for another.
  const uint8_t* panel(uint32_t layer, Tensor tensor, size_t index, size_t worker);

 private:
  struct Scratch {
    AlignedBuffer raw, packed;
  };

  size_t panels(Tensor tensor) const;
  size_t offset(uint32_t layer, Tensor tensor, size_t index) const;
  void expand(uint32_t layer, Tensor tensor, size_t index, Scratch& scratch, uint8_t* to) const;

  const Profile& profile_;
  const KernelTable& kernels_;
  std::array<uint32_t, 8> key_;
  bool resident_;
  size_t layer_bytes_ = 0, tensor_start_[6] = {};
  size_t total_bytes_ = 0, scratch_bytes_ = 0;
  AlignedBuffer store_;
  std::vector<Scratch> scratch_;
};

}  // namespace gonka
