#include "merkle.hpp"

#include "sha256.hpp"

namespace gonka {
namespace {

Hash subtree_root(const Hash* leaves, uint64_t count) {
  if (count == 1) return leaves[0];
  uint64_t left = 1;
  while (left * 2 < count) left *= 2;
  return merkle_node(subtree_root(leaves, left), subtree_root(leaves + left, count - left));
}

}  // namespace

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

std::vector<Hash> merkle_path(const std::vector<Hash>& leaf_hashes, uint64_t index) {
  std::vector<Hash> path;
  const Hash* leaves = leaf_hashes.data();
  uint64_t count = leaf_hashes.size();
  while (count > 1) {
    uint64_t left = 1;
    while (left * 2 < count) left *= 2;
    if (index < left) {
      path.insert(path.begin(), subtree_root(leaves + left, count - left));
      count = left;
    } else {
      path.insert(path.begin(), subtree_root(leaves, left));
      leaves += left;
      index -= left;
      count -= left;
    }
  }
  return path;
}

Hash merkle_root_from_path(const Hash& leaf_hash, uint64_t index, uint64_t count,
                           const std::vector<Hash>& path) {
  if (index >= count) return Hash{};
  Hash hash = leaf_hash;
  uint64_t node = index, last = count - 1;
  for (const Hash& sibling : path) {  // RFC 9162, section 2.1.3.2.
    if (last == 0) return Hash{};
    if ((node & 1) || node == last) {
      hash = merkle_node(sibling, hash);
      while (!(node & 1) && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = merkle_node(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 ? hash : Hash{};
}

}  // namespace gonka
