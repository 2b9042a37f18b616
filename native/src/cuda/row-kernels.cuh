// Everything that is not a matrix product of weights: stream expansion, N, attention, gate.
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

// x = N(x + y), one block for each row; y may be null.
__global__ void norm_rows(int8_t* x, const int8_t* y, int d) {
  __shared__ int32_t partial[NORM_THREADS];
  __shared__ int32_t factor;
  int8_t* row = x + size_t(blockIdx.x) * d;
  const int8_t* other = y ? y + size_t(blockIdx.x) * d : nullptr;
  int32_t sum = 0;
  for (int k = threadIdx.x; k < d; k += NORM_THREADS) {
    const int32_t t = row[k] + (other ? other[k] : 0);
    sum += t * t;
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
  for (int k = threadIdx.x; k < d; k += NORM_THREADS) {
    const int32_t t = row[k] + (other ? other[k] : 0);
    row[k] = int8_t(quantise(t * m, 16));
  }
}

constexpr int ATTENTION_THREADS = 128;
constexpr int HEAD = 128;
constexpr int TOKENS_MAX = 64;
constexpr int HEAD_STRIDE = HEAD + 4;         // In bytes; the odd word keeps banks apart.
constexpr int TOKEN_STRIDE = TOKENS_MAX + 4;

struct AttentionShape {
  int tokens, heads, p_shift, s_shift;
};

__device__ inline int32_t word_at(const int8_t* p) { return *reinterpret_cast<const int32_t*>(p); }

// One head of one item for each block. Grid: (heads, items). o is [tokens][d] of the item.
__global__ void attend(const int8_t* qkv, int8_t* o, AttentionShape shape) {
  __shared__ __align__(16) int8_t q[TOKENS_MAX * HEAD_STRIDE], k[TOKENS_MAX * HEAD_STRIDE];
  __shared__ __align__(16) int8_t v[HEAD * TOKEN_STRIDE], p[TOKENS_MAX * TOKEN_STRIDE];
  const int tokens = shape.tokens, d = shape.heads * HEAD;
  const int8_t* from = qkv + size_t(blockIdx.y) * tokens * 3 * d + blockIdx.x * HEAD;
  for (int i = threadIdx.x; i < tokens * HEAD; i += ATTENTION_THREADS) {
    const int token = i / HEAD, c = i % HEAD;
    const int8_t* row = from + size_t(token) * 3 * d + c;
    q[token * HEAD_STRIDE + c] = row[0];
    k[token * HEAD_STRIDE + c] = row[d];
    v[c * TOKEN_STRIDE + token] = row[2 * d];  // Transposed: P * v then reads words of tokens.
  }
  __syncthreads();
  for (int i = threadIdx.x; i < tokens * tokens; i += ATTENTION_THREADS) {
    const int s = i / tokens, r = i % tokens;
    int32_t sum = 0;
    for (int c = 0; c < HEAD; c += 4) {
      sum = dot4(word_at(q + s * HEAD_STRIDE + c), word_at(k + r * HEAD_STRIDE + c), sum);
    }
    p[s * TOKEN_STRIDE + r] = int8_t(quantise(sum, shape.p_shift));
  }
  __syncthreads();
  int8_t* to = o + size_t(blockIdx.y) * tokens * d + blockIdx.x * HEAD;
  for (int i = threadIdx.x; i < tokens * HEAD; i += ATTENTION_THREADS) {
    const int s = i / HEAD, c = i % HEAD;
    int32_t sum = 0;
    for (int r = 0; r < tokens; r += 4) {
      sum = dot4(word_at(p + s * TOKEN_STRIDE + r), word_at(v + c * TOKEN_STRIDE + r), sum);
    }
    to[size_t(s) * d + c] = int8_t(quantise(sum, shape.s_shift));
  }
}

// h = Q(a * u), for the plain product path that keeps g and u apart.
__global__ void gate_values(int8_t* g, const int8_t* u, size_t count, int shift) {
  const size_t i = size_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) g[i] = int8_t(gate_value(g[i], u[i], shift));
}

}  // namespace gonka::cuda
