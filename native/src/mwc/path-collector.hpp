// Merkle paths of chosen leaves out of one pass over all leaf hashes, without storing them.
#pragma once
#include <map>

#include "../hash/merkle.hpp"

namespace gonka {

class PathCollector {
 public:
  PathCollector(uint64_t leaf_count, const std::vector<uint64_t>& wanted);
  // Leaves come in order, each once.
  void add(uint64_t index, const Hash& leaf);
  std::vector<Hash> path(uint64_t index) const;

 private:
  using Range = std::pair<uint64_t, uint64_t>;  // First leaf, one past the last.

  std::vector<Range> siblings(uint64_t index) const;  // Lowest first.

  uint64_t leaf_count_;
  std::map<Range, MerkleTree> trees_;
  std::map<Range, MerkleTree>::iterator upcoming_;
  std::vector<std::map<Range, MerkleTree>::iterator> active_;
};

}  // namespace gonka
