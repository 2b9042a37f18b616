// The products and kernels of the CUDA code one by one, on the software device.
#include "../src/sprint/errors.hpp"
#include "cuda-fixtures.hpp"

namespace gonka::test {
namespace {

using cuda::emulated::Device;

std::vector<int8_t> drawn(uint32_t id, size_t count, bool activation) {
  const Bytes raw = stream_bytes(Hash{0x31}, {id, 0, 0}, 0, count);
  std::vector<int8_t> out(raw.begin(), raw.end());
  for (int8_t& v : out) v = activation && v == -128 ? int8_t(-127) : v;
  return out;
}

// Shapes between the profiles: 32 and 64 tokens, and more tiles than the device has processors.
const Profile SHAPES[] = {{'T', 256, 2, 256, 1, 32, {10, 9, 8, 5, 11}},
                          {'T', 256, 2, 256, 1, 64, {10, 9, 8, 5, 11}}};

}  // namespace

TEST("cuda, emulated products: 32 and 64 tokens give the CPU's traces, hits and digests") {
  for (const Profile& profile : SHAPES) {
    const StopFlag stop;
    std::vector<NonceItem> items;
    for (uint64_t i = 0; i < 5; i++) items.push_back({Hash{uint8_t(i)}, i << 33});
    const Target target = make_target(Hash{4});
    const auto run = [&](Runner& runner) {
      std::vector<int8_t> outputs(items.size() * profile.output_bytes());
      std::vector<Hash> trace(items.size() * profile.trace_states());
      runner.run(items, outputs.data(), trace.data(), stop);
      return std::pair(outputs, trace);
    };
    CpuRunner cpu(profile, *tables()[0], Hash{8}, {2, 0, 0}, stop);
    const auto wanted = run(cpu);
    for (const CudaProduct product : CUDA_PRODUCTS) {
      CudaRunner runner(emulated_cuda(), profile, Hash{8}, {product, 0, 4});
      const std::string who = std::to_string(profile.tokens) + " tokens, " + runner.name();
      check(run(runner) == wanted, who + ": traces");
      for (const uint32_t c : {0u, 44314u}) {
        const auto got = runner.find_hits(profile, items, target, c, stop);
        const auto hits = cpu.find_hits(profile, items, target, c, stop);
        check(std::equal(got.begin(), got.end(), hits.begin(), hits.end(),
                         [](const Hit& a, const Hit& b) {
                           return a.nonce == b.nonce && a.digest == b.digest;
                         }),
              who + ": hits at c = " + std::to_string(c));
        check(c > 0 || !hits.empty(), "hits to compare");
      }
    }
  }
}

TEST("cuda, emulated products: sums that pass far beyond 2^24 and come back lose no bit") {
  // Terms of nearly +-127 by 127, the second half against the first: what remains is a few hundred,
  // and every rounding on the way would show. 1024 terms at a time stay exact in single precision.
  constexpr size_t K = 4096, ROWS = 128;
  std::vector<int8_t> a(ROWS * K), b(256 * K, 127), c(ROWS * 256);
  for (size_t r = 0; r < ROWS; r++) {
    for (size_t k = 0; k < K; k++) {
      const int size = 127 - int((k < K / 2 ? k + r : k * 2 + r / 3) % 3);
      a[r * K + k] = int8_t(k < K / 2 ? size : -size);
    }
  }
  for (const CudaProduct product : CUDA_PRODUCTS) {
    const gonka_cuda_product_job job{a.data(), b.data(), nullptr, c.data(), K, 2, 0, 0,
                                     int32_t(product)};
    char message[256] = "";
    same(gonka_cuda_product(&job, message, sizeof message), 0, message);
    size_t wrong = 0, inside = 0;
    for (size_t r = 0; r < ROWS; r++) {
      int32_t sum = 0;
      for (size_t k = 0; k < K; k++) sum += int32_t(a[r * K + k]) * 127;
      const int32_t q = (sum + 2) >> 2;
      inside += q > -127 && q < 127;
      for (size_t n = 0; n < 256; n++) {
        wrong += c[r * 256 + n] != (q > 127 ? 127 : q < -127 ? -127 : q);
      }
    }
    check(inside > ROWS / 2, "most results are not saturated");
    same(wrong, size_t(0), std::string(cuda_backend_name(product)) + ": wrong values");
  }
}

TEST("cuda, emulated products: every product gives every bit of a small sum") {
  constexpr size_t K = 2048;
  const auto a = drawn(1, 128 * K, true), full = drawn(2, 256 * K, false);
  std::vector<int8_t> b(full);
  // One weight of each row is not zero, so that no bit of a product is shifted away.
  for (size_t n = 0; n < 256; n++) {
    for (size_t k = 0; k < K; k++) {
      if (k != (n * 37 + n / 8) % K) b[n * K + k] = 0;
    }
  }
  for (const CudaProduct product : CUDA_PRODUCTS) {
    for (const int shift : {1, 7}) {
      std::vector<int8_t> c(128 * 256);
      const gonka_cuda_product_job job{a.data(), b.data(), nullptr, c.data(), K, shift, 0, 0,
                                       int32_t(product)};
      char message[256] = "";
      same(gonka_cuda_product(&job, message, sizeof message), 0, message);
      size_t wrong = 0;
      for (size_t r = 0; r < 128; r++) {
        for (size_t n = 0; n < 256; n++) {
          const size_t k = (n * 37 + n / 8) % K;
          const int32_t sum = int32_t(a[r * K + k]) * b[n * K + k];
          const int32_t q = (sum + (1 << (shift - 1))) >> shift;
          wrong += c[r * 256 + n] != (q > 127 ? 127 : q < -127 ? -127 : q);
        }
      }
      same(wrong, size_t(0), std::string(cuda_backend_name(product)) + ": wrong values");
    }
  }
}

TEST("cuda, emulated products: the fastest by measurement comes first, the impossible last") {
  CudaApi api = emulated_cuda();
  api.rate = [](const gonka_cuda_rate_job* job, double* gops, char*, size_t) -> int32_t {
    if (job->fast == int32_t(CudaProduct::wgmma)) return 1;
    *gops = job->fast == int32_t(CudaProduct::bf16) ? 900 : 100;
    return 0;
  };
  const auto rates = cuda_rates(api, 0, {128, 256, 128});
  same(rates.front().product, CudaProduct::bf16, "first");
  same(rates[1].product, CudaProduct::pipeline, "equals stay in their order");
  same(rates.back().product, CudaProduct::wgmma, "last");
  same(rates.back().gops, 0.0, "no rate");
  const auto real = cuda_rates(emulated_cuda(), 0, {256, 512, 128});
  check(real.back().gops > 0, "the software device has every product");
  const DeviceAs old([](Device& d) { d.major = 7; });
  same(cuda_rates(emulated_cuda(), 0, {128, 256, 128})[1].gops, 0.0, "before sm_80");
}

TEST("cuda, emulated products: shapes that the kernels do not hold are refused") {
  for (const Profile& wrong : {Profile{'T', 256, 3, 256, 1, 16, {10, 9, 7, 5, 11}},
                               Profile{'T', 256, 2, 100, 1, 16, {10, 9, 7, 5, 11}},
                               Profile{'T', 256, 2, 256, 1, 17, {10, 9, 7, 5, 11}}}) {
    std::string said;
    try {
      CudaRunner(emulated_cuda(), wrong, Hash{1}, {CudaProduct::mma, 0, 1});
    } catch (const EngineError& error) {
      said = error.what();
    }
    same(said, std::string("a shape that the kernels do not hold"), "message");
  }
}

}  // namespace gonka::test
