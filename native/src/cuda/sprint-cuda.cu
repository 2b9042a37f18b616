// The CUDA library: weights on the device where they fit (else one layer at a time), a batch of
// nonces in one pass, every error returned as text.
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "mma-product.cuh"
#include "plain-product.cuh"
#include "plugin.h"
#include "row-kernels.cuh"
#include "wgmma-product.cuh"

namespace gonka::cuda {
namespace {

void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
  }
}

class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  ~DeviceBuffer() {
    if (data_) cudaFree(data_);
  }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  void allocate(size_t bytes) {
    check(cudaMalloc(&data_, bytes), "cudaMalloc");
    bytes_ = bytes;
  }
  int8_t* values() const { return static_cast<int8_t*>(data_); }
  uint8_t* bytes() const { return static_cast<uint8_t*>(data_); }
  size_t size() const { return bytes_; }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

constexpr int TENSORS = 5;  // qkv, o, gate, up, down
enum { QKV, O, GATE, UP, DOWN };
constexpr uint32_t OUT_TENSOR = 0xFFFFFFFF;
constexpr uint32_t OUT_COLS = 256;
constexpr size_t SPARE_BYTES = size_t(512) << 20;  // Left to the driver and to others.

enum class Method { plain = 0, mma = 1, wgmma = 2 };

template <typename Kernel>
void allow_shared(Kernel* kernel, int bytes) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
        "shared memory");
}

// Throws when the device does not have the method.
Method prepare_method(int device, int wanted) {
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  const size_t shared = properties.sharedMemPerBlockOptin;
  if (wanted == 1 && properties.major >= 8 && shared >= size_t(MMA_SHARED_BYTES)) {
    allow_shared(mma_product<false>, MMA_SHARED_BYTES);
    allow_shared(mma_product<true>, MMA_SHARED_BYTES);
    return Method::mma;
  }
  if (wanted == 2 && properties.major == 9 && shared >= size_t(WGMMA_SHARED_BYTES)) {
    allow_shared(wgmma_product<false>, WGMMA_SHARED_BYTES);
    allow_shared(wgmma_product<true>, WGMMA_SHARED_BYTES);
    return Method::wgmma;
  }
  if (wanted != 0) throw std::runtime_error("the device has no such product");
  return Method::plain;
}

void launch_product(const Product& job, Method method, cudaStream_t stream) {
  const dim3 tiles(job.m / TILE_ROWS, job.n / MMA_COLS), threads(MMA_THREADS);
  if (method == Method::wgmma) {
    GONKA_LAUNCH(wgmma_product<false>, tiles, threads, WGMMA_SHARED_BYTES, stream, job);
  } else if (method == Method::mma) {
    GONKA_LAUNCH(mma_product<false>, tiles, threads, MMA_SHARED_BYTES, stream, job);
  } else {
    GONKA_LAUNCH(plain_product, dim3(job.m / PLAIN_TILE, job.n / PLAIN_TILE), dim3(PLAIN_THREADS),
                 0, stream, job);
  }
  check(cudaGetLastError(), "product");
}

// u is room for [m][n] values: the plain path keeps g and u apart.
void launch_gated(const Product& job, Method method, int8_t* u, cudaStream_t stream) {
  const dim3 tiles(job.m / TILE_ROWS, 2 * job.n / MMA_COLS), threads(MMA_THREADS);
  if (method == Method::wgmma) {
    GONKA_LAUNCH(wgmma_product<true>, tiles, threads, WGMMA_SHARED_BYTES, stream, job);
  } else if (method == Method::mma) {
    GONKA_LAUNCH(mma_product<true>, tiles, threads, MMA_SHARED_BYTES, stream, job);
  } else {
    const Product up{job.a, job.up, nullptr, u, job.m, job.n, job.k, job.shift, 0};
    launch_product(job, method, stream);
    launch_product(up, method, stream);
    const size_t count = size_t(job.m) * size_t(job.n);
    GONKA_LAUNCH(gate_values, dim3(uint32_t((count + 255) / 256)), dim3(256), 0, stream, job.c, u,
                 count, job.gate_shift);
  }
  check(cudaGetLastError(), "gated product");
}

