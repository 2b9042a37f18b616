// The network of sprint.md section 4 on CPU threads, many nonces at once: every weight panel is
// read (or expanded) once for all token rows of the batch.
#pragma once
#include "runner.hpp"
#include "weights.hpp"

namespace gonka {

struct CpuOptions {
  size_t threads = 0;  // 0: one for each processor.
  size_t resident_limit_bytes = size_t(512) << 20;
  size_t batch = 0;  // 0: the profile's default.
};

class CpuRunner final : public Runner {
 public:
  CpuRunner(const Profile& profile, const KernelTable& kernels, const Hash& weights_key,
            const CpuOptions& options, const StopFlag& stop);

  const char* name() const override { return kernels_.name; }
  size_t batch() const override { return batch_; }
  size_t memory_bytes() const override;
  void run(std::span<const NonceItem> items, int8_t* outputs, Hash* trace,
           const StopFlag& stop) override;

 private:
  struct Product {
    Tensor tensor;
    int shift;
    int8_t* out;
  };
  struct Scratch {
    AlignedBuffer tile, rows, block, panel, values;
  };

  void reserve(size_t items);
  void run_batch(std::span<const NonceItem> items, int8_t* outputs, Hash* trace,
                 const StopFlag& stop);
  void embed(std::span<const NonceItem> items, const StopFlag& stop);
  void pack(const int8_t* from, size_t k, const StopFlag& stop);
  void multiply(uint32_t layer, std::span<const Product> products, const StopFlag& stop);
  void column_group(uint32_t layer, const Product& product, size_t group, size_t first_block,
                    size_t end_block, size_t worker);
  void attend(size_t item, size_t head, size_t worker);
  void small_product(const int8_t* x, size_t x_stride, const int8_t* w, size_t w_stride, size_t n,
                     size_t k, int shift, int8_t* out, size_t out_stride, Scratch& scratch);
  void gate_and_pack(const StopFlag& stop);
  void add_and_norm(const StopFlag& stop);
  void record(Hash* trace, size_t state, const int8_t* from, size_t bytes, const StopFlag& stop);

  const Profile& profile_;
  const KernelTable& kernels_;
  const Tiling& tiling_;  // For products with the weights.
  ThreadPool pool_;
  Weights weights_;
  size_t batch_, rows_ = 0, items_ = 0;
  AlignedBuffer x_, y_, qkv_, g_, u_, packed_;
  std::vector<Scratch> scratch_;
};

}  // namespace gonka
