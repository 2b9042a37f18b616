// Ceilings of the machine, measured with the kernels alone.
#include <time.h>

#include <thread>
#include <vector>

#include "../src/parallel/aligned-buffer.hpp"
#include "bench.hpp"

namespace gonka::bench {
namespace {

constexpr size_t DEPTH = 512;  // A block and a panel of this depth fit into any L1.

double kernel_ops(const KernelTable& kernels, double seconds) {
  const Tiling& tiling = kernels.small;
  AlignedBuffer block(tiling.block_bytes(DEPTH)), panel(tiling.panel_bytes(DEPTH));
  AlignedBuffer tile(tiling.tile_words * sizeof(int32_t));
  std::vector<int8_t> values(DEPTH * 64);
  for (size_t i = 0; i < values.size(); i++) values[i] = int8_t(i * 89 % 255 - 127);
  tiling.pack_block(values.data(), DEPTH, tiling.rows, DEPTH, block.data());
  tiling.pack_panel(values.data(), DEPTH, tiling.cols, DEPTH, panel.data());
  const double start = thread_seconds();
  double calls = 0, end = start;
  while (end - start < seconds) {
    for (int i = 0; i < 1000; i++) {
      tiling.multiply(block.data(), 1, panel.data(), DEPTH,
                      reinterpret_cast<int32_t*>(tile.data()));
    }
    calls += 1000;
    end = thread_seconds();
  }
  return calls * 2.0 * tiling.rows * tiling.cols * DEPTH / (end - start);
}

double clock_seconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

}  // namespace

double thread_seconds() { return clock_seconds(CLOCK_THREAD_CPUTIME_ID); }
double process_seconds() { return clock_seconds(CLOCK_PROCESS_CPUTIME_ID); }

double gemm_peak_gops(const KernelTable& kernels, size_t threads, double seconds) {
  std::vector<double> rates(threads);
  std::vector<std::thread> workers;
  for (size_t i = 0; i < threads; i++) {
    workers.emplace_back([&, i] { rates[i] = kernel_ops(kernels, seconds); });
  }
  for (std::thread& worker : workers) worker.join();
  double total = 0;
  for (const double rate : rates) total += rate;
  return total / 1e9 / double(threads);
}

double stream_rate(const KernelTable& kernels, double seconds) {
  AlignedBuffer out(64 * 1024);
  const uint32_t key[8] = {1, 2, 3, 4, 5, 6, 7, 8}, nonce[3] = {0, 0, 0x57};
  const double start = thread_seconds();
  double bytes = 0, end = start;
  for (uint32_t at = 0; end - start < seconds; at += 64) {
    kernels.stream(key, nonce, at, 64, out.data());
    bytes += 64 * 1024;
    end = thread_seconds();
  }
  return bytes / (end - start);
}

double challenge_rate(const KernelTable& kernels, double seconds) {
  constexpr size_t ROWS = 128;
  AlignedBuffer packed(kernels.challenge_bytes), rows(ROWS * 4096);
  std::vector<int8_t> g(4096 * 8);
  for (size_t i = 0; i < g.size(); i++) g[i] = int8_t(i * 31);
  for (size_t i = 0; i < ROWS * 4096; i++) rows.data()[i] = uint8_t(i * 7);
  kernels.pack_challenge(g.data(), packed.data());
  std::vector<int32_t> y(ROWS * 8);
  const double start = thread_seconds();
  double bytes = 0, end = start;
  while (end - start < seconds) {
    kernels.challenge_rows(rows.data(), ROWS, packed.data(), y.data());
    bytes += ROWS * 4096;
    end = thread_seconds();
  }
  return bytes / (end - start);
}

}  // namespace gonka::bench
