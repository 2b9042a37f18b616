// The CUDA runtime's functions over the software device, each of which a test can make fail.
#include <cstdlib>
#include <set>

#include "cuda-emulator.hpp"

namespace {

using gonka::cuda::emulated::device;
using gonka::cuda::emulated::next_call;

cudaError_t pending = cudaSuccess;  // Of a launch, until the next cudaGetLastError.
std::set<void*> allocations;        // What a silent device keeps is still known here.

}  // namespace

namespace gonka::cuda::emulated {

cudaError_t next_call() {
  const Device& d = device();
  const uint64_t call = device().calls++;
  return d.lost || (call >= d.fail_from && call < d.fail_to) ? cudaErrorUnknown : cudaSuccess;
}

bool next_launch() {
  if (next_call() == cudaSuccess) return true;
  pending = cudaErrorUnknown;
  return false;
}

}  // namespace gonka::cuda::emulated

cudaError_t cudaMalloc(void** out, size_t bytes) {
  if (const cudaError_t now = next_call(); now != cudaSuccess) return now;
  if (bytes > device().free_bytes) return cudaErrorMemoryAllocation;
  // Not a byte more than was asked for, so that a sanitizer sees what lies beyond.
  if (posix_memalign(out, 256, bytes) != 0) return cudaErrorMemoryAllocation;
  std::memset(*out, 0x5a, bytes);  // Fresh device memory holds anything but zeros.
  allocations.insert(*out);
  device().held++;
  return cudaSuccess;
}

cudaError_t cudaFree(void* p) {
  allocations.erase(p);
  std::free(p);
  device().held--;
  return next_call();
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind,
                            cudaStream_t) {
  const cudaError_t now = next_call();
  if (now == cudaSuccess && !device().silent) std::memcpy(to, from, bytes);
  return now;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t) {
  const cudaError_t now = next_call();
  if (now == cudaSuccess) std::memset(to, value, bytes);
  return now;
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  *free_bytes = *total_bytes = device().free_bytes;
  return next_call();
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* out, int) {
  *out = {device().major, 227 * 1024, device().multiprocessors};
  return next_call();
}

cudaError_t cudaGetLastError() {
  const cudaError_t now = pending;
  pending = cudaSuccess;
  return device().lost ? cudaErrorUnknown : now;
}

cudaError_t cudaSetDevice(int index) { return index == 0 ? next_call() : cudaErrorUnknown; }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return next_call();
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  const cudaError_t now = next_call();
  if (now != cudaSuccess) return now;
  *stream = &device();
  device().held++;
  return now;
}

cudaError_t cudaStreamDestroy(cudaStream_t) {
  device().held--;
  return next_call();
}

cudaError_t cudaStreamQuery(cudaStream_t) {
  return device().silent ? cudaErrorNotReady : next_call();
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  const cudaError_t now = next_call();
  if (now != cudaSuccess) return now;
  *event = &device();
  device().held++;
  return now;
}

cudaError_t cudaEventDestroy(cudaEvent_t) {
  device().held--;
  return next_call();
}

cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return next_call(); }

cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t, cudaEvent_t) {
  *ms = 100;  // Slow enough that nobody measures with large products.
  return next_call();
}

const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : "device lost";
}
