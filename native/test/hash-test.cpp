// Hashes against values published by others, and the two SHA-256 compressions against each other.
#include "../src/hash/blake3.hpp"
#include "../src/hash/iavl-nodes.hpp"
#include "../src/hash/multiproof.hpp"
#include "../src/hash/sha256.hpp"
#include "fixtures.hpp"

namespace gonka::test {

TEST("SHA-256: FIPS 180-4 examples") {
  same_hex(sha256(bytes_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc");
  same_hex(sha256({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "empty");
  const std::string million(1000000, 'a');
  same_hex(sha256(bytes_of(million)),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "a million");
}

TEST("SHA-256: any split of the input gives the same hash, and both compressions agree") {
  const Bytes data = stream_bytes(Hash{1}, {0, 0, 1}, 0, 4096);
  for (size_t length = 0; length < 300; length++) {
    Sha256 split;
    split.update({data.data(), length / 3});
    split.update({data.data() + length / 3, length - length / 3});
    same(split.finish(), sha256({data.data(), length}), "length " + std::to_string(length));
  }
  uint32_t portable[8] = {1, 2, 3, 4, 5, 6, 7, 8}, fast[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  sha256_blocks_portable(portable, data.data(), 64);
  if (sha256_ni_available()) {
    sha256_blocks_ni(fast, data.data(), 64);
    same(std::memcmp(portable, fast, sizeof fast), 0, "SHA instructions");
  }
}

// The inputs of BLAKE3's own test_vectors.json: bytes 0..250 over and over.
TEST("BLAKE3: official vectors in all three modes") {
  const struct {
    size_t length;
    const char *plain, *keyed, *derived;
  } cases[] = {
      {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
       "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26",
       "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d"},
      {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
       "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b",
       "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c"},
      {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
       "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4",
       "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706"},
      {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
       "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69",
       "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb"},
      {2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030",
       "9f29700902f7c86e514ddc4df1e3049f258b2472b6dd5267f61bf13983b78dd5",
       "2ea477c5515cc3dd606512ee72bb3e0e758cfae7232826f35fb98ca1bcbdf273"},
      {5120, "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833",
       "2c493e48e9b9bf31e0553a22b23503c0a3388f035cece68eb438d22fa1943e20",
       "7a7acac8a02adcf3038d74cdd1d34527de8a0fcc0ee3399d1262397ce5817f60"},
  };
  Hash key;
  std::memcpy(key.data(), "whats the Elvish word for friend", 32);
  for (const auto& c : cases) {
    Bytes input(c.length);
    for (size_t i = 0; i < c.length; i++) input[i] = uint8_t(i % 251);
    const std::string at = std::to_string(c.length) + " bytes";
    same_hex(blake3(input), c.plain, "plain, " + at);
    same_hex(blake3_keyed(key, input), c.keyed, "keyed, " + at);
    same_hex(blake3_derive_key("BLAKE3 2019-12-27 16:29:52 test vectors context", input),
              c.derived, "derived, " + at);
  }
}

static Hash recursive_root(const std::vector<Hash>& leaves, uint64_t first, uint64_t end) {
  if (end - first == 1) return leaves[first];
  uint64_t left = 1;
  while (left * 2 < end - first) left *= 2;
  return merkle_node(recursive_root(leaves, first, first + left),
                     recursive_root(leaves, first + left, end));
}

TEST("RFC 6962: a streamed root equals the recursive one, and every opening leads to it") {
  for (uint64_t count = 1; count <= 70; count++) {
    std::vector<Hash> leaves;
    MerkleTree tree;
    for (uint64_t i = 0; i < count; i++) {
      Bytes leaf;
      append64(leaf, i * 977);
      leaves.push_back(merkle_leaf(leaf));
      tree.add(leaf);
    }
    same(recursive_root(leaves, 0, count), tree.root(), "root of " + std::to_string(count));
    for (uint64_t mask = 1; mask < 64; mask++) {  // Every sixth, fifth, ... leaf, and mixtures.
      std::vector<uint64_t> positions;
      std::vector<Hash> opened;
      for (uint64_t i = 0; i < count; i++) {
        if (!(mask >> (i * 7 % 6) & 1)) continue;
        positions.push_back(i);
        opened.push_back(leaves[i]);
      }
      ProofCollector collector(count, positions);
      for (const Hash& leaf : leaves) collector.add(leaf);
      Hash root{};
      const std::string which = std::to_string(mask) + " of " + std::to_string(count);
      check(opened_root(count, positions, opened, collector.proof(), root), "opens " + which);
      same(root, tree.root(), "opened root " + which);
      auto longer = collector.proof();
      longer.push_back(Hash{});
      check(!opened_root(count, positions, opened, longer, root), "one hash too many " + which);
      if (longer.size() > 1) {
        longer.resize(longer.size() - 2);
        check(!opened_root(count, positions, opened, longer, root), "one too few " + which);
      }
    }
  }
  same_hex(MerkleTree().root(), to_hex(sha256({})), "the empty tree");
}

// The values of test/unit/store/node-hasher.test.ts.
TEST("IAVL nodes: a leaf, an inner node, and batches that point elsewhere") {
  uint32_t cells[48] = {}, leaves[] = {0, 1}, inner[] = {2};
  const auto set = [&](uint32_t id, uint32_t left, uint32_t right, uint32_t version, uint32_t size) {
    uint32_t* cell = cells + 16 * id;
    cell[0] = left, cell[1] = right, cell[3] = version, cell[4] = size, cell[5] = size - 1;
  };
  set(0, 0, 0, 2, 1);
  set(1, 0, 0, 3, 1);
  set(2, 0, 1, 3, 2);
  Bytes records;
  append32(records, 3), append32(records, 5), append(records, bytes_of("keyvalue"));
  append32(records, 5), append32(records, 0), append(records, bytes_of("other"));
  records.resize(32);
  hash_iavl_nodes({cells, leaves, records, inner});
  const auto hash_at = [&](uint32_t id) {
    Hash out;
    std::memcpy(out.data(), cells + 16 * id + 8, out.size());
    return out;
  };
  same_hex(hash_at(0), "356454ab80d0a686e0844cb3300da0f5751f4768c8124457d4d703232c0c7afe", "leaf");
  same_hex(hash_at(2), "708dab461ea7131ae5129cf962c8d9b8eea31cb3ba4c1540017a766f75930d44", "inner");
  const auto refused = [&](const IavlBatch& batch, const char* what) {
    try {
      hash_iavl_nodes(batch);
    } catch (const std::out_of_range&) {
      return;
    }
    fail(what);
  };
  const std::span<uint32_t> two(cells, 32);
  refused({two, leaves, records, inner}, "a cell beyond the memory");
  refused({cells, leaves, {records.data(), 24}, {}}, "a record beyond the memory");
  refused({cells, leaves, {records.data(), 20}, {}}, "lengths beyond the memory");
}

}  // namespace gonka::test
