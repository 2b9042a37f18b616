// Hashes of IAVL+ nodes (spec/store.md, 2.2 and 2.3), in place in the memory of the tree.
#pragma once
#include "bytes.hpp"

namespace gonka {

// A node is a cell of 16 words: 0 left, 1 right, 3 version (low 32 bits), 4 size, 5 height
// (8 bits), whether it is hashed (1 bit) and version (high bits), 8..15 the hash.
struct IavlBatch {
  std::span<uint32_t> cells;
  // Cells of leaves, and in the same order their records: length of the key and of the value as
  // words, key, value, zeros to the next multiple of eight.
  std::span<const uint32_t> leaves;
  ByteSpan records;
  // Cells of inner nodes, children before parents; what is not in the batch is hashed already.
  std::span<const uint32_t> inner;
};

// Hashes the leaves, then the inner nodes. Throws std::out_of_range on a batch that points out of
// its memory.
void hash_iavl_nodes(const IavlBatch& batch);

}  // namespace gonka
