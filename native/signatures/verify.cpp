#include "verify.hpp"

#include <secp256k1.h>

#include <cstring>
#include <vector>

namespace gonka::signatures {
namespace {

// Releases before 0.2 work out tables here; later ones hold them as constants. Never freed.
const secp256k1_context* context() {
  static const secp256k1_context* const made = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
  return made;
}

// Finding the point of a compressed key takes a tenth of a verification, and the same keys come
// again and again: each thread keeps the last one of each place.
constexpr size_t KEPT_KEYS = 2048;

struct KeptKey {
  bool is_set = false;
  uint8_t key[KEY_BYTES];
  secp256k1_pubkey point;
};

// Null when the bytes are no key.
const secp256k1_pubkey* point_of(const uint8_t* key) {
  thread_local std::vector<KeptKey> kept(KEPT_KEYS);
  const size_t place = (key[KEY_BYTES - 1] | size_t{key[KEY_BYTES - 2]} << 8) % KEPT_KEYS;
  KeptKey& entry = kept[place];
  if (entry.is_set && std::memcmp(entry.key, key, KEY_BYTES) == 0) return &entry.point;
  secp256k1_pubkey point;
  if (secp256k1_ec_pubkey_parse(context(), &point, key, KEY_BYTES) != 1) return nullptr;
  entry.point = point;
  std::memcpy(entry.key, key, KEY_BYTES);
  entry.is_set = true;
  return &entry.point;
}

}  // namespace

bool is_valid(const uint8_t* key, const uint8_t* digest, const uint8_t* signature) {
  const secp256k1_context* ctx = context();
  secp256k1_ecdsa_signature numbers;
  if (secp256k1_ecdsa_signature_parse_compact(ctx, &numbers, signature) != 1) return false;
  const secp256k1_pubkey* point = point_of(key);
  return point && secp256k1_ecdsa_verify(ctx, &numbers, digest, point) == 1;
}

bool is_valid(const uint8_t* item) {
  return is_valid(item, item + KEY_BYTES, item + KEY_BYTES + DIGEST_BYTES);
}

}  // namespace gonka::signatures