class Engine {
 public:
  explicit Engine(const gonka_cuda_config& config);
  ~Engine() { cudaStreamDestroy(stream_); }

  void run(const uint8_t* keys, const uint64_t* nonces, uint32_t count, int8_t* outputs,
           int8_t* states);
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
  void layer(uint32_t index, uint32_t count, int8_t*& states);
  void finish_launches(const char* what) { check(cudaGetLastError(), what); }

  gonka_cuda_config config_;
  cudaStream_t stream_ = nullptr;
  Method method_ = Method::plain;
  bool resident_ = false;
  uint32_t batch_ = 0, rows_ = 0, expanded_layer_ = UINT32_MAX;
  size_t sizes_[TENSORS], layer_bytes_ = 0;
  DeviceBuffer weights_, out_weights_, x_, y_, qkv_, g_, u_, o_, keys_, nonces_;
};

uint32_t default_batch(const gonka_cuda_config& config) {
  // Enough rows to fill a large card several times over, and whole row tiles.
  const uint32_t rows = config.d >= 4096 ? 8192 : 16384;
  return rows / config.tokens;
}

Engine::Engine(const gonka_cuda_config& config) : config_(config) {
  check(cudaSetDevice(config.device), "cudaSetDevice");
  method_ = prepare_method(config.device, config.fast);
  check(cudaStreamCreate(&stream_), "cudaStreamCreate");
  batch_ = config.batch > 0 ? config.batch : default_batch(config);
  rows_ = (batch_ * config.tokens + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
  const size_t rows = rows_, d = config.d, f = config.f;
  x_.allocate(rows * d);
  y_.allocate(rows * (d > OUT_COLS ? d : OUT_COLS));
  qkv_.allocate(rows * 3 * d);
  o_.allocate(rows * d);
  g_.allocate(rows * f);
  if (method_ == Method::plain) u_.allocate(rows * f);
  keys_.allocate(size_t(batch_) * 32);
  nonces_.allocate(size_t(batch_) * 8);
  // Rows beyond the last item are multiplied with the rest and never read; they must be something.
  check(cudaMemsetAsync(x_.bytes(), 0, x_.size(), stream_), "cudaMemset");
  check(cudaMemsetAsync(o_.bytes(), 0, o_.size(), stream_), "cudaMemset");
  check(cudaMemsetAsync(qkv_.bytes(), 0, qkv_.size(), stream_), "cudaMemset");
  allocate_weights();
  check(cudaStreamSynchronize(stream_), "weights");
}

void Engine::allocate_weights() {
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

size_t Engine::memory() const {
  const DeviceBuffer* all[] = {&weights_, &out_weights_, &x_, &y_,    &qkv_,
                               &g_,       &u_,           &o_, &keys_, &nonces_};
  size_t total = 0;
  for (const DeviceBuffer* buffer : all) total += buffer->size();
  return total;
}

StreamKey stream_key(const uint8_t* bytes) {
  StreamKey key;
  for (int i = 0; i < 8; i++) {
    key.words[i] = uint32_t(bytes[4 * i]) | uint32_t(bytes[4 * i + 1]) << 8 |
                   uint32_t(bytes[4 * i + 2]) << 16 | uint32_t(bytes[4 * i + 3]) << 24;
  }
  return key;
}

void Engine::expand(uint32_t tensor, size_t weights, uint8_t* to) {
  const auto blocks = uint32_t(weights / 64);
  GONKA_LAUNCH(expand_weights, dim3((blocks + 255) / 256), dim3(256), 0, stream_,
               stream_key(config_.weights_key), tensor, blocks, to);
  finish_launches("expand_weights");
}

void Engine::expand_layer(uint32_t layer, uint8_t* to) {
  for (uint32_t i = 0; i < TENSORS; i++) {
    expand(8 * layer + i, sizes_[i], to);
    to += sizes_[i];
  }
}

const int8_t* Engine::layer_weights(uint32_t layer, int tensor) {
  size_t offset = resident_ ? layer_bytes_ * layer : 0;
  if (!resident_ && expanded_layer_ != layer) {
    expand_layer(layer, weights_.bytes());
    expanded_layer_ = layer;
  }
  for (int i = 0; i < tensor; i++) offset += sizes_[i];
  return weights_.values() + offset;
}

void Engine::product(const int8_t* a, const int8_t* b, int8_t* c, int n, int k, int shift) {
  launch_product({a, b, nullptr, c, int(rows_), n, k, shift, 0}, method_, stream_);
}

void Engine::gated_product(const int8_t* a, const int8_t* gate, const int8_t* up, int8_t* c) {
  const Product job{a,           gate,           up,
                    c,           int(rows_),     int(config_.f),
                    int(config_.d), config_.shift_d, config_.shift_h};
  launch_gated(job, method_, u_.values(), stream_);
}

// Copies x of all items to the host, state after state.
void Engine::record(uint32_t count, int8_t*& states) {
  if (!states) return;
  const size_t bytes = size_t(count) * config_.tokens * config_.d;
  check(cudaMemcpyAsync(states, x_.bytes(), bytes, cudaMemcpyDeviceToHost, stream_), "copy");
  states += bytes;
}

void Engine::layer(uint32_t index, uint32_t count, int8_t*& states) {
  const int d = int(config_.d), f = int(config_.f);
  const auto weights = [&](int tensor) { return layer_weights(index, tensor); };
  product(x_.values(), weights(QKV), qkv_.values(), 3 * d, d, config_.shift_d);
  const AttentionShape shape{int(config_.tokens), int(config_.heads), config_.shift_p,
                             config_.shift_s};
  GONKA_LAUNCH(attend, dim3(config_.heads, count), dim3(ATTENTION_THREADS), 0, stream_,
               qkv_.values(), o_.values(), shape);
  finish_launches("attend");
  product(o_.values(), weights(O), y_.values(), d, d, config_.shift_d);
  GONKA_LAUNCH(norm_rows, dim3(count * config_.tokens), dim3(NORM_THREADS), 0, stream_,
               x_.values(), y_.values(), d);
  finish_launches("norm_rows");
  record(count, states);
  gated_product(x_.values(), weights(GATE), weights(UP), g_.values());
  product(g_.values(), weights(DOWN), y_.values(), d, f, config_.shift_f);
  GONKA_LAUNCH(norm_rows, dim3(count * config_.tokens), dim3(NORM_THREADS), 0, stream_,
               x_.values(), y_.values(), d);
  finish_launches("norm_rows");
  record(count, states);
}

void Engine::run(const uint8_t* keys, const uint64_t* nonces, uint32_t count, int8_t* outputs,
                 int8_t* states) {
  if (count == 0 || count > batch_) throw std::runtime_error("the batch's size");
  check(cudaSetDevice(config_.device), "cudaSetDevice");
  std::vector<StreamKey> words;
  for (uint32_t i = 0; i < count; i++) words.push_back(stream_key(keys + size_t(i) * 32));
  check(cudaMemcpyAsync(keys_.bytes(), words.data(), size_t(count) * 32, cudaMemcpyHostToDevice,
                        stream_), "copy");
  check(cudaMemcpyAsync(nonces_.bytes(), nonces, size_t(count) * 8, cudaMemcpyHostToDevice,
                        stream_), "copy");
  const int d = int(config_.d);
  const uint32_t blocks = config_.tokens * config_.d / 64;
  GONKA_LAUNCH(expand_inputs, dim3((blocks + 255) / 256, count), dim3(256), 0, stream_,
               reinterpret_cast<const StreamKey*>(keys_.bytes()),
               reinterpret_cast<const uint64_t*>(nonces_.bytes()), blocks, x_.bytes());
  GONKA_LAUNCH(norm_rows, dim3(count * config_.tokens), dim3(NORM_THREADS), 0, stream_,
               x_.values(), static_cast<const int8_t*>(nullptr), d);
  finish_launches("inputs");
  record(count, states);
  for (uint32_t i = 0; i < config_.layers; i++) layer(i, count, states);
  product(x_.values(), out_weights_.values(), y_.values(), OUT_COLS, d, config_.shift_d);
  check(cudaMemcpyAsync(outputs, y_.bytes(), size_t(count) * config_.tokens * OUT_COLS,
                        cudaMemcpyDeviceToHost, stream_), "copy");
  check(cudaStreamSynchronize(stream_), "run");
}

void one_product(const gonka_cuda_product_job& job) {
  constexpr size_t ROWS = TILE_ROWS, COLS = MMA_COLS;
  check(cudaSetDevice(job.device), "cudaSetDevice");
  const Method method = prepare_method(job.device, job.fast);
  DeviceBuffer a, b, up, c, u;
  const auto upload = [](DeviceBuffer& to, const int8_t* from, size_t bytes) {
    to.allocate(bytes);
    if (!from) return;
    check(cudaMemcpyAsync(to.bytes(), from, bytes, cudaMemcpyHostToDevice, nullptr), "copy");
  };
  upload(a, job.a, ROWS * job.k);
  upload(b, job.b, COLS * job.k);
  upload(up, job.up, COLS * job.k);
  c.allocate(ROWS * COLS);
  u.allocate(ROWS * COLS);
  const Product product{a.values(), b.values(), up.values(), c.values(), int(ROWS), int(COLS),
                        int(job.k), job.shift,  job.gate_shift};
  if (job.up) {
    launch_gated(product, method, u.values(), nullptr);
  } else {
    launch_product(product, method, nullptr);
  }
  check(cudaMemcpyAsync(job.c, c.bytes(), ROWS * COLS, cudaMemcpyDeviceToHost, nullptr), "copy");
  check(cudaStreamSynchronize(nullptr), "product");
}

void tell(char* message, size_t bytes, const char* text) {
  if (bytes > 0) std::snprintf(message, bytes, "%s", text);
}

}  // namespace
}  // namespace gonka::cuda

