// Nonces on a GPU through the CUDA library, which is opened at run time: one build of the engine
// serves machines with and without a GPU.
#pragma once
#include "../cuda/plugin.h"
#include "runner.hpp"
#include "self-test.hpp"

namespace gonka {

// The library's functions, from dlopen or linked in by a test.
struct CudaApi {
  decltype(&gonka_cuda_devices) devices;
  decltype(&gonka_cuda_create) create;
  decltype(&gonka_cuda_destroy) destroy;
  decltype(&gonka_cuda_batch) batch;
  decltype(&gonka_cuda_memory) memory;
  decltype(&gonka_cuda_run) run;
  decltype(&gonka_cuda_hits) hits;
  decltype(&gonka_cuda_product) product;
  decltype(&gonka_cuda_rate) rate;
  decltype(&gonka_cuda_model_create) model_create;
  decltype(&gonka_cuda_model_destroy) model_destroy;
  decltype(&gonka_cuda_model_resident) model_resident;
  decltype(&gonka_cuda_model_window) model_window;
  decltype(&gonka_cuda_model_load) model_load;
  decltype(&gonka_cuda_model_seed) model_seed;
  decltype(&gonka_cuda_model_leaves) model_leaves;
};

// Null when there is no library of this interface beside the engine, or no device; the library is
// looked for once. GONKA_CUDA_LIBRARY names another place.
const CudaApi* find_cuda();

// Numbered as in plugin.h.
enum class CudaProduct : int32_t { plain = 0, mma = 1, wgmma = 2, pipeline = 3, bf16 = 4 };
inline constexpr CudaProduct CUDA_PRODUCTS[] = {CudaProduct::pipeline, CudaProduct::wgmma,
                                                CudaProduct::mma, CudaProduct::bf16,
                                                CudaProduct::plain};
const char* cuda_backend_name(CudaProduct product);

struct ProductShape {
  uint32_t m, n, k;
};
struct ProductRate {
  CudaProduct product;
  double gops;  // 0 when the device does not have the product.
};
// Every product, the fastest on this device first.
std::vector<ProductRate> cuda_rates(const CudaApi& api, int device, const ProductShape& shape);

struct CudaOptions {
  CudaProduct product = CudaProduct::mma;
  int device = 0;
  uint32_t batch = 0;
  uint32_t patience_ms = 0;  // A device that does not answer for so long is lost; 0: ten minutes.
};

// The self-test of sprint.md section 7 on a device: extremes, a random tile for each depth of the
// profile (gated too), the golden nonces of T. The name of the first failure, or an empty string.
std::string cuda_self_test(const CudaApi& api, const Profile& profile, const CudaOptions& options,
                           const StopFlag& stop, const SelfTestWatch& watch = {});

class CudaRunner final : public Runner {
 public:
  // Throws GPU_LOST when the device refuses.
  CudaRunner(const CudaApi& api, const Profile& profile, const Hash& weights_key,
             const CudaOptions& options);
  ~CudaRunner() override { api_.destroy(engine_); }
  CudaRunner(const CudaRunner&) = delete;
  CudaRunner& operator=(const CudaRunner&) = delete;

  const char* name() const override { return cuda_backend_name(product_); }
  size_t batch() const override { return api_.batch(engine_); }
  size_t memory_bytes() const override { return api_.memory(engine_); }
  void run(std::span<const NonceItem> items, int8_t* outputs, Hash* trace,
           const StopFlag& stop) override;
  std::vector<Hit> find_hits(const Profile& profile, std::span<const NonceItem> items,
                             const Target& target, uint32_t c, const StopFlag& stop) override;

 private:
  void run_batch(std::span<const NonceItem> items, int8_t* outputs, Hash* trace);

  const CudaApi& api_;
  const Profile& profile_;
  CudaProduct product_;
  gonka_cuda_engine* engine_ = nullptr;
};

}  // namespace gonka
