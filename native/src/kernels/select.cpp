// Which CPU backends this processor can run, asked once for each call: nothing here is compiled
// for anything newer than the build's baseline.
#include "kernel-table.hpp"

#if defined(__linux__) && defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace gonka {
namespace {

struct Features {
  bool avx2 = false, avx_vnni = false, avx512_vnni = false, neon_dot = false;
};

#if defined(__x86_64__)
struct CpuId {
  uint32_t eax, ebx, ecx, edx;
};

CpuId cpuid(uint32_t leaf, uint32_t sub) {
  CpuId r;
  asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(sub));
  return r;
}

Features features() {
  Features f;
  __builtin_cpu_init();  // Also asks the operating system whether it saves the wide registers.
  f.avx2 = __builtin_cpu_supports("avx2");
  f.avx512_vnni = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vnni");
  if (f.avx2 && cpuid(0, 0).eax >= 7 && cpuid(7, 0).eax >= 1) {
    f.avx_vnni = (cpuid(7, 1).eax >> 4 & 1) != 0;
  }
  return f;
}
#elif defined(__linux__) && defined(__aarch64__)
Features features() {
  Features f;
  f.neon_dot = (getauxval(AT_HWCAP) >> 20 & 1) != 0;  // HWCAP_ASIMDDP
  return f;
}
#else
Features features() {
  Features f;
#if defined(__APPLE__) && defined(__aarch64__)
  f.neon_dot = true;  // Every Apple silicon Mac has it.
#endif
  return f;
}
#endif

}  // namespace

int cpu_backends(const KernelTable* out[MAX_CPU_BACKENDS]) {
  const Features f = features();
  const struct {
    bool runs;
    const KernelTable* table;
  } all[] = {{f.avx512_vnni, avx512_vnni_kernels()},
             {f.avx_vnni, avx_vnni_kernels()},
             {f.avx2, avx2_kernels()},
             {f.neon_dot, neon_kernels()},
             {true, &scalar_kernels()}};
  int count = 0;
  for (const auto& candidate : all) {
    if (candidate.runs && candidate.table) out[count++] = candidate.table;
  }
  return count;
}

}  // namespace gonka
