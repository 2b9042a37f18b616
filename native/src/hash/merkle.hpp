// RFC 6962 Merkle trees over SHA-256. The tree is fed leaf by leaf and holds O(log n) hashes.
#pragma once
#include "bytes.hpp"

namespace gonka {

Hash merkle_leaf(ByteSpan data);
Hash merkle_node(const Hash& left, const Hash& right);

class MerkleTree {
 public:
  void add(ByteSpan leaf) { add_leaf_hash(merkle_leaf(leaf)); }
  void add_leaf_hash(const Hash& leaf_hash);
  uint64_t count() const { return count_; }
  Hash root() const;

 private:
  std::vector<Hash> peaks_;  // Roots of complete subtrees, largest first: the binary digits of count_.
  uint64_t count_ = 0;
};

// The sibling hashes from leaf `index` to the root, lowest first (RFC 6962, section 2.1.1).
std::vector<Hash> merkle_path(const std::vector<Hash>& leaf_hashes, uint64_t index);

// The root that a leaf and its path lead to; an all-zero hash when the path's length is wrong.
Hash merkle_root_from_path(const Hash& leaf_hash, uint64_t index, uint64_t count,
                           const std::vector<Hash>& path);

}  // namespace gonka
