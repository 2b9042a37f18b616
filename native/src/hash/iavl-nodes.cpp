#include "iavl-nodes.hpp"

#include <stdexcept>

#include "sha256.hpp"

namespace gonka {
namespace {

constexpr size_t CELL_WORDS = 16, HASH_WORD = 8;
constexpr uint32_t HEIGHT_MASK = 0xff, HASHED_BIT = 0x100, VERSION_SHIFT = 9;
// Siblings of what changed were last touched long ago: fetched from memory so many nodes ahead.
constexpr size_t AHEAD = 6;

[[noreturn]] void refuse() { throw std::out_of_range("an IAVL batch points out of its memory"); }

uint8_t* put_varint(uint8_t* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = uint8_t(value | 0x80);
  *to++ = uint8_t(value);
  return to;
}

// Height, size and version as zig-zag varints of numbers that are not negative.
uint8_t* put_head(uint8_t* to, const uint32_t* cell) {
  const uint64_t version = uint64_t(cell[5] >> VERSION_SHIFT) << 32 | cell[3];
  to = put_varint(to, uint64_t(cell[5] & HEIGHT_MASK) * 2);
  to = put_varint(to, uint64_t(cell[4]) * 2);
  return put_varint(to, version * 2);
}

uint8_t* put_hash(uint8_t* to, const void* hash) {
  *to = sizeof(Hash);
  std::memcpy(to + 1, hash, sizeof(Hash));
  return to + 1 + sizeof(Hash);
}

void finish(uint32_t* cell, const Hash& hash) {
  std::memcpy(cell + HASH_WORD, hash.data(), hash.size());
  cell[5] |= HASHED_BIT;
}

class Cells {
 public:
  explicit Cells(std::span<uint32_t> words) : words_(words), count_(words.size() / CELL_WORDS) {}

  uint32_t* at(uint32_t id) const {
    if (id >= count_) refuse();
    return &words_[id * CELL_WORDS];
  }
  void prefetch(uint32_t id) const {
    if (id < count_) __builtin_prefetch(&words_[id * CELL_WORDS + HASH_WORD]);
  }

 private:
  std::span<uint32_t> words_;
  size_t count_;
};

void hash_leaf(uint32_t* cell, ByteSpan key, ByteSpan value) {
  uint8_t head[32], tail[33];
  Sha256 hasher;
  hasher.update({head, put_varint(put_head(head, cell), key.size())});
  hasher.update(key);
  hasher.update({tail, put_hash(tail, sha256(value).data())});
  finish(cell, hasher.finish());
}

void hash_inner(const Cells& cells, uint32_t* cell) {
  uint8_t preimage[96];
  uint8_t* end = put_hash(put_head(preimage, cell), cells.at(cell[0]) + HASH_WORD);
  end = put_hash(end, cells.at(cell[1]) + HASH_WORD);
  finish(cell, sha256({preimage, end}));
}

}  // namespace

void hash_iavl_nodes(const IavlBatch& batch) {
  const Cells cells(batch.cells);
  ByteSpan rest = batch.records;
  for (const uint32_t id : batch.leaves) {
    if (rest.size() < 8) refuse();
    const size_t key = load32(&rest[0]), value = load32(&rest[4]);
    const size_t size = (8 + key + value + 7) / 8 * 8;
    if (rest.size() < size) refuse();
    hash_leaf(cells.at(id), rest.subspan(8, key), rest.subspan(8 + key, value));
    rest = rest.subspan(size);
  }
  const auto inner = batch.inner;
  for (size_t i = 0; i < inner.size(); i++) {
    if (i + AHEAD < inner.size()) {
      const uint32_t* later = cells.at(inner[i + AHEAD]);
      cells.prefetch(later[0]);
      cells.prefetch(later[1]);
    }
    hash_inner(cells, cells.at(inner[i]));
  }
}

}  // namespace gonka
