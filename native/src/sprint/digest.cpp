#include "digest.hpp"

#include "../hash/blake3.hpp"

namespace gonka {

Target make_target(const Hash& target_key) {
  const Bytes raw = stream_bytes(target_key, {0, 0, 0x54}, 0, 256);
  Target target{};
  for (size_t j = 0; j < 256; j++) {
    target.values[j] = int8_t(raw[j]);
    target.norm2 += int64_t(target.values[j]) * target.values[j];
  }
  return target;
}

bool is_hit(int64_t dot, int64_t v2, int64_t t2, uint32_t c) {
  if (dot <= 0) return false;
  __extension__ using Wide = unsigned __int128;
  const Wide left = Wide(uint64_t(dot)) * Wide(uint64_t(dot)) << 40;
  return left >= Wide(uint64_t(c) * c) * Wide(uint64_t(v2)) * Wide(uint64_t(t2));
}

Score score_output(const Profile& profile, const Hash& input_key, uint64_t nonce,
                   const int8_t* output, const Target& target, uint32_t c) {
  Bytes message;
  message.reserve(8 + profile.output_bytes());
  append64(message, nonce);
  append(message, {reinterpret_cast<const uint8_t*>(output), profile.output_bytes()});
  Score score{};
  score.digest = blake3_keyed(input_key, message);
  const Bytes signs = stream_bytes(score.digest, {0, 0, 0x53}, 0, profile.output_bytes() / 8);
  int32_t v[256] = {};
  for (size_t i = 0; i < profile.tokens; i++) {
    for (size_t j = 0; j < 256; j++) {
      const int32_t bit = signs[i * 32 + j / 8] >> (j % 8) & 1;
      v[j] += (1 - 2 * bit) * output[i * 256 + j];
    }
  }
  for (size_t j = 0; j < 256; j++) {
    score.dot += int64_t(v[j]) * target.values[j];
    score.v2 += int64_t(v[j]) * v[j];
  }
  score.t2 = target.norm2;
  score.hit = is_hit(score.dot, score.v2, score.t2, c);
  return score;
}

}  // namespace gonka
