// The digest of a nonce and the hit rule (sprint.md section 5) on the device, so that only hits
// leave it. One block of 256 threads for each item.
#pragma once
#include "row-kernels.cuh"

namespace gonka::cuda {

constexpr int DIGEST_THREADS = 256;
constexpr int DIGEST_CHUNKS_MAX = 17;  // 8 + 64 * 256 bytes in chunks of 1024.
constexpr int CHUNK_WORDS = 256;

constexpr uint32_t BLAKE3_CHUNK_START = 1;
constexpr uint32_t BLAKE3_CHUNK_END = 2;
constexpr uint32_t BLAKE3_PARENT = 4;
constexpr uint32_t BLAKE3_ROOT = 8;
constexpr uint32_t BLAKE3_KEYED = 16;

__device__ inline void blake3_mix(uint32_t& a, uint32_t& b, uint32_t& c, uint32_t& d, uint32_t x,
                                  uint32_t y) {
  const auto rotate = [](uint32_t v, int n) { return v >> n | v << (32 - n); };
  a += b + x; d = rotate(d ^ a, 16);
  c += d; b = rotate(b ^ c, 12);
  a += b + y; d = rotate(d ^ a, 8);
  c += d; b = rotate(b ^ c, 7);
}

// cv = the first half of compress(cv, block, counter, length, flags): BLAKE3, section 2.2.
__device__ inline void blake3_compress(uint32_t cv[8], const uint32_t block[16], uint32_t counter,
                                       uint32_t length, uint32_t flags) {
  uint32_t s[16] = {cv[0],      cv[1],      cv[2],      cv[3],      cv[4],      cv[5],
                    cv[6],      cv[7],      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                    counter,    0,          length,     flags};
  uint32_t m[16];
#pragma unroll
  for (int i = 0; i < 16; i++) m[i] = block[i];
#pragma unroll
  for (int round = 0; round < 7; round++) {
    blake3_mix(s[0], s[4], s[8], s[12], m[0], m[1]);
    blake3_mix(s[1], s[5], s[9], s[13], m[2], m[3]);
    blake3_mix(s[2], s[6], s[10], s[14], m[4], m[5]);
    blake3_mix(s[3], s[7], s[11], s[15], m[6], m[7]);
    blake3_mix(s[0], s[5], s[10], s[15], m[8], m[9]);
    blake3_mix(s[1], s[6], s[11], s[12], m[10], m[11]);
    blake3_mix(s[2], s[7], s[8], s[13], m[12], m[13]);
    blake3_mix(s[3], s[4], s[9], s[14], m[14], m[15]);
    const uint32_t next[16] = {m[2], m[6],  m[3],  m[10], m[7], m[0],  m[4],  m[13],
                               m[1], m[11], m[12], m[5],  m[9], m[14], m[15], m[8]};
#pragma unroll
    for (int i = 0; i < 16; i++) m[i] = next[i];
  }
#pragma unroll
  for (int i = 0; i < 8; i++) cv[i] = s[i] ^ s[8 + i];
}

// The chaining value of chunk `chunk` of LE64(nonce) || O, O of `words` 32-bit words.
__device__ inline void digest_chunk(const StreamKey& key, uint64_t nonce, const uint32_t* output,
                                    int words, int chunk, uint32_t cv[8]) {
  for (int i = 0; i < 8; i++) cv[i] = key.words[i];
  const int total = words + 2;
  const int end = total < (chunk + 1) * CHUNK_WORDS ? total : (chunk + 1) * CHUNK_WORDS;
  for (int at = chunk * CHUNK_WORDS; at < end; at += 16) {
    uint32_t block[16];
#pragma unroll
    for (int i = 0; i < 16; i++) {
      const int w = at + i;
      block[i] = w >= end ? 0 : w >= 2 ? output[w - 2] : uint32_t(nonce >> (32 * w));
    }
    const uint32_t flags = BLAKE3_KEYED | (at == chunk * CHUNK_WORDS ? BLAKE3_CHUNK_START : 0) |
                           (at + 16 >= end ? BLAKE3_CHUNK_END : 0);
    blake3_compress(cv, block, uint32_t(chunk), uint32_t(end - at < 16 ? (end - at) * 4 : 64),
                    flags);
  }
}

struct DigestShared {
  uint32_t cv[DIGEST_CHUNKS_MAX][8];
  StreamKey digest;
  uint8_t signs[2048];
  int64_t dot[DIGEST_THREADS], v2[DIGEST_THREADS];
};

__device__ inline void merge_digest(const StreamKey& key, uint32_t left[8], const uint32_t right[8],
                                    uint32_t flags, uint32_t out[8]) {
  uint32_t block[16];
  for (int i = 0; i < 8; i++) {
    block[i] = left[i];
    block[8 + i] = right[i];
    out[i] = key.words[i];
  }
  blake3_compress(out, block, 0, 64, flags);
}

// D into shared.digest. The message has a power of two of full chunks and 8 bytes more, so that its
// tree is a full one and, at the root, the last chunk beside it.
__device__ inline void item_digest(const StreamKey& key, uint64_t nonce, const uint32_t* output,
                                   int words, DigestShared& shared) {
  const int full = words / CHUNK_WORDS, thread = threadIdx.x;
  if (thread <= full) digest_chunk(key, nonce, output, words, thread, shared.cv[thread]);
  __syncthreads();
  for (int width = full; width > 1; width /= 2) {
    uint32_t merged[8];
    if (thread < width / 2) {
      merge_digest(key, shared.cv[2 * thread], shared.cv[2 * thread + 1],
                   BLAKE3_KEYED | BLAKE3_PARENT, merged);
    }
    __syncthreads();
    if (thread < width / 2) {
      for (int i = 0; i < 8; i++) shared.cv[thread][i] = merged[i];
    }
    __syncthreads();
  }
  if (thread == 0) {
    merge_digest(key, shared.cv[0], shared.cv[full], BLAKE3_KEYED | BLAKE3_PARENT | BLAKE3_ROOT,
                 shared.digest.words);
  }
  __syncthreads();
}

struct HitRule {
  const int8_t* target;  // T, 256 values in device memory.
  uint64_t c2_t2;        // c^2 * T2, below 2^62.
  int tokens;
};

struct FoundHit {
  uint32_t item;
  uint32_t digest[8];
};

// dot > 0 and dot^2 * 2^40 >= c^2 * V2 * T2: both sides stay below 2^97.
__device__ inline bool rule_holds(const HitRule& rule, int64_t dot, int64_t v2) {
  __extension__ using Wide = unsigned __int128;
  if (dot <= 0) return false;
  return Wide(uint64_t(dot) * uint64_t(dot)) << 40 >= Wide(rule.c2_t2) * uint64_t(v2);
}

// Appends each hit to `hits`, in any order. Grid: (items).
__global__ void __launch_bounds__(DIGEST_THREADS)
    find_hits(const StreamKey* keys, const uint64_t* nonces, const int8_t* outputs, HitRule rule,
              uint32_t* count, FoundHit* hits) {
  __shared__ __align__(16) DigestShared shared;
  const int item = blockIdx.x, j = threadIdx.x, tokens = rule.tokens;
  const int8_t* output = outputs + size_t(item) * tokens * 256;
  item_digest(keys[item], nonces[item], reinterpret_cast<const uint32_t*>(output), tokens * 64,
              shared);
  const uint32_t nonce[3] = {0, 0, 0x53};
  if (j < (tokens * 32 + 1023) / 1024 * 16) {
    write_stream_block<false>(shared.digest, nonce, uint32_t(j), shared.signs + j / 16 * 1024);
  }
  __syncthreads();
  int32_t v = 0;
  for (int i = 0; i < tokens; i++) {
    const int32_t bit = shared.signs[i * 32 + j / 8] >> (j % 8) & 1;
    v += (1 - 2 * bit) * output[i * 256 + j];
  }
  shared.dot[j] = int64_t(v) * rule.target[j];
  shared.v2[j] = int64_t(v) * v;
  __syncthreads();
  for (int half = DIGEST_THREADS / 2; half > 0; half /= 2) {
    if (j < half) {
      shared.dot[j] += shared.dot[j + half];
      shared.v2[j] += shared.v2[j + half];
    }
    __syncthreads();
  }
  if (j != 0 || !rule_holds(rule, shared.dot[0], shared.v2[0])) return;
  FoundHit& hit = hits[add_atomic(count, 1)];
  hit.item = uint32_t(item);
  for (int i = 0; i < 8; i++) hit.digest[i] = shared.digest.words[i];
}

}  // namespace gonka::cuda
