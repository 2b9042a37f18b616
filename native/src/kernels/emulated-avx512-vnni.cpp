// The AVX512-VNNI kernels with vpdpbusd in software, so that their layouts, tails and corrections
// are tested on processors that lack the instruction. Tests only: never offered as a backend.
#define GONKA_LANES 16
#define VNNI_NAME "emulated-avx512-vnni"
#define VNNI_ROWS 12
#include "software-vnni.hpp"
#include "vnni-kernels.hpp"

namespace gonka {
const KernelTable* emulated_avx512_vnni_kernels() { return &TABLE; }
}  // namespace gonka
