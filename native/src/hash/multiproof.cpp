#include "multiproof.hpp"

#include <algorithm>

namespace gonka {
namespace {

uint64_t split_point(uint64_t count) {
  uint64_t left = 1;
  while (left * 2 < count) left *= 2;
  return left;
}

void walk_ranges(LeafRange range, std::span<const uint64_t> opened, std::vector<LeafRange>& out) {
  if (opened.empty()) {
    out.push_back(range);
  } else if (range.end - range.first > 1) {
    const uint64_t middle = range.first + split_point(range.end - range.first);
    const auto cut = size_t(std::lower_bound(opened.begin(), opened.end(), middle) -
                            opened.begin());
    walk_ranges({range.first, middle}, opened.first(cut), out);
    walk_ranges({middle, range.end}, opened.subspan(cut), out);
  }
}

struct Opened {
  std::span<const uint64_t> positions;
  std::span<const Hash> leaves, proof;
  size_t next_leaf = 0, next_hash = 0;

  bool walk(LeafRange range, Hash& out) {
    if (next_leaf == positions.size() || positions[next_leaf] >= range.end) {
      if (next_hash == proof.size()) return false;
      out = proof[next_hash++];
      return true;
    }
    if (range.end - range.first == 1) {
      out = leaves[next_leaf++];
      return true;
    }
    const uint64_t middle = range.first + split_point(range.end - range.first);
    Hash left, right;
    if (!walk({range.first, middle}, left) || !walk({middle, range.end}, right)) return false;
    out = merkle_node(left, right);
    return true;
  }
};

}  // namespace

std::vector<LeafRange> sibling_ranges(uint64_t count, std::span<const uint64_t> positions) {
  std::vector<LeafRange> out;
  if (count > 0) walk_ranges({0, count}, positions, out);
  return out;
}

bool opened_root(uint64_t count, std::span<const uint64_t> positions,
                 std::span<const Hash> leaf_hashes, std::span<const Hash> proof, Hash& root) {
  if (count == 0) return false;
  Opened opened{positions, leaf_hashes, proof};
  return opened.walk({0, count}, root) && opened.next_hash == proof.size() &&
         opened.next_leaf == positions.size();
}

void ProofCollector::add(const Hash& leaf_hash) {
  const uint64_t position = position_++;
  if (proof_.size() == ranges_.size() || position < ranges_[proof_.size()].first) return;
  subtree_.add_leaf_hash(leaf_hash);
  if (position + 1 < ranges_[proof_.size()].end) return;
  proof_.push_back(subtree_.root());
  subtree_ = MerkleTree();
}

}  // namespace gonka
