// Threads of a block as fibers, their meeting points, and what is on its way between them.
#include "cuda-emulator.hpp"

#include <setjmp.h>
#include <ucontext.h>

#include <cstdlib>
#include <deque>
#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace gonka::cuda::emulated {
namespace {

constexpr size_t STACK_BYTES = 256 * 1024;
constexpr uint8_t POISON = 0xa5;
constexpr uint32_t SHARED_START = 1152;  // Where dynamic shared memory starts: aligned to 128 only.
constexpr size_t SHARED_ALIGNMENT = 1024;
constexpr uint32_t BOX_BYTES = 128 * 128;

struct Copy {
  void* to;
  const void* from;
};

struct Meeting {
  size_t arrived = 0, generation = 0;
};

struct Fiber {
  ucontext_t context;
  jmp_buf place_in_body;
  bool started = false;
  std::unique_ptr<uint8_t[]> stack{new uint8_t[STACK_BYTES]};
  void* fake_stack = nullptr;
  Place place;
  bool done = false;
  std::vector<Copy> open_group;
  std::deque<std::vector<Copy>> groups;
};

struct Warp {
  Meeting meeting;
  void* lanes[32] = {};
};

struct GroupProduct {
  int32_t* acc[128];
  uint64_t a, b;
};

struct Group {
  Meeting meeting;
  void* threads[128] = {};
  std::vector<GroupProduct> open;
  std::deque<std::vector<GroupProduct>> committed;
};

struct Box {
  uint32_t to;
  TileMap map;
  int depth, row;
  uint64_t* barrier;
};

struct Block {
  ucontext_t scheduler;
  jmp_buf place_in_scheduler;
  void* scheduler_fake_stack = nullptr;
  const void* scheduler_stack = nullptr;
  size_t scheduler_stack_bytes = 0;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Warp> warps;
  std::vector<Group> groups;
  Meeting meeting, named[16];
  Fiber* current = nullptr;
  const std::function<void()>* body = nullptr;
  std::vector<uint8_t> shared_room;
  uint8_t* shared = nullptr;
  std::deque<Box> boxes;
  std::exception_ptr error;
  bool moved = false;  // Something happened since the threads last had their turn.
};

Block block;
Device the_device;

#if defined(__SANITIZE_ADDRESS__)

// Tells the address sanitizer which stack is in use before and after a switch.
void switch_out(Fiber& fiber) {
  __sanitizer_start_switch_fiber(fiber.done ? nullptr : &fiber.fake_stack, block.scheduler_stack,
                                 block.scheduler_stack_bytes);
  swapcontext(&fiber.context, &block.scheduler);
  __sanitizer_finish_switch_fiber(fiber.fake_stack, nullptr, nullptr);
}

void switch_in(Fiber& fiber) {
  __sanitizer_start_switch_fiber(&block.scheduler_fake_stack, fiber.stack.get(), STACK_BYTES);
  swapcontext(&block.scheduler, &fiber.context);
  __sanitizer_finish_switch_fiber(block.scheduler_fake_stack, nullptr, nullptr);
}

#else

// Contexts only start a fiber: swapcontext asks the kernel each time, a jump does not.
void switch_out(Fiber& fiber) {
  if (_setjmp(fiber.place_in_body) == 0) _longjmp(block.place_in_scheduler, 1);
}

void switch_in(Fiber& fiber) {
  if (_setjmp(block.place_in_scheduler) != 0) return;
  if (fiber.started) _longjmp(fiber.place_in_body, 1);
  fiber.started = true;
  setcontext(&fiber.context);
}

#endif

void yield() { switch_out(*block.current); }

// Gives true to the last of `size` to arrive; the others return after it has opened the next round.
bool arrive(Meeting& meeting, size_t size) {
  const size_t generation = meeting.generation;
  block.moved = true;
  if (++meeting.arrived == size) return true;
  while (meeting.generation == generation) yield();
  return false;
}

void open_next(Meeting& meeting) {
  meeting.arrived = 0;
  meeting.generation++;
  block.moved = true;
}

void run_fiber() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &block.scheduler_stack, &block.scheduler_stack_bytes);
#endif
  try {
    (*block.body)();
  } catch (...) {
    block.error = std::current_exception();
  }
  block.current->done = true;
  block.moved = true;
  yield();
}

void start_fiber(Fiber& fiber, uint32_t thread, const Place& place) {
  fiber.place = place;
  fiber.place.thread = dim3(thread);
  fiber.done = fiber.started = false;
  fiber.open_group.clear();
  fiber.groups.clear();
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = STACK_BYTES;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, run_fiber, 0);
}

// What the end of a block must leave behind: nothing open, nothing on its way.
void check_block_ended() {
  bool clean = block.meeting.arrived == 0 && block.boxes.empty();
  for (const Meeting& named : block.named) clean = clean && named.arrived == 0;
  for (const Group& group : block.groups) {
    clean = clean && group.open.empty() && group.committed.empty();
  }
  if (!clean) throw std::runtime_error("a block ended before its barriers, copies or products");
}

void run_block(const Place& place, size_t threads, size_t shared_bytes) {
  for (size_t i = 0; i < threads; i++) start_fiber(*block.fibers[i], uint32_t(i), place);
  block.warps.assign((threads + 31) / 32, Warp{});
  block.groups.assign((threads + 127) / 128, Group{});
  block.meeting = Meeting{};
  for (Meeting& named : block.named) named = Meeting{};
  block.boxes.clear();
  std::memset(block.shared, POISON, shared_bytes);
  block.moved = true;
  for (size_t alive = threads; alive > 0;) {
    if (!block.moved) throw std::runtime_error("the threads of a block wait for each other");
    block.moved = false;
    alive = 0;
    for (size_t i = 0; i < threads; i++) {
      Fiber& fiber = *block.fibers[i];
      if (fiber.done) continue;
      block.current = &fiber;
      switch_in(fiber);
      if (block.error) std::rethrow_exception(std::exchange(block.error, nullptr));
      alive += !fiber.done;
    }
  }
  check_block_ended();
}

