// What the host side of the CUDA library shares: errors, device memory, and waiting with an end.
#pragma once
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "device.cuh"

namespace gonka::cuda {

inline void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
  }
}

// Set when a device did not answer in time. Every later call would wait for it too, freeing
// included: what it holds stays behind, and no more is asked of it.
inline std::atomic<bool> device_silent{false};

class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  ~DeviceBuffer() {
    if (data_ && !device_silent) cudaFree(data_);
  }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  void allocate(size_t bytes) {
    check(cudaMalloc(&data_, bytes), "cudaMalloc");
    bytes_ = bytes;
  }
  int8_t* values() const { return static_cast<int8_t*>(data_); }
  uint8_t* bytes() const { return static_cast<uint8_t*>(data_); }
  uint32_t* words() const { return static_cast<uint32_t*>(data_); }
  size_t size() const { return bytes_; }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

// A stream whose waits end: at the latest after `patience`, with an error.
class Stream {
 public:
  explicit Stream(int device, uint32_t patience_ms) : patience_(patience_ms) {
    if (device_silent) throw std::runtime_error("the device stopped answering earlier");
    check(cudaSetDevice(device), "cudaSetDevice");
    check(cudaStreamCreate(&stream_), "cudaStreamCreate");
  }
  ~Stream() {
    if (stream_ && !device_silent) cudaStreamDestroy(stream_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  cudaStream_t get() const { return stream_; }
  void upload(void* to, const void* from, size_t bytes) const {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_), "copy");
  }
  // Waits first: a copy into ordinary memory would wait for what is queued, and without an end.
  void download(void* to, const void* from, size_t bytes, const char* what) const {
    wait(what);
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_), what);
    wait(what);
  }
  void clear(const DeviceBuffer& buffer) const {
    check(cudaMemsetAsync(buffer.bytes(), 0, buffer.size(), stream_), "cudaMemset");
  }
  void wait(const char* what) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_);
    for (;;) {
      const cudaError_t status = cudaStreamQuery(stream_);
      if (status == cudaSuccess) return;
      if (status != cudaErrorNotReady) check(status, what);
      if (std::chrono::steady_clock::now() > end) {
        device_silent = true;
        throw std::runtime_error(std::string(what) + ": the device does not answer");
      }
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

 private:
  cudaStream_t stream_ = nullptr;
  uint32_t patience_;
};

}  // namespace gonka::cuda
