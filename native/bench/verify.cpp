// The work of a verifier: samples of eight hosts in one call, as the addon makes it.
#include <cstdio>

#include "../src/sprint/session.hpp"
#include "bench.hpp"

namespace gonka::bench {
namespace {

constexpr uint8_t HOSTS = 8;
constexpr uint64_t NONCES_AT_ONCE = 16;

// Claims that hold: threshold 0 makes every second nonce a hit.
std::vector<Claim> honest_claims(Session& session, size_t wanted, const StopFlag& stop) {
  std::vector<Claim> claims;
  for (uint8_t host = 0; claims.size() < wanted; host = uint8_t((host + 1) % HOSTS)) {
    const Window window{Hash{3}, {2, host}};
    const size_t most = (wanted + HOSTS - 1) / HOSTS;
    size_t found = 0;
    for (uint64_t first = 0; found < most; first += NONCES_AT_ONCE) {
      Progress progress;
      const auto mined = session.mine(window, {first, NONCES_AT_ONCE}, 0, progress, stop);
      for (const Hit& hit : mined.hits) {
        if (found++ < most) claims.push_back({window.host, hit.nonce, hit.digest, 0});
      }
    }
  }
  claims.resize(wanted);
  return claims;
}

}  // namespace

int time_verification(const Options& o) {
  const StopFlag stop;
  SessionConfig config{{"bench", o.profile}, Hash{7}, o.backend, {}};
  config.cpu.threads = o.threads;
  config.cpu.batch = o.batch;
  const auto log = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  Session session(config, log, stop);
  const auto claims = honest_claims(session, o.verify, stop);
  Progress progress;
  const double wall = seconds_now(), busy = process_seconds();
  const auto result = session.verify(Hash{3}, claims, progress, stop);
  const double took = seconds_now() - wall, worked = process_seconds() - busy;
  size_t valid = 0;
  for (const Verdict verdict : result.verdicts) valid += verdict == Verdict::valid;
  std::printf("{\"profile\":\"%c\",\"backend\":\"%s\",\"threads\":%zu,\"samples\":%zu,"
              "\"hosts\":%d,\"valid\":%zu,\"seconds\":%.3f,\"coreSeconds\":%.3f,"
              "\"memoryBytes\":%zu}\n",
              o.profile, session.runner().name(), o.threads, claims.size(), int(HOSTS), valid, took,
              worked, session.runner().memory_bytes());
  return valid == claims.size() ? 0 : 1;
}

}  // namespace gonka::bench
