// One nonce at once, for a caller that may not wait: a state machine that judges a dispute.
#include <map>
#include <mutex>

#include "../sprint/cpu-runner.hpp"
#include "../sprint/digest.hpp"
#include "../sprint/self-test.hpp"
#include "calls.hpp"
#include "values.hpp"

namespace gonka::binding {
namespace {

constexpr uint32_t THREADS_MAX = 1024;

// A device may vanish, take its time, or be busy with a search: the judge uses processors only.
const KernelTable& cpu_kernels(const std::string& name) {
  const KernelTable* tables[MAX_CPU_BACKENDS];
  const int count = cpu_backends(tables);
  for (int i = 0; i < count; i++) {
    if (name == tables[i]->name) return *tables[i];
  }
  throw EngineError(UNKNOWN_BACKEND, "this machine has no CPU backend " + name);
}

// Once for each backend and profile of a process.
void require_self_test(const KernelTable& kernels, const Profile& profile) {
  static std::mutex lock;
  static std::map<std::pair<std::string, char>, std::string> known;
  const std::lock_guard held(lock);
  const auto [at, fresh] = known.try_emplace({kernels.name, profile.code});
  if (fresh) at->second = self_test(kernels, profile, StopFlag{});
  if (at->second.empty()) return;
  throw EngineError(NO_BACKEND, std::string(kernels.name) + " fails " + at->second);
}

}  // namespace

// Digest and then O. Weights are expanded anew, a panel at a time: nothing is kept from one call
// to the next, so nothing can go bad in between.
napi_value recompute_now(napi_env env, const Fields& fields) {
  const std::string letter = fields.text("profile");
  const Profile* profile = letter.size() == 1 ? find_profile(letter[0]) : nullptr;
  if (!profile) throw EngineError(BAD_ARGUMENT, "profile must be T, C, M or L");
  const NetworkId network{fields.text("chainId"), profile->code};
  const Hash beacon1 = fields.hash("beacon1"), beacon2 = fields.hash("beacon2");
  const HostKey host = fields.host_key("hostKey");
  const uint64_t nonce = fields.u64("nonce");
  const KernelTable& kernels = cpu_kernels(fields.text("backend"));
  CpuOptions options;
  options.threads = fields.u32("threads", THREADS_MAX);
  options.batch = 1;
  options.resident_limit_bytes = 0;
  require_self_test(kernels, *profile);
  const StopFlag stop;
  CpuRunner runner(*profile, kernels, weights_key(network, beacon1), options, stop);
  const NonceItem item{input_key(network, beacon1, beacon2, host), nonce};
  std::vector<int8_t> output(profile->output_bytes());
  runner.run({&item, 1}, output.data(), nullptr, stop);
  const Score score =
      score_output(*profile, item.input_key, nonce, output.data(), Target{}, HIT_THRESHOLD_MAX);
  Bytes result(score.digest.size() + output.size());
  std::copy(score.digest.begin(), score.digest.end(), result.begin());
  std::memcpy(&result[score.digest.size()], output.data(), output.size());
  return Writer(env).adopt(std::move(result));
}

}  // namespace gonka::binding
