// Stream expansion, N and the gate: work on bytes and rows.
#pragma once
#include "device.cuh"

namespace gonka::cuda {

struct StreamKey {
  uint32_t words[8];
};

// One ChaCha8 block of Z(key; n0, n1, n2) into its lanes of the superblock at `superblock`.
template <bool HALVED>
__device__ inline void write_stream_block(const StreamKey& key, const uint32_t nonce[3],
                                          uint32_t block, uint8_t* superblock) {
  uint32_t start[16] = {0x61707865,   0x3320646e,   0x79622d32,   0x6b206574,
                        key.words[0], key.words[1], key.words[2], key.words[3],
                        key.words[4], key.words[5], key.words[6], key.words[7],
                        block,        nonce[0],     nonce[1],     nonce[2]};
  uint32_t s[16];
#pragma unroll
  for (int i = 0; i < 16; i++) s[i] = start[i];
  const auto rotate = [](uint32_t x, int n) { return x << n | x >> (32 - n); };
  const auto quarter = [&](uint32_t& a, uint32_t& b, uint32_t& c, uint32_t& d) {
    a += b; d = rotate(d ^ a, 16);
    c += d; b = rotate(b ^ c, 12);
    a += b; d = rotate(d ^ a, 8);
    c += d; b = rotate(b ^ c, 7);
  };
#pragma unroll
  for (int round = 0; round < 4; round++) {
    quarter(s[0], s[4], s[8], s[12]);
    quarter(s[1], s[5], s[9], s[13]);
    quarter(s[2], s[6], s[10], s[14]);
    quarter(s[3], s[7], s[11], s[15]);
    quarter(s[0], s[5], s[10], s[15]);
    quarter(s[1], s[6], s[11], s[12]);
    quarter(s[2], s[7], s[8], s[13]);
    quarter(s[3], s[4], s[9], s[14]);
  }
  auto* out = reinterpret_cast<uint32_t*>(superblock) + block % 16;
#pragma unroll
  for (int w = 0; w < 16; w++) {
    uint32_t word = s[w] + start[w];
    // Four arithmetic halvings at once: each byte keeps its own sign.
    if (HALVED) word = (word >> 1 & 0x7f7f7f7fu) | (word & 0x80808080u);
    out[w * 16] = word;
  }
}

// A tensor's weights, row-major; one thread for each block of the stream.
__global__ void expand_weights(StreamKey key, uint32_t tensor, uint32_t blocks, uint8_t* out) {
  const uint32_t block = blockIdx.x * blockDim.x + threadIdx.x;
  if (block >= blocks) return;
  const uint32_t nonce[3] = {tensor, 0, 0x57};
  write_stream_block<false>(key, nonce, block, out + size_t(block / 16) * 1024);
}

// e of every item, before N. Grid: (blocks of one item / threads, items).
__global__ void expand_inputs(const StreamKey* keys, const uint64_t* nonces, uint32_t blocks,
                              uint8_t* x) {
  const uint32_t block = blockIdx.x * blockDim.x + threadIdx.x;
  if (block >= blocks) return;
  const uint64_t id = nonces[blockIdx.y];
  const uint32_t nonce[3] = {uint32_t(id), uint32_t(id >> 32), 0x58};
  uint8_t* item = x + size_t(blockIdx.y) * blocks * 64;
  write_stream_block<true>(keys[blockIdx.y], nonce, block, item + size_t(block / 16) * 1024);
}

constexpr int NORM_THREADS = 256;

__device__ inline int32_t norm_factor(uint64_t ss, uint64_t d) {
  const uint64_t q = (d << 42) / (ss > 0 ? ss : 1);
  const uint64_t most = (uint64_t(1) << 44) - 1;
  const uint64_t n = q < most ? q : most;
  uint64_t m = uint64_t(sqrt(double(n)));
  while (m * m > n) m--;
  while ((m + 1) * (m + 1) <= n) m++;
  return int32_t(m);
}

// The four sums x + y of a word of bytes each.
__device__ inline void add_bytes(uint32_t x, uint32_t y, int32_t t[4]) {
#pragma unroll
  for (int i = 0; i < 4; i++) t[i] = int32_t(int8_t(x >> (8 * i))) + int8_t(y >> (8 * i));
}

// x = N(x + y), one block for each row: the residual is added here, exactly. y may be null.
__global__ void norm_rows(int8_t* x, const int8_t* y, int d) {
  __shared__ int32_t partial[NORM_THREADS];
  __shared__ int32_t factor;
  auto* row = reinterpret_cast<uint32_t*>(x + size_t(blockIdx.x) * d);
  const auto* other = reinterpret_cast<const uint32_t*>(y ? y + size_t(blockIdx.x) * d : nullptr);
  int32_t sum = 0, t[4];
  for (int k = threadIdx.x; k < d / 4; k += NORM_THREADS) {
    add_bytes(row[k], other ? other[k] : 0, t);
#pragma unroll
    for (int i = 0; i < 4; i++) sum += t[i] * t[i];
  }
  partial[threadIdx.x] = sum;
  __syncthreads();
  for (int half = NORM_THREADS / 2; half > 0; half /= 2) {
    if (int(threadIdx.x) < half) partial[threadIdx.x] += partial[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) factor = norm_factor(uint64_t(partial[0]), uint64_t(d));
  __syncthreads();
  const int32_t m = factor;
  for (int k = threadIdx.x; k < d / 4; k += NORM_THREADS) {
    add_bytes(row[k], other ? other[k] : 0, t);
    uint32_t word = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) word |= uint32_t(uint8_t(quantise(t[i] * m, 16))) << (8 * i);
    row[k] = word;
  }
}

// h = Q(a * u), for the plain product path that keeps g and u apart.
__global__ void gate_values(int8_t* g, const int8_t* u, size_t count, int shift) {
  const size_t i = size_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) g[i] = int8_t(gate_value(g[i], u[i], shift));
}

}  // namespace gonka::cuda
