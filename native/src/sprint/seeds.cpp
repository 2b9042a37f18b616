#include "seeds.hpp"

#include "../hash/blake3.hpp"
#include "../kernels/kernel-table.hpp"

namespace gonka {

Bytes NetworkId::prefix() const {
  Bytes out;
  append32(out, uint32_t(chain_id.size()));
  append(out, bytes_of(chain_id));
  out.push_back(uint8_t(profile));
  return out;
}

Hash weights_key(const NetworkId& network, const Hash& beacon1) {
  Bytes material = network.prefix();
  append(material, beacon1);
  return blake3_derive_key("isp1 weights v1", material);
}

Hash target_key(const NetworkId& network, const Hash& beacon1, const Hash& beacon2) {
  Bytes material = network.prefix();
  append(material, beacon1);
  append(material, beacon2);
  return blake3_derive_key("isp1 target v1", material);
}

Hash input_key(const NetworkId& network, const Hash& beacon1, const Hash& beacon2, ByteSpan host) {
  Bytes material = network.prefix();
  append(material, beacon1);
  append(material, beacon2);
  append(material, host);
  return blake3_derive_key("isp1 input v1", material);
}

Bytes stream_bytes(const Hash& key, const std::array<uint32_t, 3>& nonce, uint64_t offset,
                   size_t length) {
  const uint64_t first = offset / 1024;
  const size_t count = size_t((offset + length + 1023) / 1024 - first);
  Bytes blocks(count * 1024);
  const auto words = key_words(key);
  scalar_kernels().stream(words.data(), nonce.data(), uint32_t(first), count, blocks.data());
  const auto begin = blocks.begin() + ptrdiff_t(offset - first * 1024);
  return Bytes(begin, begin + ptrdiff_t(length));
}

}  // namespace gonka
