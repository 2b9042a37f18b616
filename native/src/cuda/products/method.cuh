// The products by number, as plugin.h counts them: which device has which, how each is launched.
#pragma once
#include "../host.cuh"
#include "../row-kernels.cuh"
#include "bf16-product.cuh"
#include "mma-product.cuh"
#include "pipeline-product.cuh"
#include "plain-product.cuh"
#include "wgmma-product.cuh"

namespace gonka::cuda {

enum class Method { plain = 0, mma = 1, wgmma = 2, pipeline = 3, bf16 = 4 };

struct Prepared {
  Method method = Method::plain;
  int multiprocessors = 1;
  bool has_tensor_cores = false;  // mma.sync for 8-bit integers, whatever the method.
};

template <typename Kernel>
void allow_shared(Kernel* kernel, int bytes) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
        "shared memory");
}

// Throws when the device does not have the method.
inline Prepared prepare_method(int device, int wanted) {
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  const size_t shared = properties.sharedMemPerBlockOptin;
  const Prepared out{Method(wanted), properties.multiProcessorCount, properties.major >= 8};
  const auto has = [&](int major_from, int major_to, int bytes) {
    return properties.major >= major_from && properties.major <= major_to &&
           shared >= size_t(bytes);
  };
  constexpr int ANY = 1 << 30;
  switch (out.method) {
    case Method::plain: return out;
    case Method::mma:
      if (!has(8, ANY, MMA_SHARED_BYTES)) break;
      allow_shared(mma_product<false>, MMA_SHARED_BYTES);
      allow_shared(mma_product<true>, MMA_SHARED_BYTES);
      return out;
    case Method::wgmma:
      if (!has(9, 9, WGMMA_SHARED_BYTES)) break;
      allow_shared(wgmma_product<false>, WGMMA_SHARED_BYTES);
      allow_shared(wgmma_product<true>, WGMMA_SHARED_BYTES);
      return out;
    case Method::pipeline:
      if (!has(9, 9, PIPE_SHARED_BYTES)) break;
      allow_shared(pipeline_product<false>, PIPE_SHARED_BYTES);
      allow_shared(pipeline_product<true>, PIPE_SHARED_BYTES);
      return out;
    case Method::bf16:
      if (!has(8, ANY, BF16_SHARED_BYTES)) break;
      allow_shared(bf16_product<false>, BF16_SHARED_BYTES);
      allow_shared(bf16_product<true>, BF16_SHARED_BYTES);
      return out;
  }
  throw std::runtime_error("the device has no such product");
}

template <bool GATED>
void launch_pipeline(const Product& job, const Prepared& device, cudaStream_t stream) {
  const auto fail = [](const char* what) { throw std::runtime_error(what); };
  const int cols = GATED ? 2 * job.n : job.n;
  const int tiles = job.m / TILE_ROWS * (cols / PIPE_COLS);
  const int blocks = tiles < device.multiprocessors ? tiles : device.multiprocessors;
  const TileMap a = tile_map(job.a, job.m, job.k, fail), b = tile_map(job.b, job.n, job.k, fail);
  const TileMap up = GATED ? tile_map(job.up, job.n, job.k, fail) : b;
  GONKA_LAUNCH(pipeline_product<GATED>, dim3(uint32_t(blocks)), dim3(PIPE_THREADS),
               PIPE_SHARED_BYTES, stream, job, a, b, up);
}

inline void launch_product(const Product& job, const Prepared& device, cudaStream_t stream) {
  const dim3 tiles(job.m / TILE_ROWS, job.n / MMA_COLS), threads(MMA_THREADS);
  switch (device.method) {
    case Method::pipeline: launch_pipeline<false>(job, device, stream); break;
    case Method::wgmma:
      GONKA_LAUNCH(wgmma_product<false>, tiles, threads, WGMMA_SHARED_BYTES, stream, job);
      break;
    case Method::mma:
      GONKA_LAUNCH(mma_product<false>, tiles, threads, MMA_SHARED_BYTES, stream, job);
      break;
    case Method::bf16:
      GONKA_LAUNCH(bf16_product<false>, dim3(job.m / TILE_ROWS, job.n / BF16_COLS), threads,
                   BF16_SHARED_BYTES, stream, job);
      break;
    case Method::plain:
      GONKA_LAUNCH(plain_product, dim3(job.m / PLAIN_TILE, job.n / PLAIN_TILE),
                   dim3(PLAIN_THREADS), 0, stream, job);
      break;
  }
  check(cudaGetLastError(), "product");
}

// u is room for [m][n] values: the plain path keeps g and u apart.
inline void launch_gated(const Product& job, const Prepared& device, int8_t* u,
                         cudaStream_t stream) {
  const dim3 tiles(job.m / TILE_ROWS, 2 * job.n / MMA_COLS), threads(MMA_THREADS);
  switch (device.method) {
    case Method::pipeline: launch_pipeline<true>(job, device, stream); break;
    case Method::wgmma:
      GONKA_LAUNCH(wgmma_product<true>, tiles, threads, WGMMA_SHARED_BYTES, stream, job);
      break;
    case Method::mma:
      GONKA_LAUNCH(mma_product<true>, tiles, threads, MMA_SHARED_BYTES, stream, job);
      break;
    case Method::bf16:
      GONKA_LAUNCH(bf16_product<true>, dim3(job.m / TILE_ROWS, 2 * job.n / BF16_COLS), threads,
                   BF16_SHARED_BYTES, stream, job);
      break;
    case Method::plain: {
      const Product up{job.a, job.up, nullptr, u, job.m, job.n, job.k, job.shift, 0};
      launch_product(job, device, stream);
      launch_product(up, device, stream);
      const size_t count = size_t(job.m) * size_t(job.n);
      GONKA_LAUNCH(gate_values, dim3(uint32_t((count + 255) / 256)), dim3(256), 0, stream, job.c,
                   u, count, job.gate_shift);
      break;
    }
  }
  check(cudaGetLastError(), "gated product");
}

}  // namespace gonka::cuda
