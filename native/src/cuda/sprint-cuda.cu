// The CUDA library's C functions: every error becomes text.
#include <cstdio>
#include <cstring>

#include "challenge-engine.cuh"
#include "plugin.h"
#include "sprint-engine.cuh"

namespace gonka::cuda {
namespace {

void one_product(const gonka_cuda_product_job& job) {
  constexpr size_t ROWS = TILE_ROWS, COLS = MMA_COLS;
  const Stream stream(job.device, PATIENCE_MS);
  const Prepared device = prepare_method(job.device, job.fast);
  DeviceBuffer a, b, up, c, u;
  const auto upload = [&](DeviceBuffer& to, const int8_t* from, size_t bytes) {
    to.allocate(bytes);
    if (from) stream.upload(to.bytes(), from, bytes);
  };
  upload(a, job.a, ROWS * job.k);
  upload(b, job.b, COLS * job.k);
  upload(up, job.up, COLS * job.k);
  c.allocate(ROWS * COLS);
  u.allocate(ROWS * COLS);
  const Product product{a.values(), b.values(), up.values(), c.values(), int(ROWS), int(COLS),
                        int(job.k), job.shift,  job.gate_shift};
  if (job.up) {
    launch_gated(product, device, u.values(), stream.get());
  } else {
    launch_product(product, device, stream.get());
  }
  stream.download(job.c, c.bytes(), ROWS * COLS, "product");
}

struct Event {
  cudaEvent_t event = nullptr;
  Event() { check(cudaEventCreate(&event), "cudaEventCreate"); }
  ~Event() {
    if (!device_silent) cudaEventDestroy(event);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
};

// Bytes that are not all alike: power, and with it the clock, depends on them.
void fill_with_stream(const DeviceBuffer& buffer, uint32_t id, const Stream& stream) {
  const StreamKey key{{id, 0x7261, 0x7465, 0, 0, 0, 0, 0}};
  const auto blocks = uint32_t(buffer.size() / 64);
  GONKA_LAUNCH(expand_weights, dim3((blocks + 255) / 256), dim3(256), 0, stream.get(), key, id,
               blocks, buffer.bytes());
  check(cudaGetLastError(), "expand_weights");
}

double product_gops(const gonka_cuda_rate_job& job) {
  if (job.m % TILE_ROWS != 0 || job.n % MMA_COLS != 0 || job.k % 128 != 0 || job.m == 0 ||
      job.n == 0 || job.k == 0 || job.rounds == 0) {
    throw std::runtime_error("a shape that the kernels do not hold");
  }
  const Stream stream(job.device, PATIENCE_MS);
  const Prepared device = prepare_method(job.device, job.fast);
  DeviceBuffer a, b, c;
  a.allocate(size_t(job.m) * job.k);
  b.allocate(size_t(job.n) * job.k);
  c.allocate(size_t(job.m) * job.n);
  fill_with_stream(a, 1, stream);
  fill_with_stream(b, 2, stream);
  const Product product{a.values(), b.values(), nullptr, c.values(), int(job.m), int(job.n),
                        int(job.k), 12, 0};
  launch_product(product, device, stream.get());  // The first run of a kernel also loads it.
  stream.wait("rate");
  const Event start, end;
  float best = 0;
  for (uint32_t round = 0; round < job.rounds; round++) {
    check(cudaEventRecord(start.event, stream.get()), "cudaEventRecord");
    launch_product(product, device, stream.get());
    check(cudaEventRecord(end.event, stream.get()), "cudaEventRecord");
    stream.wait("rate");
    float took = 0;
    check(cudaEventElapsedTime(&took, start.event, end.event), "cudaEventElapsedTime");
    if (round == 0 || took < best) best = took;
  }
  if (!(best > 0)) throw std::runtime_error("the device's clock stands still");
  return 2e-6 * job.m * job.n * job.k / double(best);
}

template <typename Act>
int32_t told(char* message, size_t bytes, const Act& act) {
  try {
    act();
    return 0;
  } catch (const std::exception& error) {
    if (bytes > 0) std::snprintf(message, bytes, "%s", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace gonka::cuda

struct gonka_cuda_engine {
  gonka::cuda::Engine engine;
};

struct gonka_cuda_model {
  gonka::cuda::Model model;
};

using gonka::cuda::told;

#define GONKA_EXPORT extern "C" __attribute__((visibility("default")))

GONKA_EXPORT uint32_t gonka_cuda_abi(void) { return GONKA_CUDA_ABI; }

GONKA_EXPORT int32_t gonka_cuda_devices(void) {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

GONKA_EXPORT gonka_cuda_engine* gonka_cuda_create(const gonka_cuda_config* config, char* message,
                                                  size_t message_bytes) {
  gonka_cuda_engine* made = nullptr;
  told(message, message_bytes,
       [&] { made = new gonka_cuda_engine{gonka::cuda::Engine(*config)}; });
  return made;
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
  return told(message, message_bytes,
              [&] { engine->engine.run(keys, nonces, count, outputs, states); });
}

GONKA_EXPORT int32_t gonka_cuda_hits(gonka_cuda_engine* engine, const uint8_t* keys,
                                     const uint64_t* nonces, uint32_t count,
                                     const int8_t target[256], uint32_t c, gonka_cuda_hit* hits,
                                     uint32_t* found, char* message, size_t message_bytes) {
  return told(message, message_bytes,
              [&] { *found = engine->engine.find(keys, nonces, count, target, c, hits); });
}

GONKA_EXPORT int32_t gonka_cuda_product(const gonka_cuda_product_job* job, char* message,
                                        size_t message_bytes) {
  return told(message, message_bytes, [&] { gonka::cuda::one_product(*job); });
}

GONKA_EXPORT int32_t gonka_cuda_rate(const gonka_cuda_rate_job* job, double* gops, char* message,
                                     size_t message_bytes) {
  return told(message, message_bytes, [&] { *gops = gonka::cuda::product_gops(*job); });
}

GONKA_EXPORT gonka_cuda_model* gonka_cuda_model_create(int32_t device, uint64_t rows,
                                                       uint32_t patience_ms, char* message,
                                                       size_t message_bytes) {
  gonka_cuda_model* made = nullptr;
  told(message, message_bytes, [&] {
    const uint32_t patience = gonka::cuda::patience_or_default(patience_ms);
    made = new gonka_cuda_model{gonka::cuda::Model(device, rows, patience)};
  });
  return made;
}

GONKA_EXPORT void gonka_cuda_model_destroy(gonka_cuda_model* model) { delete model; }

GONKA_EXPORT uint64_t gonka_cuda_model_resident(const gonka_cuda_model* model) {
  return model->model.resident();
}

GONKA_EXPORT uint32_t gonka_cuda_model_window(const gonka_cuda_model*) {
  return uint32_t(gonka::cuda::MODEL_WINDOW_GROUPS);
}

GONKA_EXPORT int32_t gonka_cuda_model_load(gonka_cuda_model* model, uint64_t first_row,
                                           uint64_t count, const uint8_t* rows, char* message,
                                           size_t message_bytes) {
  return told(message, message_bytes, [&] { model->model.load(first_row, count, rows); });
}

GONKA_EXPORT int32_t gonka_cuda_model_seed(gonka_cuda_model* model, const int8_t* g, char* message,
                                           size_t message_bytes) {
  return told(message, message_bytes, [&] { model->model.seed(g); });
}

GONKA_EXPORT int32_t gonka_cuda_model_leaves(gonka_cuda_model* model, uint64_t first_group,
                                             uint64_t count, const uint8_t* rows, uint8_t* leaves,
                                             char* message, size_t message_bytes) {
  return told(message, message_bytes,
              [&] { model->model.leaves(first_group, count, rows, leaves); });
}
