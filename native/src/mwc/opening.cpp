// Openings of an answer's samples, and their verification without the model.
#include <algorithm>
#include <map>
#include <set>

#include "../hash/multiproof.hpp"
#include "../sprint/errors.hpp"
#include "pass-reader.hpp"

namespace gonka {
namespace {

// What an opening of given samples shows, in its order.
struct Layout {
  std::vector<uint64_t> rows;
  struct Pass {
    std::set<uint64_t> rows, groups;
  };
  std::map<uint32_t, Pass> passes;

  explicit Layout(std::span<const RowSample> samples) {
    std::set<uint64_t> all;
    for (const RowSample& sample : samples) {
      all.insert(sample.row);
      passes[sample.pass].rows.insert(sample.row);
      passes[sample.pass].groups.insert(sample.row / GROUP_ROWS);
    }
    rows.assign(all.begin(), all.end());
  }
};

size_t rows_of_group(uint64_t rows, uint64_t group) {
  return size_t(std::min<uint64_t>(GROUP_ROWS, rows - group * GROUP_ROWS));
}

uint64_t group_count(uint64_t rows) { return (rows + GROUP_ROWS - 1) / GROUP_ROWS; }

PassOpening open_pass(const ModelFiles& files, PassReader& reader, const Hash& seed,
                      const Layout::Pass& pass, const ChallengeTools& tools) {
  const std::vector<uint64_t> groups(pass.groups.begin(), pass.groups.end());
  ProofCollector collector(group_count(files.rows()), groups);
  reader.read(seed, [&]() -> LeafSink {
    collector = ProofCollector(group_count(files.rows()), groups);
    return [&](uint64_t, const Hash& leaf) { collector.add(leaf); };
  });
  PassOpening opening{{}, collector.proof()};
  const AlignedBuffer packed = pack_seed(tools.kernels, seed);
  AlignedBuffer bytes(GROUP_ROWS * ROW_BYTES);
  for (const uint64_t group : groups) {
    const size_t count = rows_of_group(files.rows(), group);
    files.read_rows(group * GROUP_ROWS, count, bytes.data());
    opening.groups.push_back(group_sums(tools.kernels, bytes.data(), count, packed.data()));
  }
  return opening;
}

std::string rows_fault(const ChallengeRequest& request, const Layout& layout,
                       const WeightOpening& opening) {
  if (opening.rows.size() != layout.rows.size()) return "the number of rows";
  std::vector<Hash> leaves;
  for (size_t i = 0; i < layout.rows.size(); i++) {
    if (opening.rows[i].size() != ROW_BYTES) return "a row's length";
    leaves.push_back(row_leaf(layout.rows[i], opening.rows[i].data()));
  }
  Hash root;
  const bool opens = opened_root(request.rows, layout.rows, leaves, opening.proof, root);
  return opens && root == request.model_root ? "" : "the rows are not of this model";
}

std::string groups_fault(const ChallengeRequest& request, const Layout::Pass& pass,
                         const PassOpening& opening, const Hash& fold) {
  if (opening.groups.size() != pass.groups.size()) return "the number of groups";
  const std::vector<uint64_t> groups(pass.groups.begin(), pass.groups.end());
  std::vector<Hash> leaves;
  for (size_t i = 0; i < groups.size(); i++) {
    if (opening.groups[i].size() != rows_of_group(request.rows, groups[i]) * Y_BYTES) {
      return "a group's length";
    }
    leaves.push_back(group_leaf(groups[i], opening.groups[i]));
  }
  Hash root;
  const bool opens =
      opened_root(group_count(request.rows), groups, leaves, opening.proof, root);
  return opens && root == fold ? "" : "the groups are not of this answer";
}

// Every sampled row's sums, by the plain loops: a verdict rests on nothing faster.
std::string sums_fault(const Layout& layout, const Layout::Pass& pass,
                       const WeightOpening& opening, const PassOpening& opened,
                       const Hash& seed) {
  const KernelTable& kernels = scalar_kernels();
  const AlignedBuffer packed = pack_seed(kernels, seed);
  for (const uint64_t row : pass.rows) {
    const auto at = std::lower_bound(layout.rows.begin(), layout.rows.end(), row);
    const Bytes& bytes = opening.rows[size_t(at - layout.rows.begin())];
    const Bytes sums = group_sums(kernels, bytes.data(), 1, packed.data());
    const auto group = std::distance(pass.groups.begin(), pass.groups.find(row / GROUP_ROWS));
    const Bytes& told = opened.groups[size_t(group)];
    if (!std::equal(sums.begin(), sums.end(),
                    told.begin() + ptrdiff_t(row % GROUP_ROWS * Y_BYTES))) {
      return "row " + std::to_string(row) + " sums wrongly";
    }
  }
  return "";
}

}  // namespace

WeightOpening challenge_open(const ModelFiles& files, const ChallengeRequest& request,
                             const ChallengeAnswer& answer, std::span<const RowSample> samples,
                             const ChallengeTools& tools) {
  require_request(files, request);
  if (answer.folds.size() != request.passes) {
    throw EngineError(BAD_ARGUMENT, "the answer has the wrong number of passes");
  }
  for (const RowSample& sample : samples) {
    if (sample.pass >= request.passes || sample.row >= request.rows) {
      throw EngineError(BAD_ARGUMENT, "a sample lies outside the answer");
    }
  }
  const Layout layout(samples);
  tools.progress.total = files.rows() * ROW_BYTES * (1 + layout.passes.size());
  ProofCollector collector(files.rows(), layout.rows);
  for_each_row(
      files, tools, [&](uint64_t, const Hash& leaf) { collector.add(leaf); },
      [](uint64_t, ByteSpan) {});
  WeightOpening opening{{}, collector.proof(), {}};
  for (const uint64_t row : layout.rows) {
    opening.rows.emplace_back(ROW_BYTES);
    files.read_rows(row, 1, opening.rows.back().data());
  }
  PassReader reader(files, tools);
  Hash seed = challenge_seed(request);
  for (uint32_t pass = 0; pass < request.passes; pass++) {
    const auto sampled = layout.passes.find(pass);
    if (sampled != layout.passes.end()) {
      opening.passes.push_back(open_pass(files, reader, seed, sampled->second, tools));
    }
    seed = challenge_next_seed(seed, answer.folds[pass]);
  }
  return opening;
}

std::string challenge_fault(const ChallengeRequest& request, const ChallengeAnswer& answer,
                            std::span<const RowSample> samples, const WeightOpening& opening) {
  if (request.passes < 1 || request.rows < 1) return "the request is empty";
  if (answer.folds.size() != request.passes) return "the answer has the wrong number of passes";
  std::vector<Hash> seeds = {challenge_seed(request)};
  for (const Hash& fold : answer.folds) seeds.push_back(challenge_next_seed(seeds.back(), fold));
  if (seeds.back() != answer.last_seed) return "the last seed does not follow from the folds";
  for (const RowSample& sample : samples) {
    if (sample.pass >= request.passes || sample.row >= request.rows) {
      return "a sample lies outside the answer";
    }
  }
  const Layout layout(samples);
  const std::string rows = rows_fault(request, layout, opening);
  if (!rows.empty()) return rows;
  if (opening.passes.size() != layout.passes.size()) return "the number of passes opened";
  size_t i = 0;
  for (const auto& [pass, sampled] : layout.passes) {
    const PassOpening& opened = opening.passes[i++];
    std::string fault = groups_fault(request, sampled, opened, answer.folds[pass]);
    if (fault.empty()) fault = sums_fault(layout, sampled, opening, opened, seeds[pass]);
    if (!fault.empty()) return "pass " + std::to_string(pass) + ": " + fault;
  }
  return "";
}

}  // namespace gonka
