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
  std::vector<Hash>
      peaks_;  // Roots of complete subtrees, largest first: the binary digits of count_.
  uint64_t count_ = 0;
};

}  // namespace gonka
