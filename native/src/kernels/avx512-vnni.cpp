// AVX512-VNNI: 512-bit vpdpbusd, twelve rows by two registers of columns.
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
#define GONKA_LANES 16
#define VNNI_NAME "avx512-vnni"
#define VNNI_ROWS 12
#include <immintrin.h>

#include "kernel-loops.hpp"

namespace gonka {
namespace {
typedef uint32_t Octet __attribute__((vector_size(32)));
inline Lanes dot(Lanes acc, Lanes u, Lanes s) {
  return (Lanes)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)u, (__m512i)s);
}
inline Octet dot(Octet acc, Octet u, Octet s) {
  return (Octet)_mm256_dpbusd_epi32((__m256i)acc, (__m256i)u, (__m256i)s);
}
}  // namespace
}  // namespace gonka

#include "vnni-kernels.hpp"

namespace gonka {
const KernelTable* avx512_vnni_kernels() { return &TABLE; }
}  // namespace gonka
#else
#include "kernel-table.hpp"
namespace gonka {
const KernelTable* avx512_vnni_kernels() { return nullptr; }
}  // namespace gonka
#endif
