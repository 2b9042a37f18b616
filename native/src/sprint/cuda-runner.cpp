#include "cuda-runner.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>

#include "../hash/blake3.hpp"
#include "errors.hpp"

namespace gonka {
namespace {

std::string library_path() {
  if (const char* named = std::getenv("GONKA_CUDA_LIBRARY")) return named;
  Dl_info self{};
  if (!dladdr(reinterpret_cast<const void*>(&find_cuda), &self) || !self.dli_fname) return "";
  const std::string own = self.dli_fname;
  const size_t slash = own.rfind('/');
  return (slash == std::string::npos ? "." : own.substr(0, slash)) + "/libgonka_cuda.so";
}

template <typename F>
bool bind(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  return function != nullptr;
}

bool load(CudaApi& api) {
  void* library = dlopen(library_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return false;
  decltype(&gonka_cuda_abi) abi = nullptr;
  return bind(library, "gonka_cuda_abi", abi) && abi() == GONKA_CUDA_ABI &&
         bind(library, "gonka_cuda_devices", api.devices) &&
         bind(library, "gonka_cuda_create", api.create) &&
         bind(library, "gonka_cuda_destroy", api.destroy) &&
         bind(library, "gonka_cuda_batch", api.batch) &&
         bind(library, "gonka_cuda_memory", api.memory) &&
         bind(library, "gonka_cuda_run", api.run) &&
         bind(library, "gonka_cuda_hits", api.hits) &&
         bind(library, "gonka_cuda_product", api.product) &&
         bind(library, "gonka_cuda_rate", api.rate) &&
         bind(library, "gonka_cuda_model_create", api.model_create) &&
         bind(library, "gonka_cuda_model_destroy", api.model_destroy) &&
         bind(library, "gonka_cuda_model_resident", api.model_resident) &&
         bind(library, "gonka_cuda_model_window", api.model_window) &&
         bind(library, "gonka_cuda_model_load", api.model_load) &&
         bind(library, "gonka_cuda_model_seed", api.model_seed) &&
         bind(library, "gonka_cuda_model_leaves", api.model_leaves) && api.devices() > 0;
}

constexpr size_t MESSAGE_BYTES = 256;

// Items as the library takes them.
struct Batch {
  Bytes keys;
  std::vector<uint64_t> nonces;

  explicit Batch(std::span<const NonceItem> items) {
    for (const NonceItem& item : items) {
      append(keys, item.input_key);
      nonces.push_back(item.nonce);
    }
  }
};

// A small product first: a device that is slow there (the software device of the tests) would take
// minutes over a large one.
double product_rate(const CudaApi& api, int device, CudaProduct product,
                    const ProductShape& shape) {
  constexpr uint32_t ROUNDS = 3;
  constexpr double SLOW_GOPS = 1;
  double gops = 0;
  for (const ProductShape& s : {ProductShape{128, 256, 128}, shape}) {
    const gonka_cuda_rate_job job{s.m, s.n, s.k, ROUNDS, device, int32_t(product)};
    char message[MESSAGE_BYTES] = "";
    if (api.rate(&job, &gops, message, sizeof message) != 0) return 0;
    if (gops < SLOW_GOPS) break;
  }
  return gops;
}

}  // namespace

const CudaApi* find_cuda() {
  static CudaApi api;
  static const bool found = load(api);
  return found ? &api : nullptr;
}

const char* cuda_backend_name(CudaProduct product) {
  switch (product) {
    case CudaProduct::pipeline: return "cuda-tma";
    case CudaProduct::wgmma: return "cuda-wgmma";
    case CudaProduct::bf16: return "cuda-bf16";
    case CudaProduct::mma: return "cuda-mma";
    case CudaProduct::plain: break;
  }
  return "cuda-plain";
}

std::vector<ProductRate> cuda_rates(const CudaApi& api, int device, const ProductShape& shape) {
  std::vector<ProductRate> rates;
  for (const CudaProduct product : CUDA_PRODUCTS) {
    rates.push_back({product, product_rate(api, device, product, shape)});
  }
  std::stable_sort(rates.begin(), rates.end(), [](const ProductRate& a, const ProductRate& b) {
    return a.gops > b.gops;
  });
  return rates;
}

CudaRunner::CudaRunner(const CudaApi& api, const Profile& profile, const Hash& weights_key,
                       const CudaOptions& options)
    : api_(api), profile_(profile), product_(options.product) {
  const Shifts& s = profile.shift;
  gonka_cuda_config config{profile.d, profile.heads, profile.f, profile.layers, profile.tokens,
                           s.d,       s.p,           s.s,       s.h,            s.f,
                           {},        options.device, int32_t(options.product), options.batch,
                           options.patience_ms};
  std::copy(weights_key.begin(), weights_key.end(), config.weights_key);
  char message[MESSAGE_BYTES] = "";
  engine_ = api.create(&config, message, sizeof message);
  if (!engine_) throw EngineError(GPU_LOST, message);
}

void CudaRunner::run(std::span<const NonceItem> items, int8_t* outputs, Hash* trace,
                     const StopFlag& stop) {
  const size_t most = batch();
  for (size_t at = 0; at < items.size(); at += most) {
    if (stop.requested) throw Cancelled();
    run_batch(items.subspan(at, std::min(most, items.size() - at)),
              outputs + at * profile_.output_bytes(),
              trace ? trace + at * profile_.trace_states() : nullptr);
  }
}

std::vector<Hit> CudaRunner::find_hits(const Profile&, std::span<const NonceItem> items,
                                       const Target& target, uint32_t c, const StopFlag& stop) {
  std::vector<Hit> all;
  const size_t most = batch();
  for (size_t at = 0; at < items.size(); at += most) {
    if (stop.requested) throw Cancelled();
    const auto part = items.subspan(at, std::min(most, items.size() - at));
    const Batch batch(part);
    std::vector<gonka_cuda_hit> hits(part.size());
    uint32_t found = 0;
    char message[MESSAGE_BYTES] = "";
    if (api_.hits(engine_, batch.keys.data(), batch.nonces.data(), uint32_t(part.size()),
                  target.values.data(), c, hits.data(), &found, message, sizeof message) != 0) {
      throw EngineError(GPU_LOST, message);
    }
    for (uint32_t i = 0; i < found; i++) {
      Hit hit{part[hits[i].item].nonce, {}};
      std::copy_n(hits[i].digest, hit.digest.size(), hit.digest.begin());
      all.push_back(hit);
    }
  }
  return all;
}

void CudaRunner::run_batch(std::span<const NonceItem> items, int8_t* outputs, Hash* trace) {
  const size_t state = size_t(profile_.tokens) * profile_.d, states = profile_.trace_states() - 1;
  const Batch batch(items);
  std::vector<int8_t> seen(trace ? items.size() * state * states : 0);
  char message[MESSAGE_BYTES] = "";
  if (api_.run(engine_, batch.keys.data(), batch.nonces.data(), uint32_t(items.size()), outputs,
               trace ? seen.data() : nullptr, message, sizeof message) != 0) {
    throw EngineError(GPU_LOST, message);
  }
  if (!trace) return;
  const auto hash = [](const int8_t* p, size_t bytes) {
    return blake3({reinterpret_cast<const uint8_t*>(p), bytes});
  };
  for (size_t i = 0; i < items.size(); i++) {
    Hash* to = trace + i * profile_.trace_states();
    for (size_t s = 0; s < states; s++) {
      to[s] = hash(seen.data() + (s * items.size() + i) * state, state);
    }
    to[states] = hash(outputs + i * profile_.output_bytes(), profile_.output_bytes());
  }
}

}  // namespace gonka
