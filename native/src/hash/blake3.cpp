// BLAKE3 as in its specification, section 2. The names of flags and steps are the specification's.
#include "blake3.hpp"

namespace gonka {
namespace {

constexpr uint32_t IV[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
constexpr int PERMUTATION[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
constexpr size_t CHUNK_BYTES = 1024;
constexpr size_t BLOCK_BYTES = 64;

enum Flag : uint32_t {
  CHUNK_START = 1,
  CHUNK_END = 2,
  PARENT = 4,
  ROOT = 8,
  KEYED_HASH = 16,
  DERIVE_KEY_CONTEXT = 32,
  DERIVE_KEY_MATERIAL = 64,
};

inline uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

inline void g(uint32_t* s, int a, int b, int c, int d, uint32_t mx, uint32_t my) {
  s[a] += s[b] + mx;
  s[d] = rotr(s[d] ^ s[a], 16);
  s[c] += s[d];
  s[b] = rotr(s[b] ^ s[c], 12);
  s[a] += s[b] + my;
  s[d] = rotr(s[d] ^ s[a], 8);
  s[c] += s[d];
  s[b] = rotr(s[b] ^ s[c], 7);
}

// One compression whose result is wanted either as a chaining value or, at the root, as the hash.
struct Node {
  uint32_t cv[8];
  uint32_t block[16];
  uint64_t counter;
  uint32_t block_len;
  uint32_t flags;

  void compress(uint32_t out[8], uint32_t extra_flags) const {
    uint32_t s[16], m[16], next[16];
    for (int i = 0; i < 8; i++) s[i] = cv[i];
    for (int i = 0; i < 4; i++) s[8 + i] = IV[i];
    s[12] = uint32_t(counter);
    s[13] = uint32_t(counter >> 32);
    s[14] = block_len;
    s[15] = flags | extra_flags;
    std::memcpy(m, block, sizeof m);
    for (int round = 0; round < 7; round++) {
      for (int i = 0; i < 4; i++) g(s, i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1]);
      for (int i = 0; i < 4; i++) {
        g(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[8 + 2 * i], m[9 + 2 * i]);
      }
      for (int i = 0; i < 16; i++) next[i] = m[PERMUTATION[i]];
      std::memcpy(m, next, sizeof m);
    }
    for (int i = 0; i < 8; i++) out[i] = s[i] ^ s[8 + i];
  }
};

void load_block(uint32_t words[16], const uint8_t* bytes, size_t len) {
  uint8_t padded[BLOCK_BYTES] = {};
  if (len > 0) std::memcpy(padded, bytes, len);
  for (int i = 0; i < 16; i++) words[i] = load32(padded + 4 * i);
}

Node chunk_node(const uint32_t key[8], uint32_t flags, const uint8_t* p, size_t len, uint64_t n) {
  Node node;
  std::memcpy(node.cv, key, sizeof node.cv);
  node.counter = n;
  uint32_t start = CHUNK_START;
  while (len > BLOCK_BYTES) {
    load_block(node.block, p, BLOCK_BYTES);
    node.block_len = BLOCK_BYTES;
    node.flags = flags | start;
    uint32_t cv[8];
    node.compress(cv, 0);
    std::memcpy(node.cv, cv, sizeof cv);
    start = 0;
    p += BLOCK_BYTES;
    len -= BLOCK_BYTES;
  }
  load_block(node.block, p, len);
  node.block_len = uint32_t(len);
  node.flags = flags | start | CHUNK_END;
  return node;
}

Node subtree(const uint32_t key[8], uint32_t flags, const uint8_t* p, size_t len, uint64_t n) {
  if (len <= CHUNK_BYTES) return chunk_node(key, flags, p, len, n);
  const size_t chunks = (len + CHUNK_BYTES - 1) / CHUNK_BYTES;
  size_t left = 1;
  while (left * 2 < chunks) left *= 2;
  const size_t left_bytes = left * CHUNK_BYTES;
  Node parent;
  std::memcpy(parent.cv, key, sizeof parent.cv);
  subtree(key, flags, p, left_bytes, n).compress(parent.block, 0);
  subtree(key, flags, p + left_bytes, len - left_bytes, n + left).compress(parent.block + 8, 0);
  parent.counter = 0;
  parent.block_len = BLOCK_BYTES;
  parent.flags = flags | PARENT;
  return parent;
}

Hash hash_with(const uint32_t key[8], uint32_t flags, ByteSpan input) {
  uint32_t words[8];
  subtree(key, flags, input.data(), input.size(), 0).compress(words, ROOT);
  Hash out;
  for (int i = 0; i < 8; i++) store32(&out[size_t(4 * i)], words[i]);
  return out;
}

}  // namespace

Hash blake3(ByteSpan input) { return hash_with(IV, 0, input); }

Hash blake3_keyed(const Hash& key, ByteSpan input) {
  uint32_t words[8];
  for (int i = 0; i < 8; i++) words[i] = load32(&key[size_t(4 * i)]);
  return hash_with(words, KEYED_HASH, input);
}

Hash blake3_derive_key(std::string_view context, ByteSpan input) {
  const Hash context_key = hash_with(IV, DERIVE_KEY_CONTEXT, bytes_of(context));
  uint32_t words[8];
  for (int i = 0; i < 8; i++) words[i] = load32(&context_key[size_t(4 * i)]);
  return hash_with(words, DERIVE_KEY_MATERIAL, input);
}

}  // namespace gonka
