#include "batch.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace gonka::signatures {
namespace {

// So few that the last thread of a batch does not keep the others waiting for long.
constexpr size_t ITEMS_AT_ONCE = 8;

class Queue {
 public:
  void push(std::shared_ptr<Batch> batch) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(batch));
      start_threads();
    }
    ready_.notify_all();
  }

 private:
  // At the first batch: a process that never verifies one has no such threads.
  void start_threads() {
    if (started_) return;
    started_ = true;
    const unsigned count = std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; i++) std::thread([this] { run(); }).detach();
  }

  [[noreturn]] void run() {
    for (;;) {
      const std::shared_ptr<Batch> batch = front();
      while (batch->work()) {}
      remove(batch);
    }
  }

  std::shared_ptr<Batch> front() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return !waiting_.empty(); });
    return waiting_.front();
  }

  void remove(const std::shared_ptr<Batch>& batch) {
    const std::lock_guard lock(mutex_);
    if (!waiting_.empty() && waiting_.front() == batch) waiting_.pop_front();
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::shared_ptr<Batch>> waiting_;
  bool started_ = false;
};

}  // namespace

Batch::Batch(std::vector<uint8_t> items, std::function<void()> done)
    : items_(std::move(items)), verdicts_(items_.size() / ITEM_BYTES), done_(std::move(done)) {}

bool Batch::work() {
  const size_t count = verdicts_.size();
  const size_t from = taken_.fetch_add(ITEMS_AT_ONCE);
  if (from >= count) return false;
  const size_t to = std::min(from + ITEMS_AT_ONCE, count);
  for (size_t i = from; i < to; i++) verdicts_[i] = is_valid(items_.data() + i * ITEM_BYTES);
  // Acquire and release: who counts the last item has seen the verdicts of all.
  if (checked_.fetch_add(to - from, std::memory_order_acq_rel) + (to - from) == count) done_();
  return true;
}

void enqueue(std::shared_ptr<Batch> batch) {
  // Never freed: at the end of the process its threads may still be waiting in it.
  static Queue* const queue = new Queue();
  queue->push(std::move(batch));
}

}  // namespace gonka::signatures
