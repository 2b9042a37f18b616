// SHA-256, incremental, with the processor's SHA instructions where they exist.
#pragma once
#include "bytes.hpp"

namespace gonka {

class Sha256 {
 public:
  Sha256();
  void update(ByteSpan input);
  Hash finish();

 private:
  uint32_t state_[8];
  uint8_t buffer_[64];
  size_t buffered_ = 0;
  uint64_t total_ = 0;
};

Hash sha256(ByteSpan input);

// Both compress `blocks` 64-byte blocks into state; sha256_blocks picks one at start.
void sha256_blocks_portable(uint32_t state[8], const uint8_t* data, size_t blocks);
void sha256_blocks_ni(uint32_t state[8], const uint8_t* data, size_t blocks);
bool sha256_ni_available();

}  // namespace gonka
