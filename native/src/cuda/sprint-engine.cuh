// The Sprint's engine: weights on the device where they fit (else one layer at a time), a batch of
// nonces in one pass.
#pragma once
#include <algorithm>
#include <cstring>
#include <vector>

#include "attention.cuh"
#include "digest.cuh"
#include "plugin.h"
#include "products/method.cuh"

namespace gonka::cuda {

constexpr int TENSORS = 5;  // qkv, o, gate, up, down
enum { QKV, O, GATE, UP, DOWN };
constexpr uint32_t OUT_TENSOR = 0xFFFFFFFF;
constexpr uint32_t OUT_COLS = 256;
constexpr size_t SPARE_BYTES = size_t(512) << 20;  // Left to the driver and to others.
constexpr uint32_t PATIENCE_MS = 600'000;

class Engine {
 public:
  explicit Engine(const gonka_cuda_config& config);
  void run(const uint8_t* keys, const uint64_t* nonces, uint32_t count, int8_t* outputs,
           int8_t* states);
  uint32_t find(const uint8_t* keys, const uint64_t* nonces, uint32_t count, const int8_t* target,
                uint32_t c, gonka_cuda_hit* hits);
  uint32_t batch() const { return batch_; }
  size_t memory() const;

 private:
  void allocate_weights();
  void expand(uint32_t tensor, size_t weights, uint8_t* to);
  void expand_layer(uint32_t layer, uint8_t* to);
  const int8_t* layer_weights(uint32_t layer, int tensor);
  void product(const int8_t* a, const int8_t* b, int8_t* c, int n, int k, int shift);
  void gated_product(const int8_t* a, const int8_t* gate, const int8_t* up, int8_t* c);
  void record(uint32_t count, int8_t*& states);
  void attention(uint32_t count);
  void layer(uint32_t index, uint32_t count, int8_t*& states);
  void compute(const uint8_t* keys, const uint64_t* nonces, uint32_t count, int8_t* states);
  void finish_launches(const char* what) { check(cudaGetLastError(), what); }

