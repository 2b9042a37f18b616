#include "weights.hpp"

namespace gonka {
namespace {

constexpr Tensor LAYER_TENSORS[] = {Tensor::qkv, Tensor::o, Tensor::gate, Tensor::up, Tensor::down};

}  // namespace

Weights::Weights(const Profile& profile, const KernelTable& kernels, const Tiling& tiling,
                 const Hash& key, size_t resident_limit_bytes)
    : profile_(profile), kernels_(kernels), tiling_(tiling), key_(key_words(key)) {
  for (const Kept kept : {Kept::panels, Kept::bytes}) {
    kept_ = kept;
    lay_out();
    if (total_bytes_ <= resident_limit_bytes) return;
  }
  kept_ = Kept::nothing;
  total_bytes_ = 0;
}

void Weights::lay_out() {
  layer_bytes_ = 0;
  for (Tensor tensor : LAYER_TENSORS) {
    tensor_start_[size_t(tensor)] = layer_bytes_;
    layer_bytes_ += panels(tensor) * kept_bytes(tensor);
  }
  total_bytes_ = layer_bytes_ * profile_.layers + panels(Tensor::out) * kept_bytes(Tensor::out);
}

size_t Weights::panels(Tensor tensor) const {
  return tensor_shape(profile_, tensor).n / size_t(tiling_.cols);
}

size_t Weights::kept_bytes(Tensor tensor) const {
  const size_t k = tensor_shape(profile_, tensor).k;
  return kept_ == Kept::panels ? tiling_.panel_bytes(k) : size_t(tiling_.cols) * k;
}

uint8_t* Weights::stored(uint32_t layer, Tensor tensor, size_t index) const {
  const size_t start = tensor == Tensor::out
                           ? layer_bytes_ * profile_.layers
                           : layer_bytes_ * layer + tensor_start_[size_t(tensor)];
  return store_.data() + start + index * kept_bytes(tensor);
}

void Weights::expand(uint32_t layer, Tensor tensor, size_t index, uint8_t* raw) const {
  // A panel is a run of whole weight rows, so it is one run of whole superblocks.
  const size_t superblocks = size_t(tiling_.cols) * tensor_shape(profile_, tensor).k / 1024;
  const uint32_t nonce[3] = {tensor_id(layer, tensor), 0, 0x57};
  kernels_.stream(key_.data(), nonce, uint32_t(index * superblocks), superblocks, raw);
}

void Weights::pack(Tensor tensor, const uint8_t* raw, uint8_t* panel) const {
  const size_t k = tensor_shape(profile_, tensor).k;
  tiling_.pack_panel(reinterpret_cast<const int8_t*>(raw), k, tiling_.cols, k, panel);
}

void Weights::prepare(ThreadPool& pool, const StopFlag& stop) {
  scratch_.clear();
  scratch_.resize(pool.size());
  for (Scratch& s : scratch_) {
    if (kept_ != Kept::bytes) s.raw.reserve(size_t(tiling_.cols) * profile_.f);
    if (kept_ != Kept::panels) s.packed.reserve(tiling_.panel_bytes(profile_.f));
    scratch_bytes_ += s.raw.bytes() + s.packed.bytes();
  }
  if (kept_ == Kept::nothing) return;
  store_.reserve(total_bytes_);
  const auto fill = [&](uint32_t layer, Tensor tensor) {
    pool.run(panels(tensor), stop, [&](size_t i, size_t worker) {
      uint8_t* to = stored(layer, tensor, i);
      if (kept_ == Kept::bytes) return expand(layer, tensor, i, to);
      expand(layer, tensor, i, scratch_[worker].raw.data());
      pack(tensor, scratch_[worker].raw.data(), to);
    });
  };
  for (uint32_t layer = 0; layer < profile_.layers; layer++) {
    for (Tensor tensor : LAYER_TENSORS) fill(layer, tensor);
  }
  fill(0, Tensor::out);
}

const uint8_t* Weights::panel(uint32_t layer, Tensor tensor, size_t index, size_t worker) {
  if (kept_ == Kept::panels) return stored(layer, tensor, index);
  Scratch& scratch = scratch_[worker];
  if (kept_ == Kept::nothing) expand(layer, tensor, index, scratch.raw.data());
  pack(tensor, kept_ == Kept::bytes ? stored(layer, tensor, index) : scratch.raw.data(),
       scratch.packed.data());
  return scratch.packed.data();
}

}  // namespace gonka
