// The golden network as engine types, and the backends under test.
#pragma once
#include "../src/sprint/cpu-runner.hpp"
#include "../src/sprint/session.hpp"
#include "check.hpp"
#include "json.hpp"

namespace gonka::test {

inline const Json& golden_set() { return vectors()["sets"]["P"]; }

inline NetworkId network(char profile) { return {golden_set()["chain_id"].string, profile}; }

inline Window golden_window() {
  Window window{golden_set()["beacon2"].hash(), {}};
  const Bytes host = golden_set()["pubkey"].bytes();
  std::copy(host.begin(), host.end(), window.host.begin());
  return window;
}

inline Hash golden_weights(char profile) {
  return weights_key(network(profile), golden_set()["beacon1"].hash());
}

inline Hash golden_input(char profile) {
  const Window window = golden_window();
  return input_key(network(profile), golden_set()["beacon1"].hash(), window.beacon2, window.host);
}

inline bool is_emulated(const KernelTable& table) {
  return std::string(table.name).starts_with("emulated");
}

// Every backend this processor runs, and both VNNI ones in software.
inline std::vector<const KernelTable*> tables() {
  const KernelTable* all[MAX_CPU_BACKENDS];
  const int count = cpu_backends(all);
  std::vector<const KernelTable*> out(all, all + count);
  out.push_back(emulated_avx512_vnni_kernels());
  out.push_back(emulated_avx_vnni_kernels());
  return out;
}

inline SessionConfig session_config(char profile, const std::string& backend) {
  SessionConfig config{network(profile), golden_set()["beacon1"].hash(), backend, {}};
  config.cpu.threads = 2;
  return config;
}

inline void no_log(const std::string&) {}

}  // namespace gonka::test
