// Computes outputs O of nonces. One implementation for each kind of processor.
#pragma once
#include <memory>

#include "../parallel/thread-pool.hpp"
#include "digest.hpp"

namespace gonka {

// Items of one call share the weights and nothing else: different hosts fit into one batch.
struct NonceItem {
  Hash input_key;
  uint64_t nonce;
};

struct Hit {
  uint64_t nonce;
  Hash digest;
};

class Runner {
 public:
  virtual ~Runner() = default;
  virtual const char* name() const = 0;
  // How many items one call should carry for full speed.
  virtual size_t batch() const = 0;
  virtual size_t memory_bytes() const = 0;
  // Writes O of each item to outputs (profile.output_bytes() each) and, when trace is not null,
  // profile.trace_states() hashes of each item. Throws Cancelled when stop is set.
  virtual void run(std::span<const NonceItem> items, int8_t* outputs, Hash* trace,
                   const StopFlag& stop) = 0;
  // The hits among the items, in their order. A device digests and judges by itself; here run's
  // outputs are scored.
  virtual std::vector<Hit> find_hits(const Profile& profile, std::span<const NonceItem> items,
                                     const Target& target, uint32_t c, const StopFlag& stop);
};

}  // namespace gonka
