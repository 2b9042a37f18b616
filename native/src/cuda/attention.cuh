// Attention of one head of one item in one block: P = Q(q k^T), o = Q(P v). Two kernels: plain
// dp4a, and tensor cores from sm_80 on. Both hold v transposed, so that P v reads words of tokens.
#pragma once
#include "device.cuh"

namespace gonka::cuda {

constexpr int ATTENTION_THREADS = 128;
constexpr int HEAD = 128;
constexpr int TOKENS_MAX = 64;
constexpr int HEAD_STRIDE = HEAD + 16;         // In bytes; the odd piece keeps banks apart.
constexpr int TOKEN_STRIDE = TOKENS_MAX + 16;

struct AttentionShape {
  int tokens, heads, p_shift, s_shift;
};

struct HeadTiles {
  int8_t *q, *k;  // [TOKENS_MAX][HEAD_STRIDE]
  int8_t *v;      // [HEAD][TOKEN_STRIDE]
};

__device__ inline uint32_t word_at(const int8_t* p) {
  return *reinterpret_cast<const uint32_t*>(p);
}

// Loads q, k and the transposed v of the block's head; rows from `tokens` to `padded` are zeros.
__device__ inline void load_head(const int8_t* qkv, const AttentionShape& shape, int padded,
                                 const HeadTiles& tiles) {
  const int d = shape.heads * HEAD;
  const int8_t* from = qkv + size_t(blockIdx.y) * shape.tokens * 3 * d + blockIdx.x * HEAD;
  for (int i = threadIdx.x; i < padded * HEAD / 4; i += ATTENTION_THREADS) {
    const int token = i / (HEAD / 4), c = i % (HEAD / 4) * 4;
    const bool real = token < shape.tokens;
    const int8_t* row = from + size_t(real ? token : 0) * 3 * d + c;
    const uint32_t q = real ? word_at(row) : 0, k = real ? word_at(row + d) : 0;
    const uint32_t v = real ? word_at(row + 2 * d) : 0;
    *reinterpret_cast<uint32_t*>(tiles.q + token * HEAD_STRIDE + c) = q;
    *reinterpret_cast<uint32_t*>(tiles.k + token * HEAD_STRIDE + c) = k;
#pragma unroll
    for (int e = 0; e < 4; e++) tiles.v[(c + e) * TOKEN_STRIDE + token] = int8_t(v >> (8 * e));
  }
}

// Grid: (heads, items). o is [tokens][d] of the item.
__global__ void attend(const int8_t* qkv, int8_t* o, AttentionShape shape) {
  __shared__ __align__(16) int8_t q[TOKENS_MAX * HEAD_STRIDE], k[TOKENS_MAX * HEAD_STRIDE];
  __shared__ __align__(16) int8_t v[HEAD * TOKEN_STRIDE], p[TOKENS_MAX * TOKEN_STRIDE];
  const int tokens = shape.tokens, d = shape.heads * HEAD;
  load_head(qkv, shape, tokens, {q, k, v});
  __syncthreads();
  for (int i = threadIdx.x; i < tokens * tokens; i += ATTENTION_THREADS) {
    const int s = i / tokens, r = i % tokens;
    int32_t sum = 0;
    for (int c = 0; c < HEAD; c += 4) {
      sum = dot4(int32_t(word_at(q + s * HEAD_STRIDE + c)),
                 int32_t(word_at(k + r * HEAD_STRIDE + c)), sum);
    }
    p[s * TOKEN_STRIDE + r] = int8_t(quantise(sum, shape.p_shift));
  }
  __syncthreads();
  int8_t* to = o + size_t(blockIdx.y) * tokens * d + blockIdx.x * HEAD;
  for (int i = threadIdx.x; i < tokens * HEAD; i += ATTENTION_THREADS) {
    const int s = i / HEAD, c = i % HEAD;
    int32_t sum = 0;
    for (int r = 0; r < tokens; r += 4) {
      sum = dot4(int32_t(word_at(p + s * TOKEN_STRIDE + r)),
                 int32_t(word_at(v + c * TOKEN_STRIDE + r)), sum);
    }
    to[size_t(s) * d + c] = int8_t(quantise(sum, shape.s_shift));
  }
}

// out[16 rows][8 COLS] = Q(a * b^T) for one warp; a and b are rows of DEPTH bytes.
template <int COLS>
__device__ inline void warp_product(const int8_t* a, int a_stride, const int8_t* b, int b_stride,
                                    int depth, int shift, int8_t* out, int out_stride) {
  const int lane = threadIdx.x % 32;
  int32_t acc[COLS][4] = {};
  for (int k = 0; k < depth; k += 32) {
    uint32_t x[4], w[4];
    load_matrices(x, a + (lane % 16) * a_stride + k + lane / 16 * 16);
#pragma unroll
    for (int j = 0; j < COLS; j += 2) {
      load_matrices(w, b + (8 * j + lane / 16 * 8 + lane % 8) * b_stride + k + lane / 8 % 2 * 16);
      multiply_16x8x32(acc[j], x, w);
      multiply_16x8x32(acc[j + 1], x, w + 2);
    }
  }
#pragma unroll
  for (int j = 0; j < COLS; j++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      const uint32_t low = uint8_t(quantise(acc[j][2 * half], shift));
      const uint32_t high = uint8_t(quantise(acc[j][2 * half + 1], shift));
      auto* to = out + (lane / 4 + 8 * half) * out_stride + 8 * j + lane % 4 * 2;
      *reinterpret_cast<uint16_t*>(to) = uint16_t(low | high << 8);
    }
  }
}

// The same by tensor cores: each warp takes 16 tokens. Depth is a multiple of 32, so that 16 tokens
// are padded with zeros to 32.
__global__ void __launch_bounds__(ATTENTION_THREADS)
    attend_fast(const int8_t* qkv, int8_t* o, AttentionShape shape) {
  __shared__ __align__(16) int8_t q[TOKENS_MAX * HEAD_STRIDE], k[TOKENS_MAX * HEAD_STRIDE];
  __shared__ __align__(16) int8_t v[HEAD * TOKEN_STRIDE], p[TOKENS_MAX * TOKEN_STRIDE];
  const int tokens = shape.tokens, d = shape.heads * HEAD;
  const int padded = tokens < 32 ? 32 : tokens, row0 = threadIdx.x / 32 * 16;
  load_head(qkv, shape, padded, {q, k, v});
  __syncthreads();
  if (row0 < tokens) {
    for (int col = 0; col < padded; col += 32) {
      warp_product<4>(q + row0 * HEAD_STRIDE, HEAD_STRIDE, k + col * HEAD_STRIDE, HEAD_STRIDE,
                      HEAD, shape.p_shift, p + row0 * TOKEN_STRIDE + col, TOKEN_STRIDE);
    }
  }
  __syncthreads();
  if (row0 < tokens) {
    int8_t* to = o + (size_t(blockIdx.y) * tokens + row0) * d + blockIdx.x * HEAD;
    for (int col = 0; col < HEAD; col += 64) {
      warp_product<8>(p + row0 * TOKEN_STRIDE, TOKEN_STRIDE, v + col * TOKEN_STRIDE, TOKEN_STRIDE,
                      padded, shape.s_shift, to + col, d);
    }
  }
}

}  // namespace gonka::cuda