Group& own_group() { return block.groups[block.current->place.thread.x / 128]; }

// The state of an mbarrier in its 64 bits (PTX ISA, mbarrier: its layout there is opaque).
struct BarrierState {
  uint16_t arrivals, pending;
  int16_t boxes;  // Still to come: bytes expected less bytes copied, in boxes.
  uint16_t phase;
};
static_assert(sizeof(BarrierState) == 8);

BarrierState state_of(const uint64_t* barrier) {
  BarrierState state;
  std::memcpy(&state, barrier, 8);
  return state;
}

void set_state(uint64_t* barrier, BarrierState state) {
  if (state.pending == 0 && state.boxes == 0) {
    state.phase ^= 1;
    state.pending = state.arrivals;
  }
  std::memcpy(barrier, &state, 8);
  block.moved = true;
}

// The oldest box arrives.
bool deliver_box() {
  if (block.boxes.empty() || the_device.wedged) return false;
  const Box box = block.boxes.front();
  block.boxes.pop_front();
  run_box(box.to, box.map, box.depth, box.row);
  BarrierState state = state_of(box.barrier);
  state.boxes = int16_t(state.boxes - 1);
  set_state(box.barrier, state);
  return true;
}

}  // namespace

Device& device() { return the_device; }
const Place& here() { return block.current->place; }
uint8_t* dynamic_shared() { return block.shared; }

uint32_t shared_address(const void* p) {
  return uint32_t(static_cast<const uint8_t*>(p) - block.shared) + SHARED_START;
}

const uint8_t* shared_pointer(uint32_t address) { return block.shared + (address - SHARED_START); }

void meet_block() {
  if (arrive(block.meeting, block.current->place.block_size.x)) open_next(block.meeting);
}

void meet_named(int id, size_t threads) {
  if (arrive(block.named[id], threads)) open_next(block.named[id]);
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
  Group& group = own_group();
  group.threads[block.current->place.thread.x % 128] = arguments;
  if (!arrive(group.meeting, 128)) return;
  step(group.threads);
  open_next(group.meeting);
}

void launch(dim3 grid, dim3 size, size_t shared_bytes, cudaStream_t,
            const std::function<void()>& body) {
  if (!next_launch() || the_device.silent) return;
  while (block.fibers.size() < size.x) block.fibers.push_back(std::make_unique<Fiber>());
  block.body = &body;
  // As much as was asked for and not a byte more, starting where only the address says 1024.
  block.shared_room.assign(shared_bytes + SHARED_ALIGNMENT, POISON);
  const auto base = reinterpret_cast<uintptr_t>(block.shared_room.data());
  block.shared = block.shared_room.data() + (SHARED_ALIGNMENT - base % SHARED_ALIGNMENT);
  for (uint32_t y = 0; y < grid.y; y++) {
    for (uint32_t x = 0; x < grid.x; x++) {
      run_block({dim3(0), dim3(x, y), size, grid}, size.x, shared_bytes);
    }
  }
}

void queue_copy16(void* to, const void* from) {
  std::memset(to, POISON, 16);
  block.current->open_group.push_back({to, from});
}

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

void queue_group_product(int32_t* acc, uint64_t a, uint64_t b) {
  struct Arguments {
    int32_t* acc;
    uint64_t a, b;
  } arguments{acc, a, b};
  meet_group(&arguments, [](void* const threads[128]) {
    GroupProduct product{{}, static_cast<Arguments*>(threads[0])->a,
                         static_cast<Arguments*>(threads[0])->b};
    for (int i = 0; i < 128; i++) {
      const auto& told = *static_cast<Arguments*>(threads[i]);
      if (told.a != product.a || told.b != product.b) {
        throw std::runtime_error("the threads of a warpgroup give different descriptors");
      }
      product.acc[i] = told.acc;
    }
    own_group().open.push_back(product);
  });
}

void commit_group_products() {
  meet_group(nullptr, [](void* const*) {
    Group& group = own_group();
    group.committed.push_back(std::move(group.open));
    group.open.clear();
  });
}

void wait_group_products(size_t still_running) {
  meet_group(&still_running, [](void* const threads[128]) {
    Group& group = own_group();
    while (group.committed.size() > *static_cast<size_t*>(threads[0])) {
      for (const GroupProduct& p : group.committed.front()) run_group_product(p.acc, p.a, p.b);
      group.committed.pop_front();
    }
  });
}

void barrier_init(uint64_t* barrier, uint32_t arrivals) {
  const BarrierState state{uint16_t(arrivals), uint16_t(arrivals), 0, 0};
  std::memcpy(barrier, &state, 8);
}

void barrier_arrive(uint64_t* barrier, uint32_t bytes) {
  BarrierState state = state_of(barrier);
  if (state.pending == 0) throw std::runtime_error("one arrival too many at a barrier");
  state.boxes = int16_t(state.boxes + int(bytes / BOX_BYTES));
  state.pending--;
  set_state(barrier, state);
}

void barrier_wait(uint64_t* barrier, uint32_t parity) {
  while (state_of(barrier).phase == parity) {
    if (!deliver_box()) yield();
  }
}

void queue_box(void* shared, const TileMap* map, int depth, int row, uint64_t* barrier) {
  std::memset(shared, POISON, BOX_BYTES);
  block.boxes.push_back({shared_address(shared), *map, depth, row, barrier});
}

}  // namespace gonka::cuda::emulated
