// The weight challenge on the device (sprint.md section 8): y = row * G for every row, eight sums
// each, and the leaf hash of every group of 128 rows.
#pragma once
#include "device.cuh"

namespace gonka::cuda {

constexpr int CHALLENGE_ROW = 4096;
constexpr int CHALLENGE_COLS = 8;
constexpr int CHALLENGE_GROUP = 128;
constexpr int CHALLENGE_THREADS = 256;
constexpr int CHALLENGE_G_BYTES = CHALLENGE_ROW * CHALLENGE_COLS;

// The plain kernel: a thread for each sum. g is [8][4096]. Grid: (rows / 32).
__global__ void challenge_plain(const int8_t* rows, const int8_t* g, uint64_t count, int32_t* y) {
  const uint64_t row = uint64_t(blockIdx.x) * (CHALLENGE_THREADS / 8) + threadIdx.x / 8;
  if (row >= count) return;
  const auto* x = reinterpret_cast<const int32_t*>(rows + row * CHALLENGE_ROW);
  const auto* w = reinterpret_cast<const int32_t*>(g + threadIdx.x % 8 * CHALLENGE_ROW);
  int32_t sum = 0;
  for (int k = 0; k < CHALLENGE_ROW / 4; k++) sum = dot4(x[k], w[k], sum);
  y[row * 8 + threadIdx.x % 8] = sum;
}

// Where byte k of column c of G lies for the fast kernel. Of every 64 bytes of depth, a quad's
// thread t holds bytes 16 t .. 16 t + 15, as four words; products j = 0, 1 take words 2 j and
// 2 j + 1. Depth is permuted for both factors alike, which changes no sum.
inline int packed_place(int k, int c) {
  const int segment = k / 64, t = k % 64 / 16, word = k % 16 / 4, byte = k % 4;
  const int lane = c * 4 + t, product = word / 2, half = word % 2;
  return ((segment * 2 + product) * 32 + lane) * 8 + half * 4 + byte;
}

// Sixteen rows for each warp, read once, 16 bytes a thread, straight into the tensor cores' layout.
// Rows beyond count are read as the last one and not written. Grid: (rows / 128).
__global__ void __launch_bounds__(CHALLENGE_THREADS)
    challenge_fast(const int8_t* rows, const int8_t* packed_g, uint64_t count, int32_t* y) {
  __shared__ __align__(16) int8_t g[CHALLENGE_G_BYTES];
  for (int i = threadIdx.x; i < CHALLENGE_G_BYTES / 16; i += CHALLENGE_THREADS) {
    reinterpret_cast<int4*>(g)[i] = reinterpret_cast<const int4*>(packed_g)[i];
  }
  __syncthreads();
  const int lane = threadIdx.x % 32;
  const uint64_t first = uint64_t(blockIdx.x) * CHALLENGE_GROUP + threadIdx.x / 32 * 16 + lane / 4;
  const auto at = [&](uint64_t row) {
    return reinterpret_cast<const int4*>(rows + (row < count ? row : count - 1) * CHALLENGE_ROW) +
           lane % 4;
  };
  const int4 *upper = at(first), *lower = at(first + 8);
  const auto* fragments = reinterpret_cast<const int2*>(g) + lane;
  int32_t acc[4] = {};
#pragma unroll 8
  for (int segment = 0; segment < CHALLENGE_ROW / 64; segment++) {
    const int4 a = upper[segment * 4], b = lower[segment * 4];
    const int2 w0 = fragments[segment * 64], w1 = fragments[segment * 64 + 32];
    const uint32_t x0[4] = {uint32_t(a.x), uint32_t(b.x), uint32_t(a.y), uint32_t(b.y)};
    const uint32_t x1[4] = {uint32_t(a.z), uint32_t(b.z), uint32_t(a.w), uint32_t(b.w)};
    const uint32_t g0[2] = {uint32_t(w0.x), uint32_t(w0.y)};
    const uint32_t g1[2] = {uint32_t(w1.x), uint32_t(w1.y)};
    multiply_16x8x32(acc, x0, g0);
    multiply_16x8x32(acc, x1, g1);
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const uint64_t row = first + uint64_t(i / 2 * 8);
    if (row < count) y[row * 8 + lane % 4 * 2 + i % 2] = acc[i];
  }
}

__device__ inline uint32_t sha256_constant(int i) {
  constexpr uint32_t K[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
      0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
      0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
      0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
      0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
      0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
      0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
      0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
      0xc67178f2};
  return K[i];
}

// One block of SHA-256 (FIPS 180-4, 6.2.2); w is used up.
__device__ inline void sha256_block(uint32_t h[8], uint32_t w[16]) {
  const auto rotate = [](uint32_t x, int n) { return x >> n | x << (32 - n); };
  uint32_t s[8];
#pragma unroll
  for (int i = 0; i < 8; i++) s[i] = h[i];
#pragma unroll
  for (int i = 0; i < 64; i++) {
    if (i >= 16) {
      const uint32_t a = w[(i + 1) % 16], b = w[(i + 14) % 16];
      w[i % 16] += w[(i + 9) % 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
                   (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    const uint32_t big = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
    const uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const uint32_t one = s[7] + big + choice + sha256_constant(i) + w[i % 16];
    const uint32_t small = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
    const uint32_t two = small + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
#pragma unroll
    for (int j = 7; j > 0; j--) s[j] = s[j - 1];
    s[4] += one;
    s[0] = one + two;
  }
#pragma unroll
  for (int i = 0; i < 8; i++) h[i] += s[i];
}

// SHA-256(0 || LE64(group) || LE32(y) of its rows), one thread for each group. y is read as bytes
// of a little-endian device; the message's nine bytes before it put every word between two of y.
__global__ void challenge_leaves(const int32_t* y, uint64_t rows, uint64_t first_group,
                                 uint32_t groups, uint8_t* leaves) {
  const uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= groups) return;
  const uint64_t left = rows - uint64_t(i) * CHALLENGE_GROUP;
  const uint32_t words = uint32_t(left < CHALLENGE_GROUP ? left : CHALLENGE_GROUP) * 8;
  const auto* from = reinterpret_cast<const uint32_t*>(y) + size_t(i) * CHALLENGE_GROUP * 8;
  const uint64_t group = first_group + i;
  const uint32_t length = 9 + words * 4;
  // Little-endian words of the message, turned round just before use.
  const auto head = [&](uint32_t at) {  // Bytes 4 at .. 4 at + 3 of 0 || LE64(group), then zeros.
    return at == 0 ? uint32_t(group) << 8 : at == 1 ? uint32_t(group >> 24)
                                                     : uint32_t(group >> 56);
  };
  const auto body = [&](int64_t at) {  // Word at of y, the end mark after it, or zeros.
    return at < 0 || at > int64_t(words) ? 0u : at == int64_t(words) ? 0x80u : from[at];
  };
  uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const uint32_t blocks = (length + 9 + 63) / 64;
  for (uint32_t block = 0; block < blocks; block++) {
    uint32_t w[16];
#pragma unroll
    for (uint32_t k = 0; k < 16; k++) {
      const uint32_t at = block * 16 + k;
      const uint32_t low = at < 3 ? head(at) : 0;
      const uint32_t word = low | body(int64_t(at) - 2) << 8 | body(int64_t(at) - 3) >> 24;
      w[k] = word >> 24 | (word >> 8 & 0xff00) | (word << 8 & 0xff0000) | word << 24;
    }
    if (block + 1 == blocks) w[15] = length * 8;
    sha256_block(h, w);
  }
#pragma unroll
  for (int k = 0; k < 32; k++) leaves[size_t(i) * 32 + k] = uint8_t(h[k / 4] >> (24 - k % 4 * 8));
}

}  // namespace gonka::cuda
