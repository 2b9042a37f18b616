// AVX2 with and without Winograd's products in turn, so that both meet the same neighbours.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "../src/sprint/cpu-runner.hpp"
#include "bench.hpp"

namespace gonka::bench {
namespace {

struct Side {
  std::unique_ptr<CpuRunner> runner;
  std::vector<double> rates;  // Nonces for each second of processor time, batch by batch.
};

double middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double one_batch(Side& side, const Profile& profile, uint64_t first, const StopFlag& stop) {
  std::vector<NonceItem> items;
  for (size_t i = 0; i < side.runner->batch(); i++) items.push_back({Hash{9}, first + i});
  std::vector<int8_t> outputs(items.size() * profile.output_bytes());
  const double begun = process_seconds();
  side.runner->run(items, outputs.data(), nullptr, stop);
  return double(items.size()) / (process_seconds() - begun);
}

}  // namespace

int compare_products(const Options& o) {
  const Profile* profile = find_profile(o.profile);
  const KernelTable* tables[] = {avx2_kernels(), avx2_plain_kernels()};
  if (!profile || !tables[0]) {
    std::fprintf(stderr, "unknown profile, or a build without AVX2\n");
    return 2;
  }
  const StopFlag stop;
  CpuOptions cpu;
  cpu.threads = o.threads;
  cpu.batch = o.batch;
  Side sides[2];
  for (int i = 0; i < 2; i++) {
    sides[i].runner = std::make_unique<CpuRunner>(*profile, *tables[i], Hash{7}, cpu, stop);
    one_batch(sides[i], *profile, 0, stop);
  }
  std::vector<double> ratios, peaks;
  const double start = seconds_now();
  for (uint64_t nonce = 0; seconds_now() - start < o.seconds; nonce += sides[0].runner->batch()) {
    for (Side& side : sides) side.rates.push_back(one_batch(side, *profile, nonce, stop));
    ratios.push_back(sides[0].rates.back() / sides[1].rates.back());
    peaks.push_back(gemm_peak_gops(*tables[1], o.threads, 0.2));
  }
  const double gops = ops_per_nonce(*profile) / 1e9;
  std::printf("profile %c  threads %zu  batch %zu  %zu rounds, medians\n", profile->code, o.threads,
              sides[0].runner->batch(), ratios.size());
  for (int i = 0; i < 2; i++) {
    const double rate = middle(sides[i].rates);
    std::printf("%-10s %.3f nonces per core second  %.1f GOPS  memory %zu bytes\n",
                tables[i]->name, rate, rate * gops, sides[i].runner->memory_bytes());
  }
  std::printf("ratio %.3f  bare kernel %.1f GOPS\n", middle(ratios), middle(peaks));
  return 0;
}

}  // namespace gonka::bench
