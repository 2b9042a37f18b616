// The published vectors of ISP-1, one test for each of their sections.
#include <chrono>

#include "../src/hash/blake3.hpp"
#include "../src/hash/sha256.hpp"
#include "fixtures.hpp"

namespace gonka::test {

static std::vector<int8_t> run_length(const Json& list) {
  std::vector<int8_t> out;
  for (const Json& pair : list.items) out.insert(out.end(), pair[1].u64(), int8_t(pair[0].i64()));
  return out;
}

// Splits each value of a sum of two activations into the two that N receives.
static void halves(const Json& list, std::vector<int8_t>& a, std::vector<int8_t>& b) {
  for (const Json& pair : list.items) {
    const int value = int(pair[0].i64());
    for (uint64_t i = 0; i < pair[1].u64(); i++) {
      a.push_back(int8_t(value / 2));
      b.push_back(int8_t(value - value / 2));
    }
  }
}

TEST("section 2: keys of weights, target and input") {
  for (const Json& key : vectors()["keys"].items) {
    const char profile = key["profile"].string[0];
    const Hash beacon1 = golden_set()["beacon1"].hash(), beacon2 = golden_set()["beacon2"].hash();
    same_hex(weights_key(network(profile), beacon1), key["k_w"].string, "K_w");
    same_hex(target_key(network(profile), beacon1, beacon2), key["k_t"].string, "K_t");
    same_hex(golden_input(profile), key["k_x"].string, "K_x");
  }
}

TEST("section 1: the stream Z, portable and by every backend") {
  for (const Json& v : vectors()["stream"].items) {
    const std::array<uint32_t, 3> nonce = {uint32_t(v["n0"].u64()), uint32_t(v["n1"].u64()),
                                           uint32_t(v["n2"].u64())};
    const size_t offset = v["offset"].u64(), length = v["len"].u64();
    same_hex(stream_bytes(v["key"].hash(), nonce, offset, length), v["bytes"].string, "Z");
    for (const KernelTable* table : tables()) {
      Bytes out((offset + length + 1023) / 1024 * 1024);
      const auto key = key_words(v["key"].hash());
      table->stream(key.data(), nonce.data(), 0, out.size() / 1024, out.data());
      same_hex({out.data() + offset, length}, v["bytes"].string, table->name);
    }
  }
}

TEST("section 4: N on its vectors, by every backend") {
  for (const Json& v : vectors()["norm"].items) {
    const size_t d = v["d"].u64();
    std::vector<int8_t> a, b, out(d);
    halves(v["row_rle"], a, b);
    same(a.size(), d, "row length");
    for (const KernelTable* table : tables()) {
      table->norm(a.data(), b.data(), d, out.data());
      same(out, run_length(v["out_rle"]), std::string(table->name) + ": " + v["name"].string);
    }
  }
}

TEST("section 5: hits, count and commitment root of nonces 0 to 63, by every backend") {
  for (const std::string& backend : backend_names()) {
    for (const Json& v : vectors()["hits"].items) {
      const StopFlag stop;
      Progress progress;
      Session session(session_config(v["profile"].string[0], backend), no_log, stop);
      const uint64_t from = v["from"].u64();
      const NonceRange range{from, v["to"].u64() - from + 1};
      const auto got = session.mine(golden_window(), range, uint32_t(v["c"].u64()), progress, stop);
      same(got.hits.size(), size_t(v["count"].u64()), backend + ": count");
      for (size_t i = 0; i < got.hits.size() && i < v["hits"].size(); i++) {
        same(got.hits[i].nonce, v["hits"][i]["nonce"].u64(), backend + ": nonce");
        same_hex(got.hits[i].digest, v["hits"][i]["digest"].string, backend + ": digest");
      }
      same_hex(got.root, v["root"].string, backend + ": root");
      same(progress.done.load(), range.count, backend + ": progress");
    }
  }
}

TEST("section 4: traces, digests and scores of the golden nonces of T and C, by every backend") {
  for (const KernelTable* table : tables()) {
    for (const Json& v : vectors()["nonces"].items) {
      const char code = v["profile"].string[0];
      const Profile& profile = *find_profile(code);
      const StopFlag stop;
      CpuOptions options;
      options.threads = 2;
      CpuRunner runner(profile, *table, golden_weights(code), options, stop);
      const NonceItem item{golden_input(code), v["nonce"].u64()};
      std::vector<int8_t> output(profile.output_bytes());
      std::vector<Hash> trace(profile.trace_states());
      runner.run({&item, 1}, output.data(), trace.data(), stop);
      const std::string who = std::string(table->name) + " " + code + " " + v["nonce"].string;
      same(trace.size(), v["trace"].size(), who + ": states");
      for (size_t i = 0; i < trace.size(); i++) {
        same_hex(trace[i], v["trace"][i].string, who + ": state " + std::to_string(i));
      }
      const Target target = make_target(target_key(network(code), golden_set()["beacon1"].hash(),
                                                   golden_set()["beacon2"].hash()));
      const Score score = score_output(profile, item.input_key, item.nonce, output.data(), target,
                                       uint32_t(v["c"].u64()));
      same_hex(score.digest, v["digest"].string, who + ": digest");
      same(score.hit, v["hit"].truth, who + ": hit");
      same(score.dot, v["dot"].i64(), who + ": dot");
      same(score.v2, v["v2"].i64(), who + ": V2");
      same(score.t2, v["t2"].i64(), who + ": T2");
    }
  }
}

}  // namespace gonka::test
