#include "path-collector.hpp"

#include <algorithm>

namespace gonka {

PathCollector::PathCollector(uint64_t leaf_count, const std::vector<uint64_t>& wanted)
    : leaf_count_(leaf_count) {
  for (const uint64_t index : wanted) {
    for (const Range& range : siblings(index)) trees_[range];
  }
  upcoming_ = trees_.begin();
}

std::vector<PathCollector::Range> PathCollector::siblings(uint64_t index) const {
  std::vector<Range> out;
  uint64_t first = 0, end = leaf_count_;
  while (end - first > 1) {
    uint64_t left = 1;
    while (left * 2 < end - first) left *= 2;
    const uint64_t middle = first + left;
    if (index < middle) {
      out.push_back({middle, end});
      end = middle;
    } else {
      out.push_back({first, middle});
      first = middle;
    }
  }
  std::reverse(out.begin(), out.end());
  return out;
}

void PathCollector::add(uint64_t index, const Hash& leaf) {
  for (; upcoming_ != trees_.end() && upcoming_->first.first == index; ++upcoming_) {
    active_.push_back(upcoming_);
  }
  std::erase_if(active_, [&](const auto& tree) { return tree->first.second <= index; });
  for (const auto& tree : active_) tree->second.add_leaf_hash(leaf);
}

std::vector<Hash> PathCollector::path(uint64_t index) const {
  std::vector<Hash> out;
  for (const Range& range : siblings(index)) out.push_back(trees_.at(range).root());
  return out;
}

}  // namespace gonka
