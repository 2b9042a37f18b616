// One network after beacon 1: mines, verifies and traces with the best backend that passes its
// self-test. Not thread-safe: one call at a time.
#pragma once
#include <functional>

#include "cpu-runner.hpp"
#include "digest.hpp"

namespace gonka {

using Log = std::function<void(const std::string&)>;

struct SessionConfig {
  NetworkId network;
  Hash beacon1;
  std::string backend = "auto";  // Or a name from backend_names().
  CpuOptions cpu;
};

// What the window opens with.
struct Window {
  Hash beacon2;
  std::array<uint8_t, HOST_KEY_BYTES> host;
};

struct NonceRange {
  uint64_t first;
  uint64_t count;
};

struct MineResult {
  std::vector<Hit> hits;
  Hash root;  // Merkle root over LE64(nonce) || digest: the commitment with hits.size().
  uint64_t nonces;
};

struct Claim {
  std::array<uint8_t, HOST_KEY_BYTES> host;
  uint64_t nonce;
  Hash digest;
  uint32_t c;
};

struct HostNonce {
  std::array<uint8_t, HOST_KEY_BYTES> host;
  uint64_t nonce;
};

enum class Verdict : uint8_t { valid, digest_differs, not_a_hit };

struct VerifyResult {
  std::vector<Verdict> verdicts;
  // Claims that the fast backend refused and the scalar kernel accepted: the machine is faulty.
  uint64_t backend_faults = 0;
};

struct TraceResult {
  Score score;
  std::vector<Hash> states;
};

// Counted in nonces (or bytes); read by other threads while a call runs.
struct Progress {
  std::atomic<uint64_t> done{0}, total{0};
};

class Session {
 public:
  Session(const SessionConfig& config, const Log& log, const StopFlag& stop);
  // Takes a runner of the same network instead of choosing one.
  void replace_runner(std::unique_ptr<Runner> runner) { runner_ = std::move(runner); }

  const Profile& profile() const { return profile_; }
  Runner& runner() { return *runner_; }
  MineResult mine(const Window& window, NonceRange range, uint32_t c, Progress& progress,
                  const StopFlag& stop);
  VerifyResult verify(const Hash& beacon2, std::span<const Claim> claims, Progress& progress,
                      const StopFlag& stop);
  // The digest (32 bytes) and then O of each item, one after the other.
  Bytes compute(const Hash& beacon2, std::span<const HostNonce> items, Progress& progress,
                const StopFlag& stop);
  TraceResult trace(const Window& window, uint64_t nonce, uint32_t c, const StopFlag& stop);

 private:
  Hash host_input_key(const Window& window) const;
  Target target(const Hash& beacon2) const;
  Verdict judge(const Claim& claim, const Hash& input_key, const int8_t* output,
                const Target& target) const;
  Verdict recompute(const Claim& claim, const Hash& input_key, const Target& target,
                    const StopFlag& stop);

  void with_runner(const StopFlag& stop, const std::function<void(Runner&)>& act);
  void run(std::span<const NonceItem> items, int8_t* outputs, Hash* states, const StopFlag& stop);

  SessionConfig config_;
  const Profile& profile_;
  Hash weights_key_;
  Log log_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<Runner> scalar_;  // Made at the first refusal.
};

// Every backend of this build that this machine can run, best first, scalar last.
std::vector<std::string> backend_names();

// The commitment root over hits in increasing order of nonce.
Hash commitment_root(std::span<const Hit> hits);

}  // namespace gonka
