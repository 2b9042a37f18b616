// Keys of sprint.md section 2 and the stream words they start with.
#pragma once
#include "../hash/bytes.hpp"

namespace gonka {

inline constexpr size_t HOST_KEY_BYTES = 33;

struct NetworkId {
  std::string chain_id;
  char profile;

  Bytes prefix() const;  // CHAIN of section 1.
};

Hash weights_key(const NetworkId& network, const Hash& beacon1);
Hash target_key(const NetworkId& network, const Hash& beacon1, const Hash& beacon2);
Hash input_key(const NetworkId& network, const Hash& beacon1, const Hash& beacon2, ByteSpan host);

// Z(key; n0, n1, n2)[offset .. offset + length - 1], portable: for short reads.
Bytes stream_bytes(const Hash& key, const std::array<uint32_t, 3>& nonce, uint64_t offset,
                   size_t length);

inline std::array<uint32_t, 8> key_words(const Hash& key) {
  std::array<uint32_t, 8> words;
  for (size_t i = 0; i < 8; i++) words[i] = load32(&key[4 * i]);
  return words;
}

}  // namespace gonka
