// AVX-VNNI: 256-bit vpdpbusd in its VEX form (Alder Lake, Zen 5 and later).
#if defined(__AVXVNNI__)
#define GONKA_LANES 8
#define VNNI_NAME "avx-vnni"
#define VNNI_ROWS 6
#include <immintrin.h>

#include "kernel-loops.hpp"

namespace gonka {
namespace {
using Octet = Lanes;
inline Lanes dot(Lanes acc, Lanes u, Lanes s) {
  return (Lanes)_mm256_dpbusd_avx_epi32((__m256i)acc, (__m256i)u, (__m256i)s);
}
}  // namespace
}  // namespace gonka

#include "vnni-kernels.hpp"

namespace gonka {
const KernelTable* avx_vnni_kernels() { return &TABLE; }
}  // namespace gonka
#else
#include "kernel-table.hpp"
namespace gonka {
const KernelTable* avx_vnni_kernels() { return nullptr; }
}  // namespace gonka
#endif
