#include "cuda-emulator.hpp"

#include <ucontext.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <vector>

namespace gonka::cuda::emulated {
namespace {

constexpr size_t STACK_BYTES = 64 * 1024;
constexpr uint8_t POISON = 0xa5;

struct Copy {
  void* to;
  const void* from;
};

struct Meeting {
  size_t arrived = 0, generation = 0;
};

struct Fiber {
  ucontext_t context;
  std::vector<uint8_t> stack = std::vector<uint8_t>(STACK_BYTES);
  Place place;
  bool done = false;
  std::vector<Copy> open_group;
  std::deque<std::vector<Copy>> groups;
};

struct Warp {
  Meeting meeting;
  void* lanes[32] = {};
};

struct Group {
  Meeting meeting;
  void* threads[128] = {};
};

struct Block {
  ucontext_t scheduler;
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::vector<Group> groups;
  Meeting meeting;
  Fiber* current = nullptr;
  const std::function<void()>* body = nullptr;
  std::vector<uint8_t> shared;
};

Block block;
Device the_device;

void yield() { swapcontext(&block.current->context, &block.scheduler); }

// Gives true to the last of `size` to arrive; the others return after it has opened the next round.
bool arrive(Meeting& meeting, size_t size) {
  const size_t generation = meeting.generation;
  if (++meeting.arrived == size) return true;
  while (meeting.generation == generation) yield();
  return false;
}

void open_next(Meeting& meeting) {
  meeting.arrived = 0;
  meeting.generation++;
}

void run_fiber() {
  (*block.body)();
  block.current->done = true;
  yield();
}

void run_block(dim3 index, dim3 size) {
  for (size_t i = 0; i < block.fibers.size(); i++) {
    Fiber& fiber = block.fibers[i];
    fiber.place = {dim3(uint32_t(i)), index, size};
    fiber.done = false;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.data();
    fiber.context.uc_stack.ss_size = fiber.stack.size();
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, run_fiber, 0);
  }
  std::memset(block.shared.data(), POISON, block.shared.size());
  for (size_t alive = block.fibers.size(); alive > 0;) {
    alive = 0;
    for (Fiber& fiber : block.fibers) {
      if (fiber.done) continue;
      block.current = &fiber;
      swapcontext(&block.scheduler, &fiber.context);
      alive += !fiber.done;
    }
  }
  if (block.meeting.arrived != 0) throw std::runtime_error("a barrier that some threads missed");
}

}  // namespace

Device& device() { return the_device; }
const Place& here() { return block.current->place; }
uint8_t* dynamic_shared() { return block.shared.data(); }

void meet_block() {
  if (arrive(block.meeting, block.fibers.size())) open_next(block.meeting);
}

void meet_warp(void* arguments, WarpStep step) {
  const uint32_t thread = block.current->place.thread.x;
  Warp& warp = block.warps[thread / 32];
  warp.lanes[thread % 32] = arguments;
  if (!arrive(warp.meeting, 32)) return;
  step(warp.lanes);
  open_next(warp.meeting);
}

void meet_group(void* arguments, GroupStep step) {
  const uint32_t thread = block.current->place.thread.x;
  Group& group = block.groups[thread / 128];
  group.threads[thread % 128] = arguments;
  if (!arrive(group.meeting, 128)) return;
  step(group.threads);
  open_next(group.meeting);
}

// PTX ISA, wgmma.m64n256k32 with both factors K-major in the 128-byte swizzle: bits 4 to 6 of an
// address are exchanged with bits 7 to 9, whatever the descriptor's start within the line.
void multiply_group_step(void* const threads[128]) {
  const auto& first = *static_cast<GroupArguments*>(threads[0]);
  const auto read = [](const uint8_t* start, int row, int k) {
    const uintptr_t address =
        reinterpret_cast<uintptr_t>(start) + uintptr_t(row) * 128 + uintptr_t(k);
    return int8_t(*reinterpret_cast<const uint8_t*>(address ^ ((address >> 7 & 7) << 4)));
  };
  static int8_t a[64][32], b[256][32];
  for (int k = 0; k < 32; k++) {
    for (int row = 0; row < 64; row++) a[row][k] = read(first.a, row, k);
    for (int row = 0; row < 256; row++) b[row][k] = read(first.b, row, k);
  }
  for (int thread = 0; thread < 128; thread++) {
    int32_t* acc = static_cast<GroupArguments*>(threads[thread])->acc;
    const int lane = thread % 32;
    for (int i = 0; i < 128; i++) {
      const int row = thread / 32 * 16 + lane / 4 + i / 2 % 2 * 8;
      const int col = i / 4 * 8 + lane % 4 * 2 + i % 2;
      for (int k = 0; k < 32; k++) acc[i] += int32_t(a[row][k]) * b[col][k];
    }
  }
}

