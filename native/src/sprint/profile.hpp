// The four profiles of ISP-1 (sprint.md section 3) and the tensors of a layer (section 4).
#pragma once
#include <cstddef>
#include <cstdint>

namespace gonka {

struct Shifts {
  int d, p, s, h, f;
};

struct Profile {
  char code;
  uint32_t d;
  uint32_t heads;
  uint32_t f;
  uint32_t layers;
  uint32_t tokens;
  Shifts shift;

  size_t output_bytes() const { return size_t(tokens) * 256; }
  size_t trace_states() const { return 2 * size_t(layers) + 2; }
};

inline constexpr Profile PROFILES[] = {
    {'T', 256, 2, 768, 2, 16, {10, 9, 7, 5, 11}},
    {'C', 1024, 8, 3072, 8, 32, {11, 9, 8, 5, 12}},
    {'M', 4096, 32, 12288, 16, 64, {12, 9, 8, 5, 13}},
    {'L', 8192, 64, 24576, 64, 64, {13, 8, 7, 4, 13}},
};

// Null for a letter that names no profile.
inline const Profile* find_profile(char code) {
  for (const Profile& p : PROFILES) {
    if (p.code == code) return &p;
  }
  return nullptr;
}

enum class Tensor : uint32_t { qkv = 0, o = 1, gate = 2, up = 3, down = 4, out = 0xFFFFFFFF };

struct Shape {
  size_t n, k;
};

inline Shape tensor_shape(const Profile& p, Tensor tensor) {
  switch (tensor) {
    case Tensor::qkv: return {3 * size_t(p.d), p.d};
    case Tensor::o: return {p.d, p.d};
    case Tensor::gate:
    case Tensor::up: return {p.f, p.d};
    case Tensor::down: return {p.d, p.f};
    case Tensor::out: break;
  }
  return {256, p.d};
}

inline uint32_t tensor_id(uint32_t layer, Tensor tensor) {
  return tensor == Tensor::out ? uint32_t(Tensor::out) : 8 * layer + uint32_t(tensor);
}

// Multiplications and additions of one nonce, attention included.
inline double ops_per_nonce(const Profile& p) {
  const double s = p.tokens, d = p.d, f = p.f;
  const double layer = 4 * d * d + 3 * d * f + 2 * s * d;
  return 2 * s * (layer * p.layers + 256 * d);
}

}  // namespace gonka
