// The self-test of a CUDA device: products against plain loops, then the golden nonces.
#include "cuda-runner.hpp"
#include "digest.hpp"
#include "errors.hpp"
#include "self-test.hpp"

namespace gonka {
namespace {

constexpr size_t ROWS = 128;
constexpr size_t COLS = 256;

struct Tile {
  size_t k;
  std::vector<int8_t> a, b, up;
  int shift, gate_shift;
};

int8_t quantise(int64_t x, int n) {
  const int64_t q = (x + (int64_t(1) << (n - 1))) >> n;
  return int8_t(q > 127 ? 127 : q < -127 ? -127 : q);
}

int64_t dot(const int8_t* x, const int8_t* w, size_t k) {
  int32_t sum = 0;
  for (size_t i = 0; i < k; i++) sum += int32_t(x[i]) * w[i];
  return sum;
}

std::vector<int8_t> plain_result(const Tile& tile) {
  std::vector<int8_t> c(ROWS * COLS);
  for (size_t r = 0; r < ROWS; r++) {
    for (size_t n = 0; n < COLS; n++) {
      const int8_t* x = &tile.a[r * tile.k];
      int8_t value = quantise(dot(x, &tile.b[n * tile.k], tile.k), tile.shift);
      if (!tile.up.empty()) {
        const int8_t u = quantise(dot(x, &tile.up[n * tile.k], tile.k), tile.shift);
        value = quantise(int64_t(value >= 0 ? value : value >> 2) * u, tile.gate_shift);
      }
      c[r * COLS + n] = value;
    }
  }
  return c;
}

bool agrees(const CudaApi& api, const CudaOptions& options, const Tile& tile) {
  std::vector<int8_t> c(ROWS * COLS, 0x5a);
  const gonka_cuda_product_job job{
      tile.a.data(), tile.b.data(), tile.up.empty() ? nullptr : tile.up.data(), c.data(),
      uint32_t(tile.k), tile.shift, tile.gate_shift, options.device, int32_t(options.product)};
  char message[256] = "";
  if (api.product(&job, message, sizeof message) != 0) throw EngineError(GPU_LOST, message);
  return c == plain_result(tile);
}

// Sums of +-127 terms, each shifted so that their difference shows in the result.
Tile extreme(size_t k, size_t terms, int8_t x, int8_t w, int shift) {
  Tile tile{k, std::vector<int8_t>(ROWS * k, 0), std::vector<int8_t>(COLS * k, w), {}, shift, 0};
  for (size_t r = 0; r < ROWS; r++) {
    std::fill_n(tile.a.begin() + ptrdiff_t(r * k), terms - r, x);
  }
  return tile;
}

Tile random_tile(size_t k, int shift, int gate_shift) {
  const auto draw = [&](uint32_t id, size_t count, bool activation) {
    const Bytes raw = stream_bytes(Hash{0x7e}, {id, uint32_t(k), 0}, 0, count);
    std::vector<int8_t> out(raw.begin(), raw.end());
    for (int8_t& v : out) {
      if (activation && v == -128) v = -127;
    }
    return out;
  };
  Tile tile{k, draw(0, ROWS * k, true), draw(1, COLS * k, false), {}, shift, gate_shift};
  if (gate_shift > 0) tile.up = draw(2, COLS * k, false);
  return tile;
}

}  // namespace

std::string cuda_self_test(const CudaApi& api, const Profile& profile, const CudaOptions& options,
                           const StopFlag& stop, const SelfTestWatch& watch) {
  const Shifts& s = profile.shift;
  SelfTestRun run(watch);
  const auto tile = [&](const std::string& name, const auto& make) {
    run.check(name, [&] { return agrees(api, options, make()) ? std::string() : name; });
  };
  tile("all +127 by +127", [&] { return extreme(profile.f, profile.f, 127, 127, 22); });
  tile("all +127 by -128", [&] { return extreme(profile.f, profile.f, 127, -128, 22); });
  tile("1023 terms of -127 by +127", [] { return extreme(1024, 1023, -127, 127, 17); });
  tile("a random tile of depth d", [&] { return random_tile(profile.d, s.d, 0); });
  tile("a random tile of depth f", [&] { return random_tile(profile.f, s.f, 0); });
  tile("a random gated tile", [&] { return random_tile(profile.d, s.d, s.h); });
  run.check("golden nonces of profile T", [&] {
    CudaRunner runner(api, *find_profile('T'), golden_weights_key(),
                      {options.product, options.device, 8});
    return golden_test(runner, stop);
  });
  return run.failed();
}

}  // namespace gonka
