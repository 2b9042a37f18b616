// The AVX-VNNI kernels with vpdpbusd in software. Tests only: never offered as a backend.
#define GONKA_LANES 8
#define VNNI_NAME "emulated-avx-vnni"
#define VNNI_ROWS 6
#include "software-vnni.hpp"
#include "vnni-kernels.hpp"

namespace gonka {
const KernelTable* emulated_avx_vnni_kernels() { return &TABLE; }
}  // namespace gonka
