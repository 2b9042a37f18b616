// The CUDA of src/cuda in software: every thread of a block is a fiber, barriers and warp-wide
// instructions are meeting points. What is asynchronous on a GPU is late here: copies arrive, and
// warpgroup products run, only when somebody waits for them, and a copy's target holds garbage
// until then. Device memory is host memory. Slow, single-threaded, tests only.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#define __device__
#define __global__ inline
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
#define GONKA_GRID_CONSTANT
#define threadIdx (gonka::cuda::emulated::here().thread)
#define blockIdx (gonka::cuda::emulated::here().block)
#define blockDim (gonka::cuda::emulated::here().block_size)
#define gridDim (gonka::cuda::emulated::here().grid)
#define __syncthreads() gonka::cuda::emulated::meet_block()
#define GONKA_DYNAMIC_SHARED(name) uint8_t* name = gonka::cuda::emulated::dynamic_shared()
#define GONKA_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  gonka::cuda::emulated::launch(grid, block, shared_bytes, stream, [&] { kernel(__VA_ARGS__); })

struct dim3 {
  uint32_t x, y, z;
  dim3(uint32_t x_ = 1, uint32_t y_ = 1, uint32_t z_ = 1) : x(x_), y(y_), z(z_) {}
};

struct alignas(8) int2 {
  int32_t x, y;
};
struct alignas(16) int4 {
  int32_t x, y, z, w;
};

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorMemoryAllocation = 2,
  cudaErrorNotReady = 600,
  cudaErrorUnknown = 999
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
using cudaStream_t = void*;
using cudaEvent_t = void*;
struct cudaDeviceProp {
  int major;
  size_t sharedMemPerBlockOptin;
  int multiProcessorCount;
};

cudaError_t cudaMalloc(void** out, size_t bytes);
cudaError_t cudaFree(void* p);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t);
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t);
cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* out, int device);
cudaError_t cudaGetLastError();
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaStreamCreate(cudaStream_t* stream);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamQuery(cudaStream_t stream);
cudaError_t cudaEventCreate(cudaEvent_t* event);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end);
const char* cudaGetErrorString(cudaError_t error);

namespace gonka::cuda::emulated {

// Counts one call of the runtime, and fails it when its turn to fail has come.
cudaError_t next_call();
// The same for a launch, whose failure shows at the next cudaGetLastError.
bool next_launch();

struct Place {
  dim3 thread, block, block_size, grid;
};

// What the emulated device is like; tests change it.
struct Device {
  int major = 9;
  int multiprocessors = 3;  // Fewer than the tiles of a test, so that blocks take several.
  size_t free_bytes = size_t(4) << 30;
  bool lost = false;    // Every call fails from now on.
  bool silent = false;  // Calls are taken and nothing ever ends.
  uint64_t calls = 0;   // Calls and launches so far.
  uint64_t fail_from = UINT64_MAX, fail_to = UINT64_MAX;  // Those that fail, by their number.
  bool wedged = false;  // A launch never gets its bulk copies: its threads wait for each other.
  size_t held = 0;      // Allocations, streams and events that exist.
};
Device& device();

const Place& here();
uint8_t* dynamic_shared();
void meet_block();
void meet_named(int id, size_t threads);
void launch(dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t, const std::function<void()>&);

// Shared memory has addresses of its own, as on a device.
uint32_t shared_address(const void* p);
const uint8_t* shared_pointer(uint32_t address);

// A warp-wide instruction: the last lane to arrive computes for all from their arguments.
using WarpStep = void (*)(void* const lanes[32]);
void meet_warp(void* arguments, WarpStep step);

// The same for a warpgroup of 128 threads.
using GroupStep = void (*)(void* const threads[128]);
void meet_group(void* arguments, GroupStep step);

void queue_copy16(void* to, const void* from);
void commit_copies();
void wait_copies(size_t still_on_their_way);

// Warpgroup products: queued by the last thread to arrive, run when the group waits.
void queue_group_product(int32_t* acc, uint64_t a, uint64_t b);
void commit_group_products();
void wait_group_products(size_t still_running);

struct TileMap {
  const int8_t* matrix;
  int rows, k;
};

void barrier_init(uint64_t* barrier, uint32_t arrivals);
void barrier_arrive(uint64_t* barrier, uint32_t bytes);
void barrier_wait(uint64_t* barrier, uint32_t parity);
void queue_box(void* shared, const TileMap* map, int depth, int row, uint64_t* barrier);

void load_matrices_step(void* const lanes[32]);
void multiply_step(void* const lanes[32]);
void multiply_bf16_step(void* const lanes[32]);

struct LoadArguments {
  uint32_t* out;
  const void* row;
};
template <typename Sum>
struct MultiplyArguments {
  Sum* acc;
  const uint32_t *a, *b;
};

// All sums of one warpgroup product (PTX ISA, wgmma.m64n256k32 and the matrix descriptor).
void run_group_product(int32_t* const acc[128], uint64_t a, uint64_t b);
// One box of a matrix in the 128-byte swizzle (CUDA driver API, tensor maps).
void run_box(uint32_t shared_address_of_box, const TileMap& map, int depth, int row);

}  // namespace gonka::cuda::emulated

