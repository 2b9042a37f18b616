// The bulk tensor copies of sm_90: one thread asks for a box of a matrix, the copy engine lays it
// into shared memory in the 128-byte swizzle and counts its bytes on a barrier there.
#pragma once
#include "../device.cuh"

namespace gonka::cuda {

constexpr int BOX_ROWS = 128;
constexpr int BOX_BYTES = BOX_ROWS * 128;

#if defined(__CUDACC__)

// Which matrix: rows of `k` bytes, read in boxes of BOX_ROWS by 128 bytes.
using TileMap = CUtensorMap;

#define GONKA_GRID_CONSTANT __grid_constant__

#if __CUDA_ARCH__ >= 900

__device__ inline void barrier_init(uint64_t* barrier, uint32_t arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(arrivals));
}

// Makes the first state of all barriers visible to the copy engine.
__device__ inline void barriers_publish() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

__device__ inline void barrier_arrive(uint64_t* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier))
               : "memory");
}

// Arrives, and keeps the phase open until `bytes` have been copied as well.
__device__ inline void barrier_expect(uint64_t* barrier, uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   shared_address(barrier)),
               "r"(bytes)
               : "memory");
}

__device__ inline uint64_t nanoseconds() {
  uint64_t now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

constexpr uint64_t BARRIER_PATIENCE_NS = 20'000'000'000;

// Returns when the phase of this parity is over. A copy that never arrives ends the kernel with an
// error instead of holding the device for ever.
__device__ inline void barrier_wait(uint64_t* barrier, uint32_t parity) {
  uint64_t begun = 0;
  for (uint32_t tries = 0;; tries++) {
    uint32_t done;
    asm volatile(
        "{\n.reg .pred p;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
        "selp.u32 %0, 1, 0, p;\n}"
        : "=r"(done)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
    if (done) return;
    if (tries % 1024 != 1023) continue;
    if (begun == 0) begun = nanoseconds();
    if (nanoseconds() - begun > BARRIER_PATIENCE_NS) __trap();
  }
}

// The box whose first byte is byte `depth` of row `row`, to shared memory aligned to 1024 bytes.
__device__ inline void load_box(void* shared, const TileMap* map, int depth, int row,
                                uint64_t* barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%2, %3}], [%4];" ::"r"(shared_address(shared)),
      "l"(map), "r"(depth), "r"(row), "r"(shared_address(barrier))
      : "memory");
}

__device__ inline void prefetch_map(const TileMap* map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

// A barrier among the 128 threads of one warpgroup; id 0 is __syncthreads.
__device__ inline void group_barrier(int id) {
  asm volatile("bar.sync %0, 128;" ::"r"(id) : "memory");
}

#else

__device__ inline void barrier_init(uint64_t*, uint32_t) {}
__device__ inline void barriers_publish() {}
__device__ inline void barrier_arrive(uint64_t*) {}
__device__ inline void barrier_expect(uint64_t*, uint32_t) {}
__device__ inline void barrier_wait(uint64_t*, uint32_t) {}
__device__ inline void load_box(void*, const TileMap*, int, int, uint64_t*) {}
__device__ inline void prefetch_map(const TileMap*) {}
__device__ inline void group_barrier(int) {}

#endif

// Registers of the calling warpgroup, given back to or taken from the block's pool.
template <int COUNT>
__device__ inline void keep_registers() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(COUNT));
#endif
}

template <int COUNT>
__device__ inline void take_registers() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(COUNT));
#endif
}

// A map of a matrix in device memory; throws through `fail` when the driver refuses. The driver's
// function is asked for at run time: the library links against no driver.
template <typename Fail>
TileMap tile_map(const int8_t* matrix, int rows, int k, const Fail& fail) {
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found;
  if (cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry, 12000, cudaEnableDefault,
                                       &found) != cudaSuccess ||
      found != cudaDriverEntryPointSuccess) {
    fail("the driver has no cuTensorMapEncodeTiled");
  }
  TileMap map;
  const cuuint64_t sizes[2] = {cuuint64_t(k), cuuint64_t(rows)}, strides[1] = {cuuint64_t(k)};
  const cuuint32_t box[2] = {128, BOX_ROWS}, steps[2] = {1, 1};
  const auto encode = reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(entry);
  if (encode(&map, CU_TENSOR_MAP_DATA_TYPE_UINT8, 2, const_cast<int8_t*>(matrix), sizes, strides,
             box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
             CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) !=
      CUDA_SUCCESS) {
    fail("cuTensorMapEncodeTiled");
  }
  return map;
}

#endif

}  // namespace gonka::cuda
