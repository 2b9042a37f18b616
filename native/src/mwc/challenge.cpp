#include "challenge.hpp"

#include <algorithm>

#include "../hash/blake3.hpp"
#include "../hash/merkle.hpp"
#include "../hash/sha256.hpp"
#include "../sprint/errors.hpp"
#include "pass-reader.hpp"

namespace gonka {
void require_request(const ModelFiles& files, const ChallengeRequest& request) {
  if (request.passes < 1) throw EngineError(BAD_ARGUMENT, "passes must be at least 1");
  if (request.rows != files.rows()) {
    throw EngineError(BAD_ARGUMENT, "the files hold " + std::to_string(files.rows()) +
                                        " rows, the request says " + std::to_string(request.rows));
  }
}

Hash challenge_seed(const ChallengeRequest& request) {
  Bytes material = request.network.prefix();
  append(material, request.beacon);
  append(material, request.host);
  append(material, request.model_root);
  append64(material, request.rows);
  append32(material, request.passes);
  return blake3_derive_key("mwc1 v1", material);
}

Hash challenge_next_seed(const Hash& seed, const Hash& fold) {
  Bytes material(seed.begin(), seed.end());
  append(material, fold);
  return blake3_derive_key("mwc1 step v1", material);
}

std::vector<RowSample> challenge_samples(const ChallengeRequest& request, const Hash& beacon,
                                         uint32_t count) {
  std::vector<RowSample> samples;
  for (uint32_t j = 0; j < count; j++) {
    Bytes message(bytes_of("mwc1 sample v1").begin(), bytes_of("mwc1 sample v1").end());
    append(message, request.host);
    append32(message, j);
    const Hash drawn = blake3_keyed(beacon, message);
    samples.push_back({uint32_t(load64(&drawn[0]) % request.passes),
                       load64(&drawn[8]) % request.rows});
  }
  return samples;
}

ModelRoot model_root(const ModelFiles& files, const ChallengeTools& tools) {
  tools.progress.total = files.rows() * ROW_BYTES;
  std::vector<Sha256> hashers(files.file_count());
  MerkleTree tree;
  for_each_row(
      files, tools, [&](uint64_t, const Hash& leaf) { tree.add_leaf_hash(leaf); },
      [&](uint64_t first, ByteSpan rows) {
        const uint64_t begin = first * ROW_BYTES, end = begin + rows.size();
        for (size_t i = 0; i < files.file_count(); i++) {
          const uint64_t from = std::max(begin, files.file_start(i));
          const uint64_t to = std::min(end, files.file_start(i) + files.file_length(i));
          if (from < to) hashers[i].update(rows.subspan(from - begin, to - from));
        }
      });
  ModelRoot result{tree.root(), files.rows(), {}};
  for (size_t i = 0; i < files.file_count(); i++) {
    result.files.push_back({files.file_length(i), hashers[i].finish()});
  }
  return result;
}

ChallengeAnswer challenge_answer(const ModelFiles& files, const ChallengeRequest& request,
                                 const ChallengeTools& tools) {
  require_request(files, request);
  tools.progress.total = files.rows() * ROW_BYTES * request.passes;
  ChallengeAnswer answer{{}, challenge_seed(request)};
  PassReader reader(files, tools);
  for (uint32_t pass = 0; pass < request.passes; pass++) {
    MerkleTree tree;
    reader.read(answer.last_seed, [&]() -> LeafSink {
      tree = MerkleTree();
      return [&](uint64_t, const Hash& leaf) { tree.add_leaf_hash(leaf); };
    });
    answer.folds.push_back(tree.root());
    answer.last_seed = challenge_next_seed(answer.last_seed, answer.folds.back());
  }
  return answer;
}

}  // namespace gonka
