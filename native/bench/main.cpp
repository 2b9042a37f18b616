// engine-bench [--profile C] [--seconds 5] [--threads 1] [--batch N] [--backend auto] [--json]
// engine-bench --verify 128 [--profile C] [--threads 2]
// engine-bench --compare [--profile C] [--seconds 20] [--threads 1] [--batch N]
// Nonces a second of one profile, as a share of the peak that the same run measures.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../src/sprint/backends.hpp"
#include "bench.hpp"

namespace gonka::bench {
namespace {

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; i++) {
    const std::string flag = argv[i];
    const char* next = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--json" || flag == "--compare") {
      (flag == "--json" ? o.json : o.compare) = true;
      continue;
    }
    if (flag == "--profile") o.profile = next[0];
    else if (flag == "--seconds") o.seconds = std::atof(next);
    else if (flag == "--threads") o.threads = size_t(std::atoi(next));
    else if (flag == "--batch") o.batch = size_t(std::atoi(next));
    else if (flag == "--backend") o.backend = next;
    else if (flag == "--verify") o.verify = size_t(std::atoi(next));
    else {
      std::fprintf(stderr, "unknown option %s\n", flag.c_str());
      std::exit(2);
    }
    i++;
  }
  return o;
}

const KernelTable& kernels_named(const std::string& name) {
  const KernelTable* all[MAX_CPU_BACKENDS];
  const int count = cpu_backends(all);
  for (int i = 0; i < count; i++) {
    if (name == all[i]->name) return *all[i];
  }
  return scalar_kernels();
}

int measure(const Options& o) {
  const Profile* profile = find_profile(o.profile);
  if (!profile) {
    std::fprintf(stderr, "unknown profile\n");
    return 2;
  }
  const StopFlag stop;
  CpuOptions cpu;
  cpu.threads = o.threads;
  cpu.batch = o.batch;
  const double begun = seconds_now();
  const auto runner = make_runner({o.backend}, *profile, Hash{7}, cpu, [](const std::string& line) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }, stop);
  const double ready = seconds_now();
  const KernelTable& kernels = kernels_named(runner->name());
  std::vector<NonceItem> items;
  std::vector<int8_t> outputs(runner->batch() * profile->output_bytes());
  uint64_t nonce = 0;
  const auto one_batch = [&] {
    items.clear();
    for (size_t i = 0; i < runner->batch(); i++) items.push_back({Hash{9}, nonce++});
    runner->run(items, outputs.data(), nullptr, stop);
  };
  // A machine shared with others changes speed from second to second: the peak is sampled after
  // every batch, and both are counted in processor time. The wall clock is reported beside it.
  one_batch();
  const double start = seconds_now();
  double peak_sum = 0, busy = 0, wall = 0;
  uint64_t batches = 0;
  for (; seconds_now() - start < o.seconds; batches++) {
    const double cpu_before = process_seconds(), wall_before = seconds_now();
    one_batch();
    const double took = process_seconds() - cpu_before;
    wall += seconds_now() - wall_before;
    busy += took;
    peak_sum += took * gemm_peak_gops(kernels, o.threads, took / 8 / double(o.threads));
  }
  const double peak = peak_sum / busy;
  const double nonces = double(batches * runner->batch());
  const double rate = nonces / wall, per_core = nonces / busy;
  const double gops = per_core * ops_per_nonce(*profile) / 1e9;
  const char* format =
      o.json ? "{\"profile\":\"%c\",\"backend\":\"%s\",\"threads\":%zu,\"batch\":%zu,"
               "\"noncesPerSecond\":%.3f,\"noncesPerCoreSecond\":%.3f,"
               "\"gopsPerCore\":%.1f,\"peakGopsPerCore\":%.1f,\"percentOfPeak\":%.1f,"
               "\"memoryBytes\":%zu,\"readySeconds\":%.3f,\"streamGBps\":%.2f,"
               "\"challengeGBps\":%.2f}\n"
             : "profile %c  backend %s  threads %zu  batch %zu\n"
               "%.3f nonces/s  %.3f per core second  %.1f GOPS a core  peak %.1f  %.1f %%\n"
               "memory %zu bytes  ready after %.3f s  stream %.2f GB/s  challenge %.2f GB/s\n";
  std::printf(format, profile->code, runner->name(), o.threads, runner->batch(), rate,
              per_core, gops, peak,
              100 * gops / peak, runner->memory_bytes(), ready - begun,
              stream_rate(kernels, 0.3) / 1e9, challenge_rate(kernels, 0.3) / 1e9);
  return 0;
}

}  // namespace
}  // namespace gonka::bench

int main(int argc, char** argv) {
  try {
    const gonka::bench::Options options = gonka::bench::parse(argc, argv);
    if (options.verify > 0) return gonka::bench::time_verification(options);
    return options.compare ? gonka::bench::compare_products(options)
                           : gonka::bench::measure(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
