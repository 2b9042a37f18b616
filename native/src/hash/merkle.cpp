#include "merkle.hpp"

#include "sha256.hpp"

namespace gonka {
Hash merkle_leaf(ByteSpan data) {
  Sha256 hasher;
  const uint8_t prefix = 0;
  hasher.update({&prefix, 1});
  hasher.update(data);
  return hasher.finish();
}

Hash merkle_node(const Hash& left, const Hash& right) {
  uint8_t raw[65] = {1};
  std::memcpy(raw + 1, left.data(), 32);
  std::memcpy(raw + 33, right.data(), 32);
  return sha256(raw);
}

void MerkleTree::add_leaf_hash(const Hash& leaf_hash) {
  Hash hash = leaf_hash;
  for (uint64_t n = count_; n & 1; n >>= 1) {
    hash = merkle_node(peaks_.back(), hash);
    peaks_.pop_back();
  }
  peaks_.push_back(hash);
  count_++;
}

Hash MerkleTree::root() const {
  if (peaks_.empty()) return sha256({});
  Hash hash = peaks_.back();
  for (size_t i = peaks_.size() - 1; i > 0; i--) hash = merkle_node(peaks_[i - 1], hash);
  return hash;
}

}  // namespace gonka