  gonka_cuda_config config_;
  Stream stream_;
  Prepared method_;
  bool resident_ = false;
  uint32_t batch_ = 0, rows_ = 0, expanded_layer_ = UINT32_MAX;
  size_t sizes_[TENSORS], layer_bytes_ = 0;
  DeviceBuffer weights_, out_weights_, x_, y_, qkv_, g_, u_, o_, keys_, nonces_;
  DeviceBuffer target_, found_, hits_;
};

inline uint32_t default_batch(const gonka_cuda_config& config) {
  // Enough rows to fill a large card several times over, and whole row tiles.
  const uint32_t rows = config.d >= 4096 ? 8192 : 16384;
  return rows / config.tokens;
}

inline bool is_known_shape(const gonka_cuda_config& c) {
  const bool tokens = c.tokens == 16 || c.tokens == 32 || c.tokens == 64;
  return tokens && c.heads >= 1 && c.layers >= 1 && c.d == c.heads * HEAD && c.d % MMA_COLS == 0 &&
         c.f >= 1 && c.f % TILE_ROWS == 0 && c.batch <= 4096;
}

inline uint32_t patience_or_default(uint32_t ms) { return ms > 0 ? ms : PATIENCE_MS; }

inline Engine::Engine(const gonka_cuda_config& config)
    : config_(config), stream_(config.device, patience_or_default(config.patience_ms)) {
  if (!is_known_shape(config)) throw std::runtime_error("a shape that the kernels do not hold");
  method_ = prepare_method(config.device, config.fast);
  batch_ = config.batch > 0 ? config.batch : default_batch(config);
  rows_ = (batch_ * config.tokens + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
  const size_t rows = rows_, d = config.d, f = config.f;
  x_.allocate(rows * d);
  y_.allocate(rows * (d > OUT_COLS ? d : OUT_COLS));
  qkv_.allocate(rows * 3 * d);
  o_.allocate(rows * d);
  g_.allocate(rows * f);
  if (method_.method == Method::plain) u_.allocate(rows * f);
  keys_.allocate(size_t(batch_) * 32);
  nonces_.allocate(size_t(batch_) * 8);
  target_.allocate(OUT_COLS);
  found_.allocate(sizeof(uint32_t));
  hits_.allocate(size_t(batch_) * sizeof(FoundHit));
  // Rows beyond the last item are multiplied with the rest and never read; they must be something.
  for (const DeviceBuffer* buffer : {&x_, &o_, &qkv_}) stream_.clear(*buffer);
  allocate_weights();
  stream_.wait("weights");
}

inline void Engine::allocate_weights() {
  const size_t d = config_.d, f = config_.f;
  const size_t sizes[TENSORS] = {3 * d * d, d * d, f * d, f * d, d * f};
  for (int i = 0; i < TENSORS; i++) layer_bytes_ += sizes_[i] = sizes[i];
  size_t free_bytes = 0, total_bytes = 0;
  check(cudaMemGetInfo(&free_bytes, &total_bytes), "cudaMemGetInfo");
  resident_ = layer_bytes_ * config_.layers + SPARE_BYTES <= free_bytes;
  weights_.allocate(resident_ ? layer_bytes_ * config_.layers : layer_bytes_);
  out_weights_.allocate(OUT_COLS * d);
  expand(OUT_TENSOR, OUT_COLS * d, out_weights_.bytes());
  if (!resident_) return;
  for (uint32_t i = 0; i < config_.layers; i++) {
    expand_layer(i, weights_.bytes() + i * layer_bytes_);
  }
}

inline size_t Engine::memory() const {
  const DeviceBuffer* all[] = {&weights_, &out_weights_, &x_,      &y_,      &qkv_,   &g_,   &u_,
                               &o_,       &keys_,        &nonces_, &target_, &found_, &hits_};
  size_t total = 0;
  for (const DeviceBuffer* buffer : all) total += buffer->size();
  return total;
}

inline StreamKey stream_key(const uint8_t* bytes) {
  StreamKey key;
  for (int i = 0; i < 8; i++) {
    key.words[i] = uint32_t(bytes[4 * i]) | uint32_t(bytes[4 * i + 1]) << 8 |
                   uint32_t(bytes[4 * i + 2]) << 16 | uint32_t(bytes[4 * i + 3]) << 24;
  }
  return key;
}

inline void Engine::expand(uint32_t tensor, size_t weights, uint8_t* to) {
  const auto blocks = uint32_t(weights / 64);
  GONKA_LAUNCH(expand_weights, dim3((blocks + 255) / 256), dim3(256), 0, stream_.get(),
               stream_key(config_.weights_key), tensor, blocks, to);
  finish_launches("expand_weights");
}

inline void Engine::expand_layer(uint32_t layer, uint8_t* to) {
  for (uint32_t i = 0; i < TENSORS; i++) {
    expand(8 * layer + i, sizes_[i], to);
    to += sizes_[i];
  }
}

inline const int8_t* Engine::layer_weights(uint32_t layer, int tensor) {
  size_t offset = resident_ ? layer_bytes_ * layer : 0;
  if (!resident_ && expanded_layer_ != layer) {
    expanded_layer_ = UINT32_MAX;  // Half a layer is none, should the next line fail.
    expand_layer(layer, weights_.bytes());
    expanded_layer_ = layer;
  }
  for (int i = 0; i < tensor; i++) offset += sizes_[i];
  return weights_.values() + offset;
}

inline void Engine::product(const int8_t* a, const int8_t* b, int8_t* c, int n, int k, int shift) {
  launch_product({a, b, nullptr, c, int(rows_), n, k, shift, 0}, method_, stream_.get());
}

inline void Engine::gated_product(const int8_t* a, const int8_t* gate, const int8_t* up,
                                  int8_t* c) {
  const Product job{a,           gate,           up,
                    c,           int(rows_),     int(config_.f),
                    int(config_.d), config_.shift_d, config_.shift_h};
  launch_gated(job, method_, u_.values(), stream_.get());
}

// Copies x of all items to the host, state after state.
inline void Engine::record(uint32_t count, int8_t*& states) {
  if (!states) return;
  const size_t bytes = size_t(count) * config_.tokens * config_.d;
  stream_.download(states, x_.bytes(), bytes, "trace");
  states += bytes;
}

inline void Engine::attention(uint32_t count) {
  const AttentionShape shape{int(config_.tokens), int(config_.heads), config_.shift_p,
                             config_.shift_s};
  const dim3 grid(config_.heads, count), threads(ATTENTION_THREADS);
  // The plain method stays plain throughout: it is what the others are compared with.
  if (method_.has_tensor_cores && method_.method != Method::plain) {
    GONKA_LAUNCH(attend_fast, grid, threads, 0, stream_.get(), qkv_.values(), o_.values(), shape);
  } else {
    GONKA_LAUNCH(attend, grid, threads, 0, stream_.get(), qkv_.values(), o_.values(), shape);
  }
  finish_launches("attend");
}

inline void Engine::layer(uint32_t index, uint32_t count, int8_t*& states) {
  const int d = int(config_.d), f = int(config_.f);
  const auto weights = [&](int tensor) { return layer_weights(index, tensor); };
  product(x_.values(), weights(QKV), qkv_.values(), 3 * d, d, config_.shift_d);
  attention(count);
  product(o_.values(), weights(O), y_.values(), d, d, config_.shift_d);
  GONKA_LAUNCH(norm_rows, dim3(count * config_.tokens), dim3(NORM_THREADS), 0, stream_.get(),
               x_.values(), y_.values(), d);
  finish_launches("norm_rows");
  record(count, states);
  gated_product(x_.values(), weights(GATE), weights(UP), g_.values());
  product(g_.values(), weights(DOWN), y_.values(), d, f, config_.shift_f);
  GONKA_LAUNCH(norm_rows, dim3(count * config_.tokens), dim3(NORM_THREADS), 0, stream_.get(),
               x_.values(), y_.values(), d);
  finish_launches("norm_rows");
  record(count, states);
}

// O of every item, in y_.
inline void Engine::compute(const uint8_t* keys, const uint64_t* nonces, uint32_t count,
                            int8_t* states) {
  if (count == 0 || count > batch_) throw std::runtime_error("the batch's size");
  check(cudaSetDevice(config_.device), "cudaSetDevice");
  std::vector<StreamKey> words;
  for (uint32_t i = 0; i < count; i++) words.push_back(stream_key(keys + size_t(i) * 32));
  stream_.upload(keys_.bytes(), words.data(), size_t(count) * 32);
  stream_.upload(nonces_.bytes(), nonces, size_t(count) * 8);
  const int d = int(config_.d);
  const uint32_t blocks = config_.tokens * config_.d / 64;
  GONKA_LAUNCH(expand_inputs, dim3((blocks + 255) / 256, count), dim3(256), 0, stream_.get(),
               reinterpret_cast<const StreamKey*>(keys_.bytes()),
               reinterpret_cast<const uint64_t*>(nonces_.bytes()), blocks, x_.bytes());
  GONKA_LAUNCH(norm_rows, dim3(count * config_.tokens), dim3(NORM_THREADS), 0, stream_.get(),
               x_.values(), static_cast<const int8_t*>(nullptr), d);
  finish_launches("inputs");
  record(count, states);
  for (uint32_t i = 0; i < config_.layers; i++) layer(i, count, states);
  product(x_.values(), out_weights_.values(), y_.values(), OUT_COLS, d, config_.shift_d);
}

inline void Engine::run(const uint8_t* keys, const uint64_t* nonces, uint32_t count,
                        int8_t* outputs, int8_t* states) {
  compute(keys, nonces, count, states);
  stream_.download(outputs, y_.bytes(), size_t(count) * config_.tokens * OUT_COLS, "run");
}

inline uint32_t Engine::find(const uint8_t* keys, const uint64_t* nonces, uint32_t count,
                             const int8_t* target, uint32_t c, gonka_cuda_hit* hits) {
  uint64_t t2 = 0;
  for (uint32_t i = 0; i < OUT_COLS; i++) t2 += uint64_t(int32_t(target[i]) * target[i]);
  const HitRule rule{target_.values(), uint64_t(c) * c * t2, int(config_.tokens)};
  stream_.upload(target_.bytes(), target, OUT_COLS);
  stream_.clear(found_);
  compute(keys, nonces, count, nullptr);
  GONKA_LAUNCH(find_hits, dim3(count), dim3(DIGEST_THREADS), 0, stream_.get(),
               reinterpret_cast<const StreamKey*>(keys_.bytes()),
               reinterpret_cast<const uint64_t*>(nonces_.bytes()), y_.values(), rule,
               found_.words(), reinterpret_cast<FoundHit*>(hits_.bytes()));
  finish_launches("find_hits");
  uint32_t found = 0;
  stream_.download(&found, found_.bytes(), sizeof found, "hits");
  if (found > count) throw std::runtime_error("more hits than items");
  std::vector<FoundHit> list(found);
  if (found > 0) stream_.download(list.data(), hits_.bytes(), found * sizeof(FoundHit), "hits");
  std::sort(list.begin(), list.end(),
            [](const FoundHit& a, const FoundHit& b) { return a.item < b.item; });
  for (uint32_t i = 0; i < found; i++) {
    if (list[i].item >= count) throw std::runtime_error("a hit of no item");
    hits[i].item = list[i].item;
    for (int byte = 0; byte < 32; byte++) {
      hits[i].digest[byte] = uint8_t(list[i].digest[byte / 4] >> (byte % 4 * 8));
    }
  }
  return found;
}

}  // namespace gonka::cuda
