// A device that fails: at every single call, for good or once, in silence, or inside a kernel. The
// answer is a typed error or the next backend; nothing hangs, nothing wrong comes out, nothing is
// kept.
#include "../src/cuda/host.cuh"
#include "../src/sprint/errors.hpp"
#include "cuda-fixtures.hpp"

namespace gonka::test {
namespace {

using cuda::emulated::device;
using cuda::emulated::Device;

// T's shape with one small layer: a failure at each of its calls is tried in turn.
const Profile SMALL = {'T', 256, 2, 256, 1, 16, {10, 9, 7, 5, 11}};

std::vector<NonceItem> two_items() { return {{golden_input('T'), 1}, {golden_input('T'), 2}}; }

Target any_target() { return make_target(Hash{9}); }

std::vector<Hit> wanted_hits() {
  const StopFlag stop;
  CpuRunner runner(SMALL, *tables()[0], golden_weights('T'), {2, 0, 0}, stop);
  return runner.find_hits(SMALL, two_items(), any_target(), 0, stop);
}

bool equal(const std::vector<Hit>& a, const std::vector<Hit>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Hit& x, const Hit& y) {
    return x.nonce == y.nonce && x.digest == y.digest;
  });
}

// Creates an engine and asks it twice; what came of it. `at` is reached by neither when it is late.
struct Outcome {
  std::string created, first, second;
};

template <typename Act>
std::string outcome_of(const Act& act) {
  try {
    act();
  } catch (const EngineError& error) {
    return error.code();
  }
  return "";
}

Outcome create_and_ask(CudaProduct product, const std::vector<Hit>& wanted,
                       const std::string& who) {
  const StopFlag stop;
  Outcome out;
  std::unique_ptr<CudaRunner> runner;
  out.created = outcome_of([&] {
    runner = std::make_unique<CudaRunner>(emulated_cuda(), SMALL, golden_weights('T'),
                                          CudaOptions{product, 0, 2, 1000});
  });
  const auto ask = [&] {
    return outcome_of([&] {
      const auto got = runner->find_hits(SMALL, two_items(), any_target(), 0, stop);
      check(equal(got, wanted), who + ": wrong hits");
    });
  };
  if (runner) out.first = ask(), out.second = ask();
  return out;
}

}  // namespace

TEST("cuda, emulated faults: a failure at any call is GPU_LOST, leaves nothing, and heals") {
  const auto wanted = wanted_hits();
  for (const CudaProduct product : {CudaProduct::plain, CudaProduct::pipeline}) {
    const size_t held = device().held;
    device().calls = 0;
    const Outcome whole = create_and_ask(product, wanted, "no fault");
    check(whole.created.empty() && whole.first.empty() && whole.second.empty(), "no fault");
    const uint64_t calls = device().calls;
    check(calls > 60, "a run of many calls");
    // GONKA_FAULT_STEP=1 tries every call; the products share all but their launches.
    const uint64_t step = setting("GONKA_FAULT_STEP", product == CudaProduct::plain ? 3 : 13);
    for (uint64_t at = 0; at < calls; at += step) {
      const std::string who =
          std::string(cuda_backend_name(product)) + ", call " + std::to_string(at);
      for (const bool for_good : {true, false}) {
        const DeviceAs failing([&](Device& d) {
          d.calls = 0;
          d.fail_from = at;
          d.fail_to = for_good ? UINT64_MAX : at + 1;
        });
        const Outcome got = create_and_ask(product, wanted, who);
        for (const std::string& code : {got.created, got.first, got.second}) {
          check(code.empty() || code == GPU_LOST, who + ": " + code);
        }
        const int failures = !got.created.empty() + !got.first.empty() + !got.second.empty();
        check(failures <= (for_good ? 2 : 1), who + ": one failure is one");
      }
      same(device().held, held, who + ": something is still held");
    }
  }
}

TEST("cuda, emulated faults: mining over a device that is lost at any point gives the same hits") {
  const StopFlag stop;
  const auto mined = [&](Session& session) {
    Progress progress;
    return session.mine(golden_window(), {0, 3}, 0, progress, stop);
  };
  Session on_cpu(session_config('T', "scalar"), no_log, stop);
  const MineResult wanted = mined(on_cpu);
  check(!wanted.hits.empty(), "hits to find");
  const Profile& profile = *find_profile('T');
  for (const uint64_t at : {0, 5, 19}) {
    std::vector<std::string> lines;
    SessionConfig config = session_config('T', "auto");
    Session session(config, [&](const std::string& line) { lines.push_back(line); }, stop);
    session.replace_runner(std::make_unique<CudaRunner>(
        emulated_cuda(), profile, golden_weights('T'), CudaOptions{CudaProduct::mma, 0, 2, 0}));
    const DeviceAs failing([&](Device& d) { d.calls = 0, d.fail_from = at; });
    const MineResult got = mined(session);
    check(equal(got.hits, wanted.hits) && got.root == wanted.root,
          "hits, call " + std::to_string(at));
    same(lines.size(), size_t(1), "one log line");
  }
}

TEST("cuda, emulated faults: a device that falls silent is lost after the patience, and stays so") {
  const StopFlag stop;
  CudaRunner runner(emulated_cuda(), SMALL, golden_weights('T'), {CudaProduct::mma, 0, 2, 30});
  {
    const DeviceAs silent([](Device& d) { d.silent = true; });
    std::string said;
    try {
      runner.find_hits(SMALL, two_items(), any_target(), 0, stop);
    } catch (const EngineError& error) {
      said = error.what();
    }
    same(said, std::string("hits: the device does not answer"), "message");
  }
  same(outcome_of([&] {
         CudaRunner(emulated_cuda(), SMALL, golden_weights('T'), {CudaProduct::mma, 0, 2, 30});
       }),
       std::string(GPU_LOST), "another engine");
  cuda::device_silent = false;
}

TEST("cuda, emulated faults: a copy that never arrives ends the kernel, not the process") {
  const StopFlag stop;
  const auto wanted = wanted_hits();
  CudaRunner runner(emulated_cuda(), SMALL, golden_weights('T'), {CudaProduct::pipeline, 0, 2, 0});
  {
    const DeviceAs wedged([](Device& d) { d.wedged = true; });
    same(outcome_of([&] { runner.find_hits(SMALL, two_items(), any_target(), 0, stop); }),
         std::string(GPU_LOST), "wedged");
  }
  check(equal(runner.find_hits(SMALL, two_items(), any_target(), 0, stop), wanted), "afterwards");
}

}  // namespace gonka::test