void launch(dim3 grid, dim3 size, size_t shared_bytes, cudaStream_t,
            const std::function<void()>& body) {
  if (the_device.lost) return;
  block.fibers.resize(size.x);
  block.warps.assign((size.x + 31) / 32, Warp{});
  block.groups.assign((size.x + 127) / 128, Group{});
  block.meeting = Meeting{};
  block.shared.assign(shared_bytes + 2048, POISON);
  block.body = &body;
  for (uint32_t y = 0; y < grid.y; y++) {
    for (uint32_t x = 0; x < grid.x; x++) run_block(dim3(x, y), size);
  }
}

void queue_copy16(void* to, const void* from) { block.current->open_group.push_back({to, from}); }

void commit_copies() {
  block.current->groups.push_back(std::move(block.current->open_group));
  block.current->open_group.clear();
}

void wait_copies(size_t still_on_their_way) {
  auto& groups = block.current->groups;
  while (groups.size() > still_on_their_way) {
    for (const Copy& copy : groups.front()) std::memcpy(copy.to, copy.from, 16);
    groups.pop_front();
  }
}

// PTX ISA, ldmatrix: thread t receives 4 bytes of row t / 4 of each matrix.
void load_matrices_step(void* const lanes[32]) {
  for (int lane = 0; lane < 32; lane++) {
    for (int matrix = 0; matrix < 4; matrix++) {
      const auto* from = static_cast<LoadArguments*>(lanes[matrix * 8 + lane / 4]);
      const auto* row = static_cast<const uint8_t*>(from->row);
      std::memcpy(&static_cast<LoadArguments*>(lanes[lane])->out[matrix], row + lane % 4 * 4, 4);
    }
  }
}

// PTX ISA, matrix fragments of mma.m16n8k32 for 8-bit integers.
void multiply_step(void* const lanes[32]) {
  int8_t a[16][32], b[32][8];
  for (int lane = 0; lane < 32; lane++) {
    const auto& from = *static_cast<MultiplyArguments*>(lanes[lane]);
    const int group = lane / 4, in_group = lane % 4;
    for (int i = 0; i < 16; i++) {
      const int row = group + (i / 4 % 2) * 8, col = in_group * 4 + i % 4 + (i >= 8 ? 16 : 0);
      a[row][col] = int8_t(from.a[i / 4] >> (i % 4 * 8));
    }
    for (int i = 0; i < 8; i++) {
      b[in_group * 4 + i % 4 + (i >= 4 ? 16 : 0)][group] = int8_t(from.b[i / 4] >> (i % 4 * 8));
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      const int row = lane / 4 + i / 2 * 8, col = lane % 4 * 2 + i % 2;
      int32_t sum = 0;
      for (int k = 0; k < 32; k++) sum += int32_t(a[row][k]) * b[k][col];
      static_cast<MultiplyArguments*>(lanes[lane])->acc[i] += sum;
    }
  }
}

}  // namespace gonka::cuda::emulated

using gonka::cuda::emulated::device;

cudaError_t cudaMalloc(void** out, size_t bytes) {
  if (bytes > device().free_bytes) return cudaErrorMemoryAllocation;
  *out = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (!*out) return cudaErrorMemoryAllocation;
  std::memset(*out, 0x5a, bytes);  // Fresh device memory holds anything but zeros.
  return cudaGetLastError();
}

cudaError_t cudaFree(void* p) {
  std::free(p);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind,
                            cudaStream_t) {
  if (!device().lost) std::memcpy(to, from, bytes);
  return cudaGetLastError();
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t) {
  std::memset(to, value, bytes);
  return cudaGetLastError();
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  *free_bytes = *total_bytes = device().free_bytes;
  return cudaGetLastError();
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* out, int) {
  *out = {device().major, 227 * 1024};
  return cudaGetLastError();
}

cudaError_t cudaGetLastError() { return device().lost ? cudaErrorUnknown : cudaSuccess; }

const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : "device lost";
}
