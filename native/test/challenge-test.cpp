// MWC-1: the published vector, openings of every row, and every way an answer can be wrong.
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "../src/hash/sha256.hpp"
#include "../src/mwc/challenge.hpp"
#include "../src/sprint/errors.hpp"
#include "fixtures.hpp"

namespace gonka::test {
namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/gonka-model-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::system(("rm -rf " + path).c_str()); }
  ModelFile write(const std::string& name, ByteSpan bytes) const {
    std::ofstream out(path + "/" + name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    return {path + "/" + name, bytes.size()};
  }
};

Bytes file_bytes(const Json& file) {
  const size_t length = file["len"].u64();
  if (file.fields.contains("fill")) return Bytes(length, uint8_t(file["fill"].u64()));
  const Json& z = file["stream"];
  return stream_bytes(z["key"].hash(),
                      {uint32_t(z["n0"].u64()), uint32_t(z["n1"].u64()), uint32_t(z["n2"].u64())},
                      0, length);
}

ChallengeRequest request_of(const Json& v) {
  ChallengeRequest request{{v["chain_id"].string, v["profile"].string[0]}, v["beacon"].hash(), {},
                           v["model_root"].hash(), v["n_rows"].u64(),
                           uint32_t(v["passes"].u64())};
  const Bytes host = v["host"].bytes();
  std::copy(host.begin(), host.end(), request.host.begin());
  return request;
}

struct Bench {
  ThreadPool pool{3};
  Progress progress;
  StopFlag stop;
  ChallengeTools with(const KernelTable& kernels) { return {kernels, pool, progress, stop}; }
};

int32_t signed_word(const Bytes& bytes, size_t at) { return int32_t(load32(&bytes[at])); }

}  // namespace

TEST("section 8: model root, seeds, folds and first and last sums of the vectors") {
  for (const Json& v : vectors()["mwc"].items) {
    const Folder folder;
    std::vector<ModelFile> list;
    for (const Json& file : v["files"].items) {
      const Bytes bytes = file_bytes(file);
      same_hex(sha256(bytes), file["sha256"].string, "file");
      list.push_back(folder.write("part" + std::to_string(list.size()), bytes));
    }
    const ModelFiles files(list);
    const ChallengeRequest request = request_of(v);
    for (const KernelTable* table : tables()) {
      Bench bench;
      const std::string who = std::string(table->name) + ": ";
      const ModelRoot root = model_root(files, bench.with(*table));
      same_hex(root.root, v["model_root"].string, who + "model_root");
      same_hex(root.files[0].sha256, v["files"][0]["sha256"].string, who + "file digest");
      same(root.rows, v["n_rows"].u64(), who + "rows");
      const ChallengeAnswer answer = challenge_answer(files, request, bench.with(*table));
      Hash seed = challenge_seed(request);
      std::vector<RowSample> ends;
      for (uint32_t pass = 0; pass < request.passes; pass++) {
        same_hex(seed, v["s"][pass].string, who + "s");
        same_hex(answer.folds[pass], v["F"][pass].string, who + "F");
        seed = challenge_next_seed(seed, answer.folds[pass]);
        ends.push_back({pass, 0});
        ends.push_back({pass, request.rows - 1});
      }
      same_hex(answer.last_seed, v["s_passes"].string, who + "s_passes");
      const auto opening = challenge_open(files, request, answer, ends, bench.with(*table));
      for (size_t i = 0; i < ends.size(); i++) {  // One group holds both rows of the vector.
        const size_t at = ends[i].row % GROUP_ROWS * Y_BYTES;
        for (size_t c = 0; c < 8; c++) {
          same(int64_t(signed_word(opening.passes[i / 2].groups[0], at + 4 * c)),
               v["y_first_last"][i / 2][i % 2][c].i64(), who + "y");
        }
      }
      same(challenge_fault(request, answer, ends, opening), std::string(), who + "verdict");
    }
  }
}

TEST("section 8: several files, several groups: every backend agrees and every opening verifies") {
  const Folder folder;
  const Bytes a = stream_bytes(Hash{3}, {0, 0, 1}, 0, 700001), b = Bytes(4096 * 100, 0x80);
  const std::vector<ModelFile> list = {folder.write("a", a), folder.write("none", {}),
                                       folder.write("b", b)};
  const ModelFiles files(list);
  Bench bench;
  const ModelRoot root = model_root(files, bench.with(scalar_kernels()));
  same(root.rows, uint64_t(271), "rows");
  ChallengeRequest request{network('T'), Hash{5}, {2}, root.root, root.rows, 3};
  const auto samples = challenge_samples(request, Hash{6}, 64);
  const ChallengeAnswer wanted = challenge_answer(files, request, bench.with(scalar_kernels()));
  for (const KernelTable* table : tables()) {
    const ChallengeAnswer got = challenge_answer(files, request, bench.with(*table));
    same(got.folds, wanted.folds, std::string(table->name) + ": folds");
    const auto openings = challenge_open(files, request, got, samples, bench.with(*table));
    same(challenge_fault(request, got, samples, openings), std::string(), table->name);
  }
}

