// Weights of one network as packed panels: kept in memory where they fit. Where only their bytes
// fit, each worker packs a panel just before use; where not even those, it expands them as well, so
// that a large profile never holds more than one panel for each worker.
#pragma once
#include "../kernels/kernel-table.hpp"
#include "../parallel/aligned-buffer.hpp"
#include "../parallel/thread-pool.hpp"
#include "profile.hpp"
#include "seeds.hpp"

namespace gonka {

class Weights {
 public:
  Weights(const Profile& profile, const KernelTable& kernels, const Tiling& tiling, const Hash& key,
          size_t resident_limit_bytes);

  // Whether a panel costs nothing.
  bool resident() const { return kept_ == Kept::panels; }
  size_t memory_bytes() const { return store_.bytes() + scratch_bytes_; }
  // Expands what is to be kept; gives each worker its scratch.
  void prepare(ThreadPool& pool, const StopFlag& stop);
  // Panel `index` of a tensor; valid until the same worker asks for another.
  const uint8_t* panel(uint32_t layer, Tensor tensor, size_t index, size_t worker);

 private:
  enum class Kept { panels, bytes, nothing };
  struct Scratch {
    AlignedBuffer raw, packed;
  };

  size_t panels(Tensor tensor) const;
  size_t kept_bytes(Tensor tensor) const;  // Of one panel in the store.
  uint8_t* stored(uint32_t layer, Tensor tensor, size_t index) const;
  void lay_out();
  void expand(uint32_t layer, Tensor tensor, size_t index, uint8_t* raw) const;
  void pack(Tensor tensor, const uint8_t* raw, uint8_t* panel) const;

  const Profile& profile_;
  const KernelTable& kernels_;
  const Tiling& tiling_;
  std::array<uint32_t, 8> key_;
  Kept kept_ = Kept::panels;
  size_t layer_bytes_ = 0, tensor_start_[6] = {};
  size_t total_bytes_ = 0, scratch_bytes_ = 0;
  AlignedBuffer store_;
  std::vector<Scratch> scratch_;
};

}  // namespace gonka
