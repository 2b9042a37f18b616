#include "backends.hpp"

#include "cuda-runner.hpp"
#include "errors.hpp"
#include "self-test.hpp"

namespace gonka {
namespace {

struct Candidate {
  std::string name;
  std::function<std::string(const Profile&, const StopFlag&, const SelfTestWatch&)> test;
  std::function<std::unique_ptr<Runner>(const Profile&, const Hash&, const CpuOptions&,
                                        const StopFlag&)>
      make;
};

Candidate cpu_candidate(const KernelTable& kernels) {
  return {kernels.name,
          [&kernels](const Profile& profile, const StopFlag& stop, const SelfTestWatch& watch) {
            return self_test(kernels, profile, stop, watch);
          },
          [&kernels](const Profile& profile, const Hash& key, const CpuOptions& options,
                     const StopFlag& stop) -> std::unique_ptr<Runner> {
            return std::make_unique<CpuRunner>(profile, kernels, key, options, stop);
          }};
}

Candidate cuda_candidate(const CudaApi& api, CudaProduct product) {
  return {cuda_backend_name(product),
          [&api, product](const Profile& profile, const StopFlag& stop,
                          const SelfTestWatch& watch) -> std::string {
            try {
              return cuda_self_test(api, profile, {product, 0, 0}, stop, watch);
            } catch (const EngineError& error) {
              return error.what();
            }
          },
          [&api, product](const Profile& profile, const Hash& key, const CpuOptions& options,
                       const StopFlag&) -> std::unique_ptr<Runner> {
            const CudaOptions cuda{product, 0, uint32_t(options.batch)};
            return std::make_unique<CudaRunner>(api, profile, key, cuda);
          }};
}

// Which product is the fastest differs between devices, so each is measured, once.
const std::vector<ProductRate>& measured_rates(const CudaApi& api) {
  static const std::vector<ProductRate> rates = cuda_rates(api, 0, {4096, 4096, 4096});
  return rates;
}

// Fastest first. Nothing is offered that this machine cannot run.
std::vector<Candidate> candidates() {
  std::vector<Candidate> all;
  if (const CudaApi* api = find_cuda()) {
    for (const ProductRate& rate : measured_rates(*api)) {
      if (rate.gops > 0) all.push_back(cuda_candidate(*api, rate.product));
    }
  }
  const KernelTable* tables[MAX_CPU_BACKENDS];
  const int count = cpu_backends(tables);
  for (int i = 0; i < count; i++) all.push_back(cpu_candidate(*tables[i]));
  return all;
}

}  // namespace

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates()) names.push_back(candidate.name);
  return names;
}

std::vector<SelfTestResult> self_test_all(const Profile& profile, const StopFlag& stop) {
  std::vector<SelfTestResult> results;
  for (const Candidate& candidate : candidates()) {
    std::vector<SelfTestResult::Test> tests;
    const std::string failed = candidate.test(
        profile, stop, [&](const std::string& name, bool ok) { tests.push_back({name, ok}); });
    results.push_back({candidate.name, failed, tests});
  }
  return results;
}

std::unique_ptr<Runner> make_runner(const BackendChoice& choice, const Profile& profile,
                                    const Hash& weights_key, const CpuOptions& options,
                                    const Log& log, const StopFlag& stop) {
  bool known = false;
  for (const Candidate& candidate : candidates()) {
    if (choice.name != "auto" && choice.name != candidate.name) continue;
    if (!choice.gpu && candidate.name.starts_with("cuda")) continue;
    known = true;
    std::string failed = candidate.test(profile, stop, {});
    if (failed.empty()) {
      try {
        return candidate.make(profile, weights_key, options, stop);
      } catch (const EngineError& error) {
        failed = error.what();
      }
    }
    log("backend " + candidate.name + " is switched off: it fails " + failed);
  }
  if (!known) throw EngineError(UNKNOWN_BACKEND, "this machine has no backend " + choice.name);
  throw EngineError(NO_BACKEND, "no backend passes its self-test");
}

}  // namespace gonka