struct gonka_cuda_engine {
  gonka::cuda::Engine engine;
};

#define GONKA_EXPORT extern "C" __attribute__((visibility("default")))

GONKA_EXPORT uint32_t gonka_cuda_abi(void) { return GONKA_CUDA_ABI; }

GONKA_EXPORT int32_t gonka_cuda_devices(void) {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

GONKA_EXPORT gonka_cuda_engine* gonka_cuda_create(const gonka_cuda_config* config, char* message,
                                                  size_t message_bytes) {
  try {
    return new gonka_cuda_engine{gonka::cuda::Engine(*config)};
  } catch (const std::exception& error) {
    gonka::cuda::tell(message, message_bytes, error.what());
    return nullptr;
  }
}

GONKA_EXPORT void gonka_cuda_destroy(gonka_cuda_engine* engine) { delete engine; }

GONKA_EXPORT uint32_t gonka_cuda_batch(const gonka_cuda_engine* engine) {
  return engine->engine.batch();
}

GONKA_EXPORT size_t gonka_cuda_memory(const gonka_cuda_engine* engine) {
  return engine->engine.memory();
}

GONKA_EXPORT int32_t gonka_cuda_run(gonka_cuda_engine* engine, const uint8_t* keys,
                                    const uint64_t* nonces, uint32_t count, int8_t* outputs,
                                    int8_t* states, char* message, size_t message_bytes) {
  try {
    engine->engine.run(keys, nonces, count, outputs, states);
    return 0;
  } catch (const std::exception& error) {
    gonka::cuda::tell(message, message_bytes, error.what());
    return 1;
  }
}

GONKA_EXPORT int32_t gonka_cuda_product(const gonka_cuda_product_job* job, char* message,
                                        size_t message_bytes) {
  try {
    gonka::cuda::one_product(*job);
    return 0;
  } catch (const std::exception& error) {
    gonka::cuda::tell(message, message_bytes, error.what());
    return 1;
  }
}
