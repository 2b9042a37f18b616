// Batches of checks on threads of their own, one for each processor, which all batches share.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "verify.hpp"

namespace gonka::signatures {

class Batch {
 public:
  // items: whole items, at least one. done is called once, on one of the threads, as the last
  // thing that any of them does with the batch.
  Batch(std::vector<uint8_t> items, std::function<void()> done);

  // One byte for each item: 1 when it is valid. Read it after done was called.
  const std::vector<uint8_t>& verdicts() const { return verdicts_; }

  // Takes the next few items and checks them; false when all of them are taken.
  bool work();

 private:
  std::vector<uint8_t> items_;
  std::vector<uint8_t> verdicts_;
  std::function<void()> done_;
  std::atomic<size_t> taken_{0};
  std::atomic<size_t> checked_{0};
};

// Puts a batch behind those that wait.
void enqueue(std::shared_ptr<Batch> batch);

}  // namespace gonka::signatures
