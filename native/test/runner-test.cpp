// A runner's result depends on the item alone: not on the batch, the order or the threads.
#include <random>

#include "../src/sprint/self-test.hpp"
#include "fixtures.hpp"

namespace gonka::test {
namespace {

struct Results {
  std::vector<int8_t> outputs;
  std::vector<Hash> traces;
  bool operator==(const Results&) const = default;
};

Results run(const KernelTable& kernels, const Profile& profile, const CpuOptions& options,
            const std::vector<NonceItem>& items) {
  const StopFlag stop;
  CpuRunner runner(profile, kernels, golden_weights(profile.code), options, stop);
  Results out{std::vector<int8_t>(items.size() * profile.output_bytes()),
              std::vector<Hash>(items.size() * profile.trace_states())};
  runner.run(items, out.outputs.data(), out.traces.data(), stop);
  return out;
}

std::vector<NonceItem> random_items(char profile, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<NonceItem> items;
  for (size_t i = 0; i < count; i++) items.push_back({golden_input(profile), random()});
  return items;
}

void compare_with_scalar(char code, uint64_t count) {
  const uint64_t seed = setting("GONKA_TRACE_SEED", 20260101);
  std::printf("    %llu nonces of %c, seed %llu\n", (unsigned long long)count, code,
              (unsigned long long)seed);
  const Profile& profile = *find_profile(code);
  const auto items = random_items(code, count, seed);
  CpuOptions options;
  options.threads = 2;
  const Results wanted = run(scalar_kernels(), profile, options, items);
  for (const KernelTable* table : tables()) {
    if (table == &scalar_kernels()) continue;
    if (is_emulated(*table) && code != 'T') continue;  // Vectors cover one C nonce.
    same(run(*table, profile, options, items), wanted, table->name);
  }
}

}  // namespace

TEST("traces: random nonces of T agree with scalar on every backend") {
  compare_with_scalar('T', setting("GONKA_TRACES_T", 200));
}

TEST("traces: random nonces of C agree with scalar on every backend") {
  compare_with_scalar('C', setting("GONKA_TRACES_C", 2));
}

// A scalar nonce of M takes half a minute, so that this test exists only where it is asked for.
static const Register* const traces_of_m =
    setting("GONKA_TRACES_M", 0) == 0
        ? nullptr
        : new Register("traces: random nonces of M agree with scalar on every backend",
                       [] { compare_with_scalar('M', setting("GONKA_TRACES_M", 0)); });

TEST(
    "batches: 1 to 8 threads (GONKA_THREADS_MAX), any batch size and order, resident or expanded "
    "weights") {
  const Profile& profile = *find_profile('T');
  const size_t state = profile.trace_states(), bytes = profile.output_bytes();
  const auto items = random_items('T', 13, 7);
  CpuOptions plain;
  plain.threads = 1;
  for (const KernelTable* table : tables()) {
    const Results wanted = run(*table, profile, plain, items);
    for (size_t threads = 1; threads <= setting("GONKA_THREADS_MAX", 8); threads++) {
      CpuOptions options;
      options.threads = threads;
      // Below 256 rows the small tiling serves, from five threads on the large one.
      options.batch = threads == 4 ? 1 : threads > 4 ? 16 + threads : 2 * threads - 1;
      // Nothing kept, bytes (where panels are larger than they), or panels.
      options.resident_limit_bytes = threads % 3 == 0 ? 0 : size_t(threads % 3 == 1 ? 2 : 512) << 20;
      same(run(*table, profile, options, items), wanted,
           std::string(table->name) + ", threads " + std::to_string(threads));
    }
    auto reversed = items;
    std::reverse(reversed.begin(), reversed.end());
    const Results mirror = run(*table, profile, plain, reversed);
    for (size_t i = 0; i < items.size(); i++) {
      const size_t j = items.size() - 1 - i;
      check(std::equal(wanted.outputs.begin() + ptrdiff_t(i * bytes),
                       wanted.outputs.begin() + ptrdiff_t((i + 1) * bytes),
                       mirror.outputs.begin() + ptrdiff_t(j * bytes)) &&
                std::equal(wanted.traces.begin() + ptrdiff_t(i * state),
                           wanted.traces.begin() + ptrdiff_t((i + 1) * state),
                           mirror.traces.begin() + ptrdiff_t(j * state)),
            std::string(table->name) + ": reversed order");
    }
  }
}

TEST("batches: items of several hosts share one batch") {
  const Profile& profile = *find_profile('T');
  std::vector<NonceItem> mixed;
  for (uint8_t host = 0; host < 5; host++) mixed.push_back({Hash{host}, 42});
  CpuOptions options;
  options.threads = 2;
  const KernelTable& kernels = *tables()[0];
  const Results together = run(kernels, profile, options, mixed);
  for (size_t i = 0; i < mixed.size(); i++) {
    const Results alone = run(kernels, profile, options, {mixed[i]});
    check(std::equal(alone.traces.begin(), alone.traces.end(),
                     together.traces.begin() + ptrdiff_t(i * profile.trace_states())),
          "host " + std::to_string(i));
  }
}

TEST("section 7: a backend with a broken product, packing or rounding fails its self-test") {
  const StopFlag stop;
  const Profile& profile = *find_profile('T');
  for (const KernelTable* table : tables()) {
    same(self_test(*table, profile, stop), std::string(), table->name);
  }
  KernelTable saturating = scalar_kernels();
  saturating.large.multiply = [](const uint8_t* blocks, size_t count, const uint8_t* panel,
                                 size_t k, int32_t* tiles) {
    scalar_kernels().large.multiply(blocks, count, panel, k, tiles);
    for (int i = 0; i < 64; i++) {  // As if products were kept in 24 bits.
      tiles[i] = std::min(tiles[i], (1 << 23) - 1);
    }
  };
  same(self_test(saturating, profile, stop), std::string("all +127 by +127"), "lost bits");
  KernelTable rounding = scalar_kernels();
  rounding.requantise = [](const int32_t* tile, int tile_cols, int rows, int cols, int shift,
                           int8_t* out, size_t stride) {
    for (int r = 0; r < rows; r++) {  // Rounds towards minus infinity.
      for (int c = 0; c < cols; c++) {
        const int32_t q = tile[r * tile_cols + c] >> shift;
        out[size_t(r) * stride + size_t(c)] = int8_t(q > 127 ? 127 : q < -127 ? -127 : q);
      }
    }
  };
  same(self_test(rounding, profile, stop), std::string("golden nonce 0 of profile T"), "rounding");
}

}  // namespace gonka::test
