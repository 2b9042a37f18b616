// vpdpbusd written out, for the emulated backends.
#pragma once
#include "kernel-loops.hpp"

namespace gonka {
namespace {

typedef uint32_t Octet __attribute__((vector_size(32)));

// Intel SDM, VPDPBUSD: four products of an unsigned and a signed byte, added to each 32-bit lane.
template <typename V>
inline V dot(V acc, V u, V s) {
  for (size_t lane = 0; lane < sizeof(V) / 4; lane++) {
    int32_t sum = 0;
    for (int byte = 0; byte < 32; byte += 8) {
      sum += int32_t(uint8_t(u[lane] >> byte)) * int8_t(uint8_t(s[lane] >> byte));
    }
    acc[lane] += uint32_t(sum);
  }
  return acc;
}

}  // namespace
}  // namespace gonka
