// The CUDA library as it is linked into the tests: over the software device.
#pragma once
#include "../src/sprint/cuda-runner.hpp"
#include "cuda-emulator.hpp"
#include "fixtures.hpp"

namespace gonka::test {

inline const CudaApi& emulated_cuda() {
  static const CudaApi api = {
      gonka_cuda_devices,        gonka_cuda_create,       gonka_cuda_destroy,
      gonka_cuda_batch,          gonka_cuda_memory,       gonka_cuda_run,
      gonka_cuda_hits,           gonka_cuda_product,      gonka_cuda_rate,
      gonka_cuda_model_create,   gonka_cuda_model_destroy, gonka_cuda_model_resident,
      gonka_cuda_model_window,   gonka_cuda_model_load,   gonka_cuda_model_seed,
      gonka_cuda_model_leaves};
  return api;
}

// The software device as a test wants it, and as it was afterwards.
struct DeviceAs {
  const cuda::emulated::Device before = cuda::emulated::device();
  explicit DeviceAs(const std::function<void(cuda::emulated::Device&)>& change) {
    change(cuda::emulated::device());
  }
  ~DeviceAs() {
    const size_t held = cuda::emulated::device().held;
    cuda::emulated::device() = before;
    cuda::emulated::device().held = held;
  }
  DeviceAs(const DeviceAs&) = delete;
  DeviceAs& operator=(const DeviceAs&) = delete;
};

}  // namespace gonka::test
