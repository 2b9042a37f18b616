// MWC-1: the model root, the answer of a host, its openings and their verification.
#pragma once
#include "../kernels/kernel-table.hpp"
#include "../sprint/session.hpp"
#include "model-files.hpp"

namespace gonka {

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

struct RowOpening {
  RowSample at;
  Bytes row;
  std::vector<Hash> row_path;  // To model_root.
  Bytes group;                 // y of every row of the group, 32 bytes each.
  std::vector<Hash> group_path;  // To F of the pass.
};

// A worker's tools: which kernels, which threads, who watches and who may stop it.
struct ChallengeTools {
  const KernelTable& kernels;
  ThreadPool& pool;
  Progress& progress;
  const StopFlag& stop;
};

Hash challenge_seed(const ChallengeRequest& request);
Hash challenge_next_seed(const Hash& seed, const Hash& fold);
// Sample j of a later beacon, j = 0 .. count-1.
std::vector<RowSample> challenge_samples(const ChallengeRequest& request, const Hash& beacon,
                                         uint32_t count);

ModelRoot model_root(const ModelFiles& files, const ChallengeTools& tools);
ChallengeAnswer challenge_answer(const ModelFiles& files, const ChallengeRequest& request,
                                 const ChallengeTools& tools);
std::vector<RowOpening> challenge_open(const ModelFiles& files, const ChallengeRequest& request,
                                       const ChallengeAnswer& answer,
                                       std::span<const RowSample> samples,
                                       const ChallengeTools& tools);

// Empty when the answer's chain and every opening hold; else what is wrong, by name.
std::string challenge_fault(const ChallengeRequest& request, const ChallengeAnswer& answer,
                            std::span<const RowSample> samples,
                            std::span<const RowOpening> openings);

}  // namespace gonka
