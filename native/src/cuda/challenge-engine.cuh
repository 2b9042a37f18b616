// A model on the device for the duration of an answer: as many rows as fit stay, the others pass
// through a window of 32 MiB in every pass.
#pragma once
#include <algorithm>
#include <vector>

#include "challenge.cuh"
#include "products/method.cuh"

namespace gonka::cuda {

constexpr uint64_t MODEL_WINDOW_GROUPS = 64;
constexpr uint64_t MODEL_WINDOW_ROWS = MODEL_WINDOW_GROUPS * CHALLENGE_GROUP;
constexpr size_t MODEL_SPARE_BYTES = size_t(512) << 20;

class Model {
 public:
  Model(int device, uint64_t rows, uint32_t patience_ms);
  uint64_t resident() const { return resident_; }
  void load(uint64_t first, uint64_t count, const uint8_t* rows);
  void seed(const int8_t* g);
  void leaves(uint64_t first_group, uint64_t count, const uint8_t* rows, uint8_t* out);

 private:
  void use() const { check(cudaSetDevice(device_), "cudaSetDevice"); }

  int device_;
  uint64_t rows_, resident_ = 0;
  Stream stream_;
  bool fast_ = false;
  DeviceBuffer store_, window_, g_, y_, leaves_;
};

inline Model::Model(int device, uint64_t rows, uint32_t patience_ms)
    : device_(device), rows_(rows), stream_(device, patience_ms) {
  if (rows == 0 || rows > UINT64_MAX / CHALLENGE_ROW) throw std::runtime_error("a model's rows");
  fast_ = prepare_method(device, 0).has_tensor_cores;
  window_.allocate(MODEL_WINDOW_ROWS * CHALLENGE_ROW);
  g_.allocate(CHALLENGE_G_BYTES);
  y_.allocate(MODEL_WINDOW_ROWS * 8 * sizeof(int32_t));
  leaves_.allocate(MODEL_WINDOW_GROUPS * 32);
  size_t free_bytes = 0, total_bytes = 0;
  check(cudaMemGetInfo(&free_bytes, &total_bytes), "cudaMemGetInfo");
  const uint64_t room =
      free_bytes > MODEL_SPARE_BYTES ? (free_bytes - MODEL_SPARE_BYTES) / CHALLENGE_ROW : 0;
  // Whole windows, so that no window is half resident.
  resident_ = room >= rows ? rows : room / MODEL_WINDOW_ROWS * MODEL_WINDOW_ROWS;
  if (resident_ > 0) store_.allocate(resident_ * CHALLENGE_ROW);
}

inline void Model::load(uint64_t first, uint64_t count, const uint8_t* rows) {
  if (first > resident_ || count > resident_ - first) throw std::runtime_error("rows to load");
  use();
  stream_.upload(store_.bytes() + first * CHALLENGE_ROW, rows, count * CHALLENGE_ROW);
  stream_.wait("load");
}

inline void Model::seed(const int8_t* g) {
  use();
  std::vector<int8_t> placed(CHALLENGE_G_BYTES);
  for (int k = 0; k < CHALLENGE_ROW; k++) {
    for (int c = 0; c < CHALLENGE_COLS; c++) {
      placed[size_t(fast_ ? packed_place(k, c) : c * CHALLENGE_ROW + k)] =
          g[k * CHALLENGE_COLS + c];
    }
  }
  stream_.upload(g_.bytes(), placed.data(), placed.size());
  stream_.wait("seed");
}

inline void Model::leaves(uint64_t first_group, uint64_t count, const uint8_t* rows,
                          uint8_t* out) {
  const uint64_t first = first_group * CHALLENGE_GROUP;
  if (count == 0 || count > MODEL_WINDOW_ROWS || first > rows_ || count > rows_ - first ||
      (!rows && first + count > resident_)) {
    throw std::runtime_error("rows to sum");
  }
  use();
  const int8_t* from = rows ? window_.values() : store_.values() + first * CHALLENGE_ROW;
  if (rows) stream_.upload(window_.bytes(), rows, count * CHALLENGE_ROW);
  auto* y = reinterpret_cast<int32_t*>(y_.bytes());
  const auto groups = uint32_t((count + CHALLENGE_GROUP - 1) / CHALLENGE_GROUP);
  if (fast_) {
    GONKA_LAUNCH(challenge_fast, dim3(groups), dim3(CHALLENGE_THREADS), 0, stream_.get(), from,
                 g_.values(), count, y);
  } else {
    GONKA_LAUNCH(challenge_plain, dim3(groups * (CHALLENGE_GROUP / (CHALLENGE_THREADS / 8))),
                 dim3(CHALLENGE_THREADS), 0, stream_.get(), from, g_.values(), count, y);
  }
  check(cudaGetLastError(), "challenge");
  GONKA_LAUNCH(challenge_leaves, dim3((groups + 31) / 32), dim3(32), 0, stream_.get(), y, count,
               first_group, groups, leaves_.bytes());
  check(cudaGetLastError(), "challenge_leaves");
  stream_.download(out, leaves_.bytes(), size_t(groups) * 32, "leaves");
}

}  // namespace gonka::cuda
