// Mining, verification and cancellation as a caller sees them.
#include "../src/sprint/errors.hpp"
#include "fixtures.hpp"

namespace gonka::test {
namespace {

constexpr uint32_t QUARTER = 44314;

std::vector<Claim> golden_claims() {
  std::vector<Claim> claims;
  for (const Json& v : vectors()["nonces"].items) {
    if (v["profile"].string != "T") continue;
    claims.push_back({golden_window().host, v["nonce"].u64(), v["digest"].hash(), QUARTER});
  }
  return claims;
}

}  // namespace

TEST("verify: a hit is valid, a miss is not a hit, a changed digest differs") {
  const StopFlag stop;
  Progress progress;
  Session session(session_config('T', "auto"), no_log, stop);
  auto claims = golden_claims();
  claims.push_back(claims[0]);
  claims.back().digest[31] ^= 1;
  claims.push_back(claims[0]);
  claims.back().host[1] ^= 1;
  claims.push_back(claims[0]);
  claims.back().c = 1 << 20;
  const auto result = session.verify(golden_window().beacon2, claims, progress, stop);
  const std::vector<Verdict> wanted = {Verdict::valid,          Verdict::valid,
                                       Verdict::not_a_hit,      Verdict::digest_differs,
                                       Verdict::digest_differs, Verdict::not_a_hit};
  same(result.verdicts, wanted, "verdicts");
  same(result.backend_faults, uint64_t(0), "faults");
  same(progress.done.load(), uint64_t(6), "progress");
}

TEST("verify: nothing to verify gives nothing") {
  const StopFlag stop;
  Progress progress;
  Session session(session_config('T', "auto"), no_log, stop);
  check(session.verify(golden_window().beacon2, {}, progress, stop).verdicts.empty(), "verdicts");
}

TEST("mine: the range decides, whatever the batches") {
  const StopFlag stop;
  Progress progress;
  Session session(session_config('T', "auto"), no_log, stop);
  const auto whole = session.mine(golden_window(), {0, 200}, QUARTER, progress, stop);
  std::vector<Hit> parts;
  for (const NonceRange range : {NonceRange{0, 1}, {1, 99}, {100, 100}}) {
    const auto part = session.mine(golden_window(), range, QUARTER, progress, stop);
    parts.insert(parts.end(), part.hits.begin(), part.hits.end());
  }
  same(commitment_root(parts), whole.root, "root");
  const auto none = session.mine(golden_window(), {5, 0}, QUARTER, progress, stop);
  same(none.hits.size(), size_t(0), "an empty range");
  const auto last = session.mine(golden_window(), {UINT64_MAX, 1}, 0, progress, stop);
  same(last.nonces, uint64_t(1), "the last nonce");
}

TEST("mine: bad ranges, thresholds, profiles and backends are refused by code") {
  const auto code_of = [](const std::function<void()>& act) -> std::string {
    try {
      act();
    } catch (const EngineError& error) {
      return error.code();
    }
    return "no error";
  };
  const StopFlag stop;
  Progress progress;
  Session session(session_config('T', "auto"), no_log, stop);
  const Window window = golden_window();
  same(code_of([&] { session.mine(window, {UINT64_MAX, 2}, 0, progress, stop); }),
       std::string(BAD_ARGUMENT), "range");
  same(code_of([&] { session.mine(window, {0, 1}, (1 << 20) + 1, progress, stop); }),
       std::string(BAD_ARGUMENT), "threshold");
  same(code_of([&] { Session(session_config('X', "auto"), no_log, stop); }),
       std::string(BAD_ARGUMENT), "profile");
  same(code_of([&] { Session(session_config('T', "abacus"), no_log, stop); }),
       std::string(UNKNOWN_BACKEND), "backend");
}

TEST("mine: a stop from another thread ends the run as Cancelled, and the session works on") {
  StopFlag stop;
  Progress progress;
  Session session(session_config('C', "auto"), no_log, stop);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.requested = true;
  });
  bool cancelled = false;
  const auto start = std::chrono::steady_clock::now();
  try {
    session.mine(golden_window(), {0, 1000000}, QUARTER, progress, stop);
  } catch (const Cancelled&) {
    cancelled = true;
  }
  other.join();
  check(cancelled, "cancelled");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  check(took.count() < 2, "within two seconds");
  const StopFlag fresh;
  const auto trace = session.trace(golden_window(), 9223372036854775809u, QUARTER, fresh);
  same_hex(trace.score.digest, vectors()["nonces"][3]["digest"].string, "the next call");
}

TEST("hit rule: exact at the boundary and at the largest values") {
  const int64_t v2 = (int64_t(1) << 34) - 1, t2 = int64_t(1) << 22;
  check(is_hit(1, 1, 1, 1 << 20), "equality is a hit");
  check(!is_hit(1, 2, 1, 1 << 20), "just below");
  check(!is_hit(0, 0, 0, 0) && !is_hit(-5, 1, 1, 0), "dot must be positive");
  check(is_hit((int64_t(1) << 28) - 1, v2, t2, 1 << 20) ==
            (((__extension__(unsigned __int128)((1ull << 28) - 1)) * ((1ull << 28) - 1)) >=
             (__extension__(unsigned __int128) v2) * uint64_t(t2)),
        "no overflow");
  check(is_hit(1, v2, t2, 0), "c = 0 asks only for a positive dot");
}

}  // namespace gonka::test
