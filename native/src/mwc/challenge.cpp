#include "challenge.hpp"

#include <algorithm>

#include "../hash/blake3.hpp"
#include "../hash/merkle.hpp"
#include "../hash/sha256.hpp"
#include "../sprint/errors.hpp"
#include "fold.hpp"
#include "path-collector.hpp"

namespace gonka {
namespace {

void require_request(const ModelFiles& files, const ChallengeRequest& request) {
  if (request.passes < 1) throw EngineError(BAD_ARGUMENT, "passes must be at least 1");
  if (request.rows != files.rows()) {
    throw EngineError(BAD_ARGUMENT, "the files hold " + std::to_string(files.rows()) +
                                        " rows, the request says " + std::to_string(request.rows));
  }
}

size_t rows_of_group(uint64_t rows, uint64_t group) {
  return size_t(std::min<uint64_t>(GROUP_ROWS, rows - group * GROUP_ROWS));
}

}  // namespace

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
  for (uint32_t pass = 0; pass < request.passes; pass++) {
    MerkleTree tree;
    for_each_group(files, answer.last_seed, tools,
                   [&](uint64_t, const Hash& leaf) { tree.add_leaf_hash(leaf); });
    answer.folds.push_back(tree.root());
    answer.last_seed = challenge_next_seed(answer.last_seed, answer.folds.back());
  }
  return answer;
}

std::vector<RowOpening> challenge_open(const ModelFiles& files, const ChallengeRequest& request,
                                       const ChallengeAnswer& answer,
                                       std::span<const RowSample> samples,
                                       const ChallengeTools& tools) {
  require_request(files, request);
  if (answer.folds.size() != request.passes) {
    throw EngineError(BAD_ARGUMENT, "the answer has the wrong number of passes");
  }
  std::vector<uint64_t> rows;
  std::map<uint32_t, std::vector<uint64_t>> groups;
  for (const RowSample& sample : samples) {
    if (sample.pass >= request.passes || sample.row >= request.rows) {
      throw EngineError(BAD_ARGUMENT, "a sample lies outside the answer");
    }
    rows.push_back(sample.row);
    groups[sample.pass].push_back(sample.row / GROUP_ROWS);
  }
  tools.progress.total = files.rows() * ROW_BYTES * (1 + groups.size());
  PathCollector row_paths(files.rows(), rows);
  for_each_row(
      files, tools, [&](uint64_t i, const Hash& leaf) { row_paths.add(i, leaf); },
      [](uint64_t, ByteSpan) {});
  std::vector<RowOpening> openings(samples.size());
  Hash seed = challenge_seed(request);
  const uint64_t group_count = (files.rows() + GROUP_ROWS - 1) / GROUP_ROWS;
  AlignedBuffer bytes(GROUP_ROWS * ROW_BYTES);
  for (uint32_t pass = 0; pass < request.passes; pass++) {
    if (groups.contains(pass)) {
      PathCollector group_paths(group_count, groups[pass]);
      for_each_group(files, seed, tools,
                     [&](uint64_t i, const Hash& leaf) { group_paths.add(i, leaf); });
      const AlignedBuffer packed = pack_seed(tools.kernels, seed);
      for (size_t i = 0; i < samples.size(); i++) {
        if (samples[i].pass != pass) continue;
        const uint64_t group = samples[i].row / GROUP_ROWS;
        const size_t count = rows_of_group(files.rows(), group);
        files.read_rows(group * GROUP_ROWS, count, bytes.data());
        const uint8_t* row = bytes.data() + samples[i].row % GROUP_ROWS * ROW_BYTES;
        openings[i] = {samples[i], Bytes(row, row + ROW_BYTES), row_paths.path(samples[i].row),
                       group_sums(tools.kernels, bytes.data(), count, packed.data()),
                       group_paths.path(group)};
      }
    }
    seed = challenge_next_seed(seed, answer.folds[pass]);
  }
  return openings;
}

std::string challenge_fault(const ChallengeRequest& request, const ChallengeAnswer& answer,
                            std::span<const RowSample> samples,
                            std::span<const RowOpening> openings) {
  if (request.passes < 1 || request.rows < 1) return "the request is empty";
  if (answer.folds.size() != request.passes) return "the answer has the wrong number of passes";
  std::vector<Hash> seeds = {challenge_seed(request)};
  for (const Hash& fold : answer.folds) seeds.push_back(challenge_next_seed(seeds.back(), fold));
  if (seeds.back() != answer.last_seed) return "the last seed does not follow from the folds";
  if (openings.size() != samples.size()) return "an opening is missing";
  const uint64_t group_count = (request.rows + GROUP_ROWS - 1) / GROUP_ROWS;
  const KernelTable& kernels = scalar_kernels();  // A verdict rests on the plain loops.
  for (size_t i = 0; i < samples.size(); i++) {
    const auto& [at, row, row_path, group, group_path] = openings[i];
    const std::string which = "opening " + std::to_string(i) + ": ";
    if (at.pass != samples[i].pass || at.row != samples[i].row) return which + "another row";
    if (at.pass >= request.passes || at.row >= request.rows) return which + "outside the answer";
    const uint64_t group_index = at.row / GROUP_ROWS;
    if (row.size() != ROW_BYTES) return which + "the row's length";
    if (group.size() != rows_of_group(request.rows, group_index) * Y_BYTES) {
      return which + "the group's length";
    }
    const Hash root =
        merkle_root_from_path(row_leaf(at.row, row.data()), at.row, request.rows, row_path);
    if (root != request.model_root) return which + "the row is not in the model";
    const Hash fold = merkle_root_from_path(group_leaf(group_index, group), group_index,
                                            group_count, group_path);
    if (fold != answer.folds[at.pass]) return which + "the group is not in the fold";
    const AlignedBuffer packed = pack_seed(kernels, seeds[at.pass]);
    const Bytes sums = group_sums(kernels, row.data(), 1, packed.data());
    if (!std::equal(sums.begin(), sums.end(),
                    group.begin() + ptrdiff_t(at.row % GROUP_ROWS * Y_BYTES))) {
      return which + "the row's sums differ";
    }
  }
  return "";
}

}  // namespace gonka