template <typename Kernel>
cudaError_t cudaFuncSetAttribute(Kernel*, cudaFuncAttribute, int) {
  return gonka::cuda::emulated::next_call();
}

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
inline uint32_t shared_address(const void* p) { return emulated::shared_address(p); }
inline void load_matrices(uint32_t out[4], const void* row) {
  emulated::LoadArguments arguments{out, row};
  emulated::meet_warp(&arguments, emulated::load_matrices_step);
}
inline void multiply_16x8x32(int32_t acc[4], const uint32_t a[4], const uint32_t b[2]) {
  emulated::MultiplyArguments<int32_t> arguments{acc, a, b};
  emulated::meet_warp(&arguments, emulated::multiply_step);
}
inline void multiply_16x8x16(float acc[4], const uint32_t a[4], const uint32_t b[2]) {
  emulated::MultiplyArguments<float> arguments{acc, a, b};
  emulated::meet_warp(&arguments, emulated::multiply_bf16_step);
}
inline uint32_t permute_bytes(uint32_t a, uint32_t b, uint32_t selector) {
  const uint64_t both = uint64_t(b) << 32 | a;
  uint32_t out = 0;
  for (int i = 0; i < 4; i++) {
    out |= uint32_t(uint8_t(both >> (8 * (selector >> (4 * i) & 7)))) << (8 * i);
  }
  return out;
}
inline float bits_as_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
inline uint32_t float_as_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
inline uint32_t add_atomic(uint32_t* at, uint32_t value) { return (*at += value) - value; }

// products/wgmma.cuh
inline void publish_shared() {}
inline void product_begin() {}
inline void product_commit() { emulated::commit_group_products(); }
template <int N>
void product_wait() { emulated::wait_group_products(N); }
inline void sums_settled(int32_t (&)[128]) {}
inline void multiply_64x256x32(int32_t (&acc)[128], uint64_t a, uint64_t b) {
  emulated::queue_group_product(acc, a, b);
}

// products/tma.cuh
using TileMap = emulated::TileMap;
template <typename Fail>
TileMap tile_map(const int8_t* matrix, int rows, int k, const Fail& fail) {
  if (reinterpret_cast<uintptr_t>(matrix) % 16 != 0 || k % 16 != 0) fail("a map's alignment");
  return {matrix, rows, k};
}
inline void barrier_init(uint64_t* barrier, uint32_t arrivals) {
  emulated::barrier_init(barrier, arrivals);
}
inline void barriers_publish() {}
inline void barrier_arrive(uint64_t* barrier) { emulated::barrier_arrive(barrier, 0); }
inline void barrier_expect(uint64_t* barrier, uint32_t bytes) {
  emulated::barrier_arrive(barrier, bytes);
}
inline void barrier_wait(uint64_t* barrier, uint32_t parity) {
  emulated::barrier_wait(barrier, parity);
}
inline void load_box(void* shared, const TileMap* map, int depth, int row, uint64_t* barrier) {
  emulated::queue_box(shared, map, depth, row, barrier);
}
inline void prefetch_map(const TileMap*) {}
inline void group_barrier(int id) { emulated::meet_named(id, 128); }
template <int COUNT>
void keep_registers() {}
template <int COUNT>
void take_registers() {}

}  // namespace gonka::cuda
