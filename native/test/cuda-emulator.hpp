// The CUDA of src/cuda/device.cuh in software: every thread of a block is a fiber, barriers and
// warp-wide instructions are meeting points, asynchronous copies arrive only when waited for.
// Device memory is host memory. Slow, single-threaded, tests only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cmath>
#include <functional>

#define __device__
#define __global__
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
#define threadIdx (gonka::cuda::emulated::here().thread)
#define blockIdx (gonka::cuda::emulated::here().block)
#define blockDim (gonka::cuda::emulated::here().block_size)
#define __syncthreads() gonka::cuda::emulated::meet_block()
#define GONKA_DYNAMIC_SHARED(name) uint8_t* name = gonka::cuda::emulated::dynamic_shared()
#define GONKA_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  gonka::cuda::emulated::launch(grid, block, shared_bytes, stream, [&] { kernel(__VA_ARGS__); })

struct dim3 {
  uint32_t x, y, z;
  dim3(uint32_t x_ = 1, uint32_t y_ = 1, uint32_t z_ = 1) : x(x_), y(y_), z(z_) {}
};

struct alignas(16) int4 {
  int32_t x, y, z, w;
};

enum cudaError_t { cudaSuccess = 0, cudaErrorMemoryAllocation = 2, cudaErrorUnknown = 999 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
using cudaStream_t = void*;
struct cudaDeviceProp {
  int major;
  size_t sharedMemPerBlockOptin;
};

cudaError_t cudaMalloc(void** out, size_t bytes);
cudaError_t cudaFree(void* p);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t);
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t);
cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* out, int device);
cudaError_t cudaGetLastError();
const char* cudaGetErrorString(cudaError_t error);
inline cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess : cudaErrorUnknown;
}
inline cudaError_t cudaGetDeviceCount(int* count) { *count = 1; return cudaSuccess; }
inline cudaError_t cudaStreamCreate(cudaStream_t* stream) { *stream = nullptr; return cudaSuccess; }
inline cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaGetLastError(); }
template <typename Kernel>
cudaError_t cudaFuncSetAttribute(Kernel*, cudaFuncAttribute, int) { return cudaSuccess; }

namespace gonka::cuda::emulated {

struct Place {
  dim3 thread, block, block_size;
};

// What the emulated device is like; tests change it.
struct Device {
  int major = 9;
  size_t free_bytes = size_t(4) << 30;
  bool lost = false;  // Every call fails from now on.
};
Device& device();

const Place& here();
uint8_t* dynamic_shared();
void meet_block();
void launch(dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t, const std::function<void()>&);

// A warp-wide instruction: the last lane to arrive computes for all from their arguments.
using WarpStep = void (*)(void* const lanes[32]);
void meet_warp(void* arguments, WarpStep step);

// The same for a warpgroup of 128 threads.
using GroupStep = void (*)(void* const threads[128]);
void meet_group(void* arguments, GroupStep step);
void multiply_group_step(void* const threads[128]);

void queue_copy16(void* to, const void* from);
void commit_copies();
void wait_copies(size_t still_on_their_way);
void load_matrices_step(void* const lanes[32]);
void multiply_step(void* const lanes[32]);

struct LoadArguments {
  uint32_t* out;
  const void* row;
};
struct GroupArguments {
  int32_t* acc;
  const uint8_t *a, *b;
};
struct MultiplyArguments {
  int32_t* acc;
  const uint32_t *a, *b;
};

}  // namespace gonka::cuda::emulated

namespace gonka::cuda {

inline int32_t dot4(int32_t a, int32_t b, int32_t sum) {
  for (int i = 0; i < 32; i += 8) sum += int32_t(int8_t(a >> i)) * int8_t(b >> i);
  return sum;
}
inline void copy16_async(void* shared, const void* global) {
  emulated::queue_copy16(shared, global);
}
inline void copies_commit() { emulated::commit_copies(); }
template <int N>
void copies_wait() { emulated::wait_copies(N); }
inline uint32_t shared_offset(const void* p) { return uint32_t(reinterpret_cast<uintptr_t>(p)); }
inline void publish_shared() {}
inline void product_begin() {}
inline void product_end() {}
inline void multiply_64x256x32(int32_t (&acc)[128], const void* a, const void* b) {
  emulated::GroupArguments arguments{acc, static_cast<const uint8_t*>(a),
                                     static_cast<const uint8_t*>(b)};
  emulated::meet_group(&arguments, emulated::multiply_group_step);
}
inline void load_matrices(uint32_t out[4], const void* row) {
  emulated::LoadArguments arguments{out, row};
  emulated::meet_warp(&arguments, emulated::load_matrices_step);
}
inline void multiply_16x8x32(int32_t acc[4], const uint32_t a[4], const uint32_t b[2]) {
  emulated::MultiplyArguments arguments{acc, a, b};
  emulated::meet_warp(&arguments, emulated::multiply_step);
}

}  // namespace gonka::cuda