TEST("section 8: a wrong row, group, path, seed or pass is refused by name") {
  const Folder folder;
  const Bytes a = stream_bytes(Hash{3}, {0, 0, 1}, 0, 4096 * 200);
  const ModelFiles files({folder.write("a", a)});
  Bench bench;
  const auto tools = bench.with(scalar_kernels());
  const ModelRoot root = model_root(files, tools);
  ChallengeRequest request{network('T'), Hash{5}, {2}, root.root, root.rows, 2};
  const ChallengeAnswer answer = challenge_answer(files, request, tools);
  const std::vector<RowSample> samples = {{0, 17}, {1, 199}};
  const auto good = challenge_open(files, request, answer, samples, tools);
  same(challenge_fault(request, answer, samples, good), std::string(), "the honest opening");
  const auto refused = [&](auto change, const std::string& why) {
    auto openings = good;
    ChallengeAnswer told = answer;
    change(openings, told);
    same(challenge_fault(request, told, samples, openings), why, why);
  };
  refused([](auto& o, auto&) { o.rows[0][5] ^= 1; }, "the rows are not of this model");
  refused([](auto& o, auto&) { o.proof.pop_back(); }, "the rows are not of this model");
  refused([](auto& o, auto&) { o.proof.push_back(Hash{}); }, "the rows are not of this model");
  refused([](auto& o, auto&) { o.rows[1].pop_back(); }, "a row's length");
  refused([](auto& o, auto&) { o.rows.pop_back(); }, "the number of rows");
  refused([](auto& o, auto&) { std::swap(o.rows[0], o.rows[1]); },
          "the rows are not of this model");
  refused([](auto& o, auto&) { o.passes[1].groups[0][40] ^= 1; },
          "pass 1: the groups are not of this answer");
  refused([](auto& o, auto&) { o.passes[1].groups[0].resize(32); }, "pass 1: a group's length");
  refused([](auto& o, auto&) { o.passes[0].proof.pop_back(); },
          "pass 0: the groups are not of this answer");
  refused([](auto& o, auto&) { o.passes.pop_back(); }, "the number of passes opened");
  refused([](auto&, auto& t) { t.last_seed[0] ^= 1; },
          "the last seed does not follow from the folds");
  refused([](auto&, auto& t) { t.folds.pop_back(); }, "the answer has the wrong number of passes");
}

TEST("section 8: a host that computes with other weights in one row is caught at that row") {
  const Folder folder;
  Bytes a = stream_bytes(Hash{3}, {0, 0, 1}, 0, 4096 * 20);
  const ModelFiles honest({folder.write("honest", a)});
  a[4096 * 7 + 9] ^= 0x40;
  const ModelFiles cheat({folder.write("cheat", a)});
  Bench bench;
  const auto tools = bench.with(scalar_kernels());
  const ModelRoot root = model_root(honest, tools);
  const ChallengeRequest request{network('T'), Hash{5}, {2}, root.root, root.rows, 1};
  const ChallengeAnswer answer = challenge_answer(cheat, request, tools);
  const std::vector<RowSample> at = {{0, 7}};
  auto opening = challenge_open(cheat, request, answer, at, tools);
  const auto true_row = challenge_open(honest, request, answer, at, tools);
  opening.rows = true_row.rows;
  opening.proof = true_row.proof;
  same(challenge_fault(request, answer, at, opening),
       std::string("pass 0: row 7 sums wrongly"), "verdict");
}

TEST("section 8: missing, truncated and changing model files are typed errors") {
  const Folder folder;
  const auto code_of = [](const std::function<void()>& act) -> std::string {
    try {
      act();
    } catch (const EngineError& error) {
      return error.code();
    }
    return "no error";
  };
  const ModelFile file = folder.write("a", Bytes(10000, 1));
  same(code_of([&] { ModelFiles({{file.path + "x", 1}}); }), std::string(MODEL_FILE), "missing");
  same(code_of([&] { ModelFiles({{file.path, 10001}}); }), std::string(MODEL_FILE), "truncated");
  same(code_of([&] { ModelFiles({folder.write("none", {})}); }), std::string(MODEL_FILE), "empty");
  const ModelFiles files({file});
  Bench bench;
  same(code_of([&] { model_root(files, bench.with(scalar_kernels())); }), std::string("no error"),
       "unchanged");
  folder.write("a", Bytes(10000, 2));
  same(code_of([&] { model_root(files, bench.with(scalar_kernels())); }),
       std::string(MODEL_CHANGED), "rewritten");
  same(::truncate(file.path.c_str(), 5000), 0, "truncate");
  same(code_of([&] { model_root(files, bench.with(scalar_kernels())); }),
       std::string(MODEL_CHANGED), "cut short");
}

}  // namespace gonka::test
