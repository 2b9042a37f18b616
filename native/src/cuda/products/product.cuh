// What every weight product computes: C = Q(A * B^T), A [m][k] activations, B [n][k] weights.
#pragma once
#include "../device.cuh"

namespace gonka::cuda {

struct Product {
  const int8_t* a;   // m is padded to TILE_ROWS, so that no tile has a ragged edge.
  const int8_t* b;
  const int8_t* up;  // Gated products: b is the gate, this the up projection.
  int8_t* c;         // [m][n]
  int m, n, k;
  int shift;
  int gate_shift;  // Gated products: h = Q(gate(Q(g)) * Q(u), gate_shift).
};

constexpr int TILE_ROWS = 128;

}  // namespace gonka::cuda
