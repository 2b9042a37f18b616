#include "session.hpp"

#include <algorithm>
#include <map>

#include "../hash/merkle.hpp"
#include "backends.hpp"
#include "errors.hpp"

namespace gonka {
namespace {

const Profile& require_profile(char code) {
  const Profile* profile = find_profile(code);
  if (!profile) throw EngineError(BAD_ARGUMENT, "profile must be T, C, M or L");
  return *profile;
}

void require_threshold(uint32_t c) {
  if (c > HIT_THRESHOLD_MAX) throw EngineError(BAD_ARGUMENT, "c must be at most 2^20");
}

}  // namespace

Hash commitment_root(std::span<const Hit> hits) {
  MerkleTree tree;
  for (const Hit& hit : hits) {
    Bytes leaf;
    append64(leaf, hit.nonce);
    append(leaf, hit.digest);
    tree.add(leaf);
  }
  return tree.root();
}

Session::Session(const SessionConfig& config, const Log& log, const StopFlag& stop)
    : config_(config),
      profile_(require_profile(config.network.profile)),
      weights_key_(weights_key(config.network, config.beacon1)),
      log_(log),
      runner_(make_runner({config.backend}, profile_, weights_key_, config.cpu, log, stop)) {}

// A device that is lost in the middle costs its batch, not the window: where the caller left the
// choice open, the best remaining backend takes the same batch.
void Session::with_runner(const StopFlag& stop, const std::function<void(Runner&)>& act) {
  try {
    act(*runner_);
  } catch (const EngineError& error) {
    if (error.code() != std::string_view(GPU_LOST) || config_.backend != "auto") throw;
    log_(std::string("the GPU is lost, the CPU takes over: ") + error.what());
    runner_ = make_runner({"auto", false}, profile_, weights_key_, config_.cpu, log_, stop);
    act(*runner_);
  }
}

void Session::run(std::span<const NonceItem> items, int8_t* outputs, Hash* states,
                  const StopFlag& stop) {
  with_runner(stop, [&](Runner& runner) { runner.run(items, outputs, states, stop); });
}

Hash Session::host_input_key(const Window& window) const {
  return input_key(config_.network, config_.beacon1, window.beacon2, window.host);
}

Target Session::target(const Hash& beacon2) const {
  return make_target(target_key(config_.network, config_.beacon1, beacon2));
}

MineResult Session::mine(const Window& window, NonceRange range, uint32_t c, Progress& progress,
                         const StopFlag& stop) {
  require_threshold(c);
  if (range.count > 0 && range.first + (range.count - 1) < range.first) {
    throw EngineError(BAD_ARGUMENT, "the nonce range passes 2^64");
  }
  const Hash key = host_input_key(window);
  const Target goal = target(window.beacon2);
  const size_t batch = runner_->batch();
  std::vector<NonceItem> items;
  MineResult result{};
  progress.total = range.count;
  for (uint64_t at = 0; at < range.count; at += items.size()) {
    items.clear();
    const uint64_t count = std::min<uint64_t>(batch, range.count - at);
    for (uint64_t i = 0; i < count; i++) items.push_back({key, range.first + at + i});
    with_runner(stop, [&](Runner& runner) {
      const std::vector<Hit> found = runner.find_hits(profile_, items, goal, c, stop);
      result.hits.insert(result.hits.end(), found.begin(), found.end());
    });
    progress.done += items.size();
  }
  result.nonces = range.count;
  result.root = commitment_root(result.hits);
  return result;
}

Verdict Session::judge(const Claim& claim, const Hash& key, const int8_t* output,
                       const Target& goal) const {
  const Score score = score_output(profile_, key, claim.nonce, output, goal, claim.c);
  if (score.digest != claim.digest) return Verdict::digest_differs;
  return score.hit ? Verdict::valid : Verdict::not_a_hit;
}

// Nobody is accused on a fast backend's word alone (sprint.md section 7).
Verdict Session::recompute(const Claim& claim, const Hash& key, const Target& goal,
                           const StopFlag& stop) {
  if (!scalar_) {
    CpuOptions options = config_.cpu;
    options.resident_limit_bytes = 0;
    scalar_ = std::make_unique<CpuRunner>(profile_, scalar_kernels(), weights_key_, options, stop);
  }
  std::vector<int8_t> output(profile_.output_bytes());
  const NonceItem item{key, claim.nonce};
  scalar_->run({&item, 1}, output.data(), nullptr, stop);
  return judge(claim, key, output.data(), goal);
}

VerifyResult Session::verify(const Hash& beacon2, std::span<const Claim> claims,
                             Progress& progress, const StopFlag& stop) {
  for (const Claim& claim : claims) require_threshold(claim.c);
  const Target goal = target(beacon2);
  std::map<std::array<uint8_t, HOST_KEY_BYTES>, Hash> keys;
  for (const Claim& claim : claims) {
    if (!keys.contains(claim.host)) keys[claim.host] = host_input_key({beacon2, claim.host});
  }
  const size_t batch = runner_->batch(), bytes = profile_.output_bytes();
  std::vector<int8_t> outputs(std::min(batch, claims.size()) * bytes);
  VerifyResult result;
  progress.total = claims.size();
  for (size_t at = 0; at < claims.size(); at += batch) {
    const auto part = claims.subspan(at, std::min(batch, claims.size() - at));
    std::vector<NonceItem> items;
    for (const Claim& claim : part) items.push_back({keys[claim.host], claim.nonce});
    run(items, outputs.data(), nullptr, stop);
    for (size_t i = 0; i < part.size(); i++) {
      Verdict verdict = judge(part[i], items[i].input_key, outputs.data() + i * bytes, goal);
      if (verdict != Verdict::valid) {
        const Verdict second = recompute(part[i], items[i].input_key, goal, stop);
        result.backend_faults += second != verdict;
        verdict = second;
      }
      result.verdicts.push_back(verdict);
    }
    progress.done += part.size();
  }
  return result;
}

Bytes Session::compute(const Hash& beacon2, std::span<const HostNonce> items, Progress& progress,
                       const StopFlag& stop) {
  const Target goal = target(beacon2);
  const size_t batch = runner_->batch(), bytes = profile_.output_bytes();
  std::vector<int8_t> outputs(std::min(batch, items.size()) * bytes);
  Bytes result;
  result.reserve(items.size() * (32 + bytes));
  progress.total = items.size();
  for (size_t at = 0; at < items.size(); at += batch) {
    const auto part = items.subspan(at, std::min(batch, items.size() - at));
    std::vector<NonceItem> keyed;
    for (const HostNonce& item : part) {
      keyed.push_back({host_input_key({beacon2, item.host}), item.nonce});
    }
    run(keyed, outputs.data(), nullptr, stop);
    for (size_t i = 0; i < part.size(); i++) {
      const int8_t* output = outputs.data() + i * bytes;
      const Score score =
          score_output(profile_, keyed[i].input_key, part[i].nonce, output, goal, 0);
      append(result, score.digest);
      append(result, {reinterpret_cast<const uint8_t*>(output), bytes});
    }
    progress.done += part.size();
  }
  return result;
}

TraceResult Session::trace(const Window& window, uint64_t nonce, uint32_t c,
                           const StopFlag& stop) {
  require_threshold(c);
  const Hash key = host_input_key(window);
  TraceResult result;
  result.states.resize(profile_.trace_states());
  std::vector<int8_t> output(profile_.output_bytes());
  const NonceItem item{key, nonce};
  run({&item, 1}, output.data(), result.states.data(), stop);
  result.score = score_output(profile_, key, nonce, output.data(), target(window.beacon2), c);
  return result;
}

}  // namespace gonka
