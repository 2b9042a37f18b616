// ECDSA over secp256k1 by libsecp256k1. Only public data goes through here.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gonka::signatures {

constexpr size_t KEY_BYTES = 33, DIGEST_BYTES = 32, SIGNATURE_BYTES = 64;
// One check of a batch: compressed key, SHA-256 digest, compact signature (r, s).
constexpr size_t ITEM_BYTES = KEY_BYTES + DIGEST_BYTES + SIGNATURE_BYTES;

// Whether the signature is valid; s must be in the lower half of the order. Any thread.
bool is_valid(const uint8_t* key, const uint8_t* digest, const uint8_t* signature);
bool is_valid(const uint8_t* item);

}  // namespace gonka::signatures
