// The device primitives that the kernels use, each one instruction. Without a CUDA compiler the
// test suite provides them in software (test/cuda-emulator.hpp), so that the kernels' indexing,
// layouts and arithmetic are tested on machines that have no GPU.
#pragma once
#include <cstdint>

#if defined(__CUDACC__)
#include <cuda.h>
#include <cuda_runtime.h>

#define GONKA_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  kernel<<<grid, block, shared_bytes, stream>>>(__VA_ARGS__)
#define GONKA_DYNAMIC_SHARED(name) extern __shared__ __align__(128) uint8_t name[]

namespace gonka::cuda {

__device__ inline int32_t dot4(int32_t a, int32_t b, int32_t sum) {
#if __CUDA_ARCH__ >= 610
  return __dp4a(a, b, sum);
#else
  for (int i = 0; i < 32; i += 8) sum += int32_t(int8_t(a >> i)) * int8_t(b >> i);
  return sum;
#endif
}

__device__ inline uint32_t shared_address(const void* p) {
  return uint32_t(__cvta_generic_to_shared(p));
}

// 16 bytes from global to shared memory, asynchronously from sm_80 on.
__device__ inline void copy16_async(void* shared, const void* global) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(shared)),
               "l"(global));
#else
  *static_cast<int4*>(shared) = *static_cast<const int4*>(global);
#endif
}

__device__ inline void copies_commit() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;");
#endif
}

// Waits until at most N committed groups are still on their way.
template <int N>
__device__ inline void copies_wait() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#endif
}

// Four 8 x 16-byte matrices; lane i gives the address of row i % 8 of matrix i / 8.
__device__ inline void load_matrices(uint32_t out[4], const void* row) {
#if __CUDA_ARCH__ >= 750
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
               : "r"(shared_address(row)));
#endif
}

// acc += A (16 x 32 s8, row-major) * B (32 x 8 s8, column-major).
__device__ inline void multiply_16x8x32(int32_t acc[4], const uint32_t a[4], const uint32_t b[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
      "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+r"(acc[0]), "+r"(acc[1]), "+r"(acc[2]), "+r"(acc[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

// acc += A (16 x 16 bf16, row-major) * B (16 x 8 bf16, column-major), summed in single precision.
__device__ inline void multiply_16x8x16(float acc[4], const uint32_t a[4], const uint32_t b[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(acc[0]), "+f"(acc[1]), "+f"(acc[2]), "+f"(acc[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

// Byte i of the result is byte (selector >> 4 i) % 8 of the eight bytes of a and then b.
__device__ inline uint32_t permute_bytes(uint32_t a, uint32_t b, uint32_t selector) {
  return __byte_perm(a, b, selector);
}

__device__ inline float bits_as_float(uint32_t bits) { return __uint_as_float(bits); }
__device__ inline uint32_t float_as_bits(float value) { return __float_as_uint(value); }

__device__ inline uint32_t add_atomic(uint32_t* at, uint32_t value) { return atomicAdd(at, value); }

}  // namespace gonka::cuda

#else
#include "../../test/cuda-emulator.hpp"
#endif

namespace gonka::cuda {

__device__ inline int32_t saturate(int32_t x) { return x > 127 ? 127 : x < -127 ? -127 : x; }

__device__ inline int32_t quantise(int32_t x, int n) { return saturate((x + (1 << (n - 1))) >> n); }

__device__ inline int32_t gate_value(int32_t g, int32_t u, int shift) {
  return quantise((g >= 0 ? g : g >> 2) * u, shift);
}

}  // namespace gonka::cuda
