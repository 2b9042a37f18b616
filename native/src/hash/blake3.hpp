// BLAKE3 with 32-byte outputs: plain, keyed and key-derivation modes, over one contiguous input.
#pragma once
#include "bytes.hpp"

namespace gonka {

Hash blake3(ByteSpan input);
Hash blake3_keyed(const Hash& key, ByteSpan input);
Hash blake3_derive_key(std::string_view context, ByteSpan input);

}  // namespace gonka
