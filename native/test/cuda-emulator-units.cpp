// What the tensor cores and the copy engine do with their operands, from the PTX ISA.
#include <stdexcept>

#include "cuda-emulator.hpp"

namespace gonka::cuda::emulated {
namespace {

// The 128-byte swizzle exchanges bits 4 to 6 of a shared address with bits 7 to 9.
uint32_t swizzled(uint32_t address) { return address ^ ((address >> 7 & 7) << 4); }

// A K-major matrix descriptor of 8-bit values.
struct Descriptor {
  uint32_t start, group_stride;

  explicit Descriptor(uint64_t bits)
      : start(uint32_t(bits & 0x3fff) << 4), group_stride(uint32_t(bits >> 32 & 0x3fff) << 4) {
    if (bits >> 62 != 1) throw std::runtime_error("a descriptor without the 128-byte swizzle");
    if ((bits >> 49 & 7) != 0) throw std::runtime_error("a descriptor with a base offset");
  }

  int8_t at(int row, int k) const {
    const uint32_t address =
        start + uint32_t(row / 8) * group_stride + uint32_t(row % 8) * 128 + uint32_t(k);
    return int8_t(*shared_pointer(swizzled(address)));
  }
};

float bfloat(uint32_t pair, int which) {
  return bits_as_float(which ? pair & 0xffff0000u : pair << 16);
}

}  // namespace

void run_group_product(int32_t* const acc[128], uint64_t a_bits, uint64_t b_bits) {
  const Descriptor a_from(a_bits), b_from(b_bits);
  static int8_t a[64][32], b[256][32];
  static int32_t sums[64][256];
  for (int k = 0; k < 32; k++) {
    for (int row = 0; row < 64; row++) a[row][k] = a_from.at(row, k);
    for (int row = 0; row < 256; row++) b[row][k] = b_from.at(row, k);
  }
  for (int row = 0; row < 64; row++) {
    for (int col = 0; col < 256; col++) {
      int32_t sum = 0;
      for (int k = 0; k < 32; k++) sum += int32_t(a[row][k]) * b[col][k];
      sums[row][col] = sum;
    }
  }
  for (int thread = 0; thread < 128; thread++) {
    const int lane = thread % 32;
    for (int i = 0; i < 128; i++) {
      const int row = thread / 32 * 16 + lane / 4 + i / 2 % 2 * 8;
      acc[thread][i] += sums[row][i / 4 * 8 + lane % 4 * 2 + i % 2];
    }
  }
}

void run_box(uint32_t to, const TileMap& map, int depth, int row) {
  if (to % 128 != 0 || depth % 16 != 0) throw std::runtime_error("a box's alignment");
  for (int r = 0; r < 128; r++) {
    for (int k = 0; k < 128; k++) {
      // What lies outside of the matrix arrives as zeros.
      const bool inside = row + r < map.rows && depth + k < map.k;
      const int8_t value = inside ? map.matrix[size_t(row + r) * size_t(map.k) + size_t(depth + k)]
                                  : int8_t(0);
      const auto* place = shared_pointer(swizzled(to + uint32_t(r) * 128 + uint32_t(k)));
      *const_cast<uint8_t*>(place) = uint8_t(value);
    }
  }
}

// PTX ISA, ldmatrix: thread t receives 4 bytes of row t / 4 of each matrix.
void load_matrices_step(void* const lanes[32]) {
  for (int lane = 0; lane < 32; lane++) {
    for (int matrix = 0; matrix < 4; matrix++) {
      const auto* from = static_cast<LoadArguments*>(lanes[matrix * 8 + lane / 4]);
      const auto* row = static_cast<const uint8_t*>(from->row);
      if (reinterpret_cast<uintptr_t>(row) % 16 != 0) {
        throw std::runtime_error("ldmatrix from an address that is no multiple of 16");
      }
      std::memcpy(&static_cast<LoadArguments*>(lanes[lane])->out[matrix], row + lane % 4 * 4, 4);
    }
  }
}

// PTX ISA, matrix fragments of mma.m16n8k32 for 8-bit integers.
void multiply_step(void* const lanes[32]) {
  using Arguments = MultiplyArguments<int32_t>;
  int8_t a[16][32], b[32][8];
  for (int lane = 0; lane < 32; lane++) {
    const auto& from = *static_cast<Arguments*>(lanes[lane]);
    const int group = lane / 4, in_group = lane % 4;
    for (int i = 0; i < 16; i++) {
      const int row = group + (i / 4 % 2) * 8, col = in_group * 4 + i % 4 + (i >= 8 ? 16 : 0);
      a[row][col] = int8_t(from.a[i / 4] >> (i % 4 * 8));
    }
    for (int i = 0; i < 8; i++) {
      b[in_group * 4 + i % 4 + (i >= 4 ? 16 : 0)][group] = int8_t(from.b[i / 4] >> (i % 4 * 8));
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      const int row = lane / 4 + i / 2 * 8, col = lane % 4 * 2 + i % 2;
      int32_t sum = 0;
      for (int k = 0; k < 32; k++) sum += int32_t(a[row][k]) * b[k][col];
      static_cast<Arguments*>(lanes[lane])->acc[i] += sum;
    }
  }
}

// PTX ISA, matrix fragments of mma.m16n8k16 for bfloat16, summed in single precision.
void multiply_bf16_step(void* const lanes[32]) {
  using Arguments = MultiplyArguments<float>;
  float a[16][16], b[16][8];
  for (int lane = 0; lane < 32; lane++) {
    const auto& from = *static_cast<Arguments*>(lanes[lane]);
    const int group = lane / 4, in_group = lane % 4;
    for (int i = 0; i < 8; i++) {
      const int row = group + (i / 2 % 2) * 8, col = in_group * 2 + i % 2 + (i >= 4 ? 8 : 0);
      a[row][col] = bfloat(from.a[i / 2], i % 2);
    }
    for (int i = 0; i < 4; i++) {
      b[in_group * 2 + i % 2 + (i >= 2 ? 8 : 0)][group] = bfloat(from.b[i / 2], i % 2);
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    float* acc = static_cast<Arguments*>(lanes[lane])->acc;
    for (int i = 0; i < 4; i++) {
      const int row = lane / 4 + i / 2 * 8, col = lane % 4 * 2 + i % 2;
      for (int k = 0; k < 16; k++) acc[i] += a[row][k] * b[k][col];
    }
  }
}

}  // namespace gonka::cuda::emulated
