#include "weights.hpp"

namespace gonka {
namespace {

constexpr Tensor LAYER_TENSORS[] = {Tensor::qkv, Tensor::o, Tensor::gate, Tensor::up, Tensor::down};

}  // namespace

Weights::Weights(const Profile& profile, const KernelTable& kernels, const Hash& key,
                 size_t resident_limit_bytes)
    : profile_(profile), kernels_(kernels), key_(key_words(key)) {
  for (Tensor tensor : LAYER_TENSORS) {
    tensor_start_[size_t(tensor)] = layer_bytes_;
    layer_bytes_ += panels(tensor) * kernels.large.panel_bytes(tensor_shape(profile, tensor).k);
  }
  total_bytes_ = layer_bytes_ * profile.layers +
                 panels(Tensor::out) * kernels.large.panel_bytes(tensor_shape(profile, Tensor::out).k);
  resident_ = total_bytes_ <= resident_limit_bytes;
}

size_t Weights::panels(Tensor tensor) const {
  return tensor_shape(profile_, tensor).n / size_t(kernels_.large.cols);
}

size_t Weights::offset(uint32_t layer, Tensor tensor, size_t index) const {
  const size_t start = tensor == Tensor::out
                           ? layer_bytes_ * profile_.layers
                           : layer_bytes_ * layer + tensor_start_[size_t(tensor)];
  return start + index * kernels_.large.panel_bytes(tensor_shape(profile_, tensor).k);
}

void Weights::expand(uint32_t layer, Tensor tensor, size_t index, Scratch& scratch,
                     uint8_t* to) const {
  // A panel is a run of whole weight rows, so it is one run of whole superblocks.
  const size_t k = tensor_shape(profile_, tensor).k;
  const size_t superblocks = size_t(kernels_.large.cols) * k / 1024;
  const uint32_t nonce[3] = {tensor_id(layer, tensor), 0, 0x57};
  kernels_.stream(key_.data(), nonce, uint32_t(index * superblocks), superblocks,
                  scratch.raw.data());
  kernels_.large.pack_panel(scratch.raw.values(), k, kernels_.large.cols, k, to);
}

void Weights::prepare(ThreadPool& pool, const StopFlag& stop) {
  const size_t raw = size_t(kernels_.large.cols) * profile_.f;
  scratch_.clear();
  scratch_.resize(pool.size());
  for (Scratch& s : scratch_) {
    s.raw.reserve(raw);
    if (!resident_) s.packed.reserve(kernels_.large.panel_bytes(profile_.f));
    scratch_bytes_ += s.raw.bytes() + s.packed.bytes();
  }
  if (!resident_) return;
  store_.reserve(total_bytes_);
  for (uint32_t layer = 0; layer < profile_.layers; layer++) {
    for (Tensor tensor : LAYER_TENSORS) {
      pool.run(panels(tensor), stop, [&](size_t i, size_t worker) {
        expand(layer, tensor, i, scratch_[worker], store_.data() + offset(layer, tensor, i));
      });
    }
  }
  pool.run(panels(Tensor::out), stop, [&](size_t i, size_t worker) {
    expand(0, Tensor::out, i, scratch_[worker], store_.data() + offset(0, Tensor::out, i));
  });
}

const uint8_t* Weights::panel(uint32_t layer, Tensor tensor, size_t index, size_t worker) {
  if (resident_) return store_.data() + offset(layer, tensor, index);
  Scratch& scratch = scratch_[worker];
  expand(layer, tensor, index, scratch, scratch.packed.data());
  return scratch.packed.data();
}

}  // namespace gonka
