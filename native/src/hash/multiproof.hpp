// Openings of several leaves of one RFC 6962 tree: the proof holds the root of every maximal
// subtree without an opened leaf, from left to right. This is the encoding that the chain checks.
#pragma once
#include "merkle.hpp"

namespace gonka {

struct LeafRange {
  uint64_t first, end;
};

// Positions are strictly increasing and below count.
std::vector<LeafRange> sibling_ranges(uint64_t count, std::span<const uint64_t> positions);

// The root that opened leaves and the proof lead to; false when the proof has not exactly the
// hashes that the positions ask for.
bool opened_root(uint64_t count, std::span<const uint64_t> positions,
                 std::span<const Hash> leaf_hashes, std::span<const Hash> proof, Hash& root);

// Makes the proof while all leaf hashes pass by once, in order.
class ProofCollector {
 public:
  ProofCollector(uint64_t count, std::span<const uint64_t> positions)
      : ranges_(sibling_ranges(count, positions)) {}
  void add(const Hash& leaf_hash);
  const std::vector<Hash>& proof() const { return proof_; }

 private:
  std::vector<LeafRange> ranges_;
  std::vector<Hash> proof_;
  uint64_t position_ = 0;
  MerkleTree subtree_;
};

}  // namespace gonka
