// The CUDA sources, compiled for the emulator: golden traces by both products, tails, weights that
// do not fit, and a device that is lost. The same checks run on a real device where one is found.
#include "../src/sprint/cuda-runner.hpp"
#include "../src/sprint/errors.hpp"
#include "../src/sprint/self-test.hpp"
#include "cuda-fixtures.hpp"

namespace gonka::test {
namespace {

const CudaApi& EMULATED = emulated_cuda();

struct Result {
  std::vector<int8_t> outputs;
  std::vector<Hash> trace;
  bool operator==(const Result&) const = default;
};

Result run(Runner& runner, const Profile& profile, const std::vector<NonceItem>& items) {
  const StopFlag stop;
  Result out{std::vector<int8_t>(items.size() * profile.output_bytes()),
             std::vector<Hash>(items.size() * profile.trace_states())};
  runner.run(items, out.outputs.data(), out.trace.data(), stop);
  return out;
}

Result expected(const Profile& profile, const std::vector<NonceItem>& items) {
  const StopFlag stop;
  CpuOptions options;
  options.threads = 2;
  CpuRunner runner(profile, *tables()[0], golden_weights(profile.code), options, stop);
  return run(runner, profile, items);
}

std::vector<NonceItem> items_of(const Profile& profile, size_t count) {
  std::vector<NonceItem> items;
  for (size_t i = 0; i < count; i++) {
    items.push_back({golden_input(profile.code), i * 0x100000001u});
  }
  return items;
}

void check_device(const CudaApi& api, const Profile& profile, size_t count, uint32_t batch,
                  const char* who) {
  const auto items = items_of(profile, count);
  const Result wanted = expected(profile, items);
  for (const CudaProduct product : CUDA_PRODUCTS) {
    CudaRunner runner(api, profile, golden_weights(profile.code), {product, 0, batch});
    same(run(runner, profile, items), wanted, std::string(who) + ", " + runner.name());
  }
}

std::string golden_with(CudaProduct product) {
  const StopFlag stop;
  try {
    CudaRunner runner(EMULATED, *find_profile('T'), golden_weights_key(), {product, 0, 3});
    return golden_test(runner, stop);
  } catch (const EngineError& error) {
    return error.what();
  }
}

}  // namespace

TEST("cuda, emulated: traces of T by every product, with a batch that ends in a tail") {
  check_device(EMULATED, *find_profile('T'), 3, 2, "T");
}

TEST("cuda, emulated: weights that do not fit are expanded layer by layer") {
  cuda::emulated::device().free_bytes = size_t(500) << 20;  // Less than what is left to spare.
  check_device(EMULATED, *find_profile('T'), 1, 1, "T, one layer at a time");
  cuda::emulated::device().free_bytes = size_t(4) << 30;
}

TEST("cuda, emulated: a device before sm_80 has the plain product alone") {
  cuda::emulated::device().major = 7;
  same(golden_with(CudaProduct::plain), std::string(), "plain");
  same(golden_with(CudaProduct::mma), std::string("the device has no such product"), "mma");
  cuda::emulated::device().major = 8;
  same(golden_with(CudaProduct::wgmma), std::string("the device has no such product"), "wgmma");
  cuda::emulated::device().major = 9;
}

TEST("cuda, emulated: a device that is lost is a typed error, at creation and in the middle") {
  const Profile& profile = *find_profile('T');
  const auto code_of = [](const std::function<void()>& act) -> std::string {
    try {
      act();
    } catch (const EngineError& error) {
      return error.code();
    }
    return "no error";
  };
  CudaRunner runner(EMULATED, profile, golden_weights('T'), {CudaProduct::mma, 0, 8});
  cuda::emulated::device().lost = true;
  same(code_of([&] { run(runner, profile, items_of(profile, 1)); }), std::string(GPU_LOST), "run");
  same(code_of(
           [&] { CudaRunner(EMULATED, profile, golden_weights('T'), {CudaProduct::mma, 0, 8}); }),
       std::string(GPU_LOST), "create");
  cuda::emulated::device().lost = false;
  same(run(runner, profile, items_of(profile, 1)), expected(profile, items_of(profile, 1)), "back");
  same(code_of(
           [&] { CudaRunner(EMULATED, profile, golden_weights('T'), {CudaProduct::mma, 3, 8}); }),
       std::string(GPU_LOST), "a device that does not exist");
}

TEST("cuda, emulated: the self-test passes, and fails for a device with a broken product") {
  const StopFlag stop;
  const Profile& profile = *find_profile('T');
  same(cuda_self_test(EMULATED, profile, {CudaProduct::wgmma, 0, 0}, stop), std::string(), "wgmma");
  CudaApi broken = EMULATED;
  broken.product = [](const gonka_cuda_product_job* job, char* message, size_t bytes) {
    const int32_t status = gonka_cuda_product(job, message, bytes);
    if (job->up) job->c[77] ^= 1;
    return status;
  };
  same(cuda_self_test(broken, profile, {CudaProduct::plain, 0, 0}, stop),
       std::string("a random gated tile"), "broken");
}

TEST("cuda, emulated: a session whose device is lost goes on with the CPU, unless told to use it") {
  const Profile& profile = *find_profile('T');
  for (const bool open_choice : {true, false}) {
    const StopFlag stop;
    Progress progress;
    std::vector<std::string> lines;
    SessionConfig config = session_config('T', open_choice ? "auto" : "scalar");
    Session session(config, [&](const std::string& line) { lines.push_back(line); }, stop);
    const CudaOptions options{CudaProduct::mma, 0, 2};
    session.replace_runner(
        std::make_unique<CudaRunner>(EMULATED, profile, golden_weights('T'), options));
    cuda::emulated::device().lost = true;
    std::string outcome;
    try {
      outcome =
          std::to_string(session.mine(golden_window(), {0, 6}, 44314, progress, stop).hits.size());
    } catch (const EngineError& error) {
      outcome = error.code();
    }
    cuda::emulated::device().lost = false;
    same(outcome, std::string(open_choice ? "2" : GPU_LOST), "outcome");
    same(lines.size(), size_t(open_choice ? 1 : 0), "log lines");
  }
}

// Registered only where a device and the library are at hand; the software device takes fewer.
static void on_the_device(uint64_t t, uint64_t c, uint64_t m) {
  const CudaApi& api = *find_cuda();
  const auto batch = uint32_t(setting("GONKA_DEVICE_BATCH", 0));
  if (t > 0) check_device(api, *find_profile('T'), t, batch, "T");
  if (c > 0) check_device(api, *find_profile('C'), c, batch, "C");
  if (m > 0) check_device(api, *find_profile('M'), m, batch, "M");
}

static const Register* const full =
    find_cuda() == nullptr
        ? nullptr
        : new Register("cuda, on the device: traces of T, C and M", [] {
            on_the_device(setting("GONKA_DEVICE_T", 64), setting("GONKA_DEVICE_C", 64),
                          setting("GONKA_DEVICE_M", 8));
          });

// What compute-sanitizer is to watch: every kernel once, in seconds.
static const Register* const watched =
    find_cuda() == nullptr
        ? nullptr
        : new Register("cuda, watched on the device: self-tests and hits of T", [] {
            const StopFlag stop;
            const Profile& profile = *find_profile('T');
            const Target target = make_target(Hash{4});
            const auto items = items_of(profile, 3);
            CpuRunner cpu(profile, *tables()[0], golden_weights('T'), {2, 0, 0}, stop);
            const auto wanted = cpu.find_hits(profile, items, target, 0, stop);
            for (const ProductRate& rate : cuda_rates(*find_cuda(), 0, {256, 512, 256})) {
              if (rate.gops == 0) continue;
              const CudaOptions options{rate.product, 0, 2};
              same(cuda_self_test(*find_cuda(), profile, options, stop), std::string(),
                   cuda_backend_name(rate.product));
              CudaRunner runner(*find_cuda(), profile, golden_weights('T'), options);
              const auto got = runner.find_hits(profile, items, target, 0, stop);
              same(got.size(), wanted.size(), "hits");
              for (size_t i = 0; i < got.size() && i < wanted.size(); i++) {
                same(got[i].digest, wanted[i].digest, "digest");
              }
            }
          });

}  // namespace gonka::test
