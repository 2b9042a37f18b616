// MWC-1: the model root, the answer of a host, its openings and their verification.
#pragma once
#include "../kernels/kernel-table.hpp"
#include "../sprint/session.hpp"
#include "model-files.hpp"

namespace gonka {

struct CudaApi;

inline constexpr size_t GROUP_ROWS = 128;
inline constexpr size_t Y_BYTES = 32;  // Eight 32-bit sums of one row.

struct FileDigest {
  uint64_t length;
  Hash sha256;
};

struct ModelRoot {
  Hash root;
  uint64_t rows;
  std::vector<FileDigest> files;
};

struct ChallengeRequest {
  NetworkId network;
  Hash beacon;
  std::array<uint8_t, HOST_KEY_BYTES> host;
  Hash model_root;
  uint64_t rows;
  uint32_t passes;
};

struct ChallengeAnswer {
  std::vector<Hash> folds;  // F_0 .. F_{passes-1}
  Hash last_seed;           // s_passes
};

struct RowSample {
  uint32_t pass;
  uint64_t row;
};

struct PassOpening {
  std::vector<Bytes> groups;  // y of every row of each sampled group, by increasing group.
  std::vector<Hash> proof;    // To F of the pass.
};

// The opening of a list of samples, as the chain checks it.
struct WeightOpening {
  std::vector<Bytes> rows;  // The sampled rows by increasing index, each once.
  std::vector<Hash> proof;  // To model_root.
  std::vector<PassOpening> passes;  // The sampled passes by increasing index.
};

// A worker's tools: which kernels, which threads, who watches and who may stop it.
struct ChallengeTools {
  const KernelTable& kernels;
  ThreadPool& pool;
  Progress& progress;
  const StopFlag& stop;
  // Where passes over the model are computed when it is set, for as long as it serves.
  const CudaApi* device = nullptr;
  Log log = nullptr;
  uint32_t patience_ms = 0;  // As in CudaOptions.
};

Hash challenge_seed(const ChallengeRequest& request);
Hash challenge_next_seed(const Hash& seed, const Hash& fold);
// Sample j of a later beacon, j = 0 .. count-1.
std::vector<RowSample> challenge_samples(const ChallengeRequest& request, const Hash& beacon,
                                         uint32_t count);

ModelRoot model_root(const ModelFiles& files, const ChallengeTools& tools);
ChallengeAnswer challenge_answer(const ModelFiles& files, const ChallengeRequest& request,
                                 const ChallengeTools& tools);
WeightOpening challenge_open(const ModelFiles& files, const ChallengeRequest& request,
                             const ChallengeAnswer& answer, std::span<const RowSample> samples,
                             const ChallengeTools& tools);

// Empty when the answer's chain and the opening hold; else what is wrong, by name.
std::string challenge_fault(const ChallengeRequest& request, const ChallengeAnswer& answer,
                            std::span<const RowSample> samples, const WeightOpening& opening);

}  // namespace gonka
