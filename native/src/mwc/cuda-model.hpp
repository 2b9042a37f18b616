// A model on a GPU for the duration of an answer. Rows that do not fit there pass through it in
// windows, in every pass; the host never holds more than one window.
#pragma once
#include "../sprint/cuda-runner.hpp"
#include "fold.hpp"

namespace gonka {

class CudaModel {
 public:
  // Tests the device, then loads what fits. Throws GPU_LOST when the device refuses or errs.
  CudaModel(const ModelFiles& files, const ChallengeTools& tools);
  ~CudaModel() { api_.model_destroy(model_); }
  CudaModel(const CudaModel&) = delete;
  CudaModel& operator=(const CudaModel&) = delete;

  uint64_t resident_rows() const { return api_.model_resident(model_); }
  void for_each_group(const Hash& seed, const LeafSink& sink);

 private:
  void self_test();
  void load();
  void set_seed(const Hash& seed);
  void read_window(uint64_t first, size_t count);
  // rows: null when they are resident.
  std::vector<Hash> leaves(uint64_t first_group, size_t rows_count, const uint8_t* rows);

  const CudaApi& api_;
  const ModelFiles& files_;
  const ChallengeTools& tools_;
  gonka_cuda_model* model_ = nullptr;
  size_t window_rows_ = 0;
  AlignedBuffer window_;
};

}  // namespace gonka
