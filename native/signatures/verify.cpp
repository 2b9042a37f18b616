#include "verify.hpp"

#include <secp256k1.h>

namespace gonka::signatures {
namespace {

// Releases before 0.2 work out tables here; later ones hold them as constants. Never freed.
const secp256k1_context* context() {
  static const secp256k1_context* const made = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
  return made;
}

}  // namespace

bool is_valid(const uint8_t* key, const uint8_t* digest, const uint8_t* signature) {
  const secp256k1_context* ctx = context();
  secp256k1_pubkey point;
  secp256k1_ecdsa_signature numbers;
  return secp256k1_ec_pubkey_parse(ctx, &point, key, KEY_BYTES) == 1 &&
         secp256k1_ecdsa_signature_parse_compact(ctx, &numbers, signature) == 1 &&
         secp256k1_ecdsa_verify(ctx, &numbers, digest, &point) == 1;
}

bool is_valid(const uint8_t* item) {
  return is_valid(item, item + KEY_BYTES, item + KEY_BYTES + DIGEST_BYTES);
}

}  // namespace gonka::signatures
