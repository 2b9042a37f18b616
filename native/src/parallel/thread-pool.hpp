// A fixed set of threads that share out numbered tasks. The caller works too, as worker 0.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace gonka {

// Set by whoever wants a running computation to end; seen between two tasks.
struct StopFlag {
  std::atomic<bool> requested{false};
};

struct Cancelled : std::runtime_error {
  Cancelled() : std::runtime_error("cancelled") {}
};

class ThreadPool {
 public:
  using Task = std::function<void(size_t task, size_t worker)>;

  explicit ThreadPool(size_t threads);  // 0: one for each processor.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t size() const { return workers_.size() + 1; }
  // Runs tasks 0 .. count-1 and returns when all are done. The first exception of a task, or
  // Cancelled, is thrown here after every worker has come to rest.
  void run(size_t count, const StopFlag& stop, const Task& task);

 private:
  void serve(size_t worker);
  void drain(size_t worker);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  size_t generation_ = 0, busy_ = 0;
  bool closing_ = false;
  const Task* task_ = nullptr;
  const StopFlag* stop_ = nullptr;
  size_t count_ = 0;
  std::atomic<size_t> next_{0};
  std::exception_ptr error_;
};

}  // namespace gonka
