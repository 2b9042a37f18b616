// The pieces of the benchmark: timing, the machine's own peak, one measurement of each kind.
#pragma once
#include <chrono>
#include <string>

#include "../src/kernels/kernel-table.hpp"

namespace gonka::bench {

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Processor time of the calling thread, and of the whole process: what work costs on a machine
// that others use too.
double thread_seconds();
double process_seconds();

struct Options {
  char profile = 'C';
  double seconds = 5;
  size_t threads = 1;
  size_t batch = 0;
  std::string backend = "auto";
  bool json = false;
  size_t verify = 0;     // Samples to verify instead.
  bool compare = false;  // AVX2 with and without Winograd's products, batch by batch in turn.
};

int compare_products(const Options& options);
int time_verification(const Options& options);

// Giga-operations a second of a plain register-tiled int8 kernel of the backend's instruction set,
// operands in L1, for each second of processor time of one of `threads` threads at once.
double gemm_peak_gops(const KernelTable& kernels, size_t threads, double seconds);
// Bytes a second of stream expansion, and of the challenge's products over rows in memory.
double stream_rate(const KernelTable& kernels, double seconds);
double challenge_rate(const KernelTable& kernels, double seconds);

}  // namespace gonka::bench
