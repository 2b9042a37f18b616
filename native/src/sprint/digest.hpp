// The digest of a nonce and the hit rule (sprint.md section 5), in exact integers.
#pragma once
#include "profile.hpp"
#include "seeds.hpp"

namespace gonka {

inline constexpr uint32_t HIT_THRESHOLD_MAX = 1u << 20;

struct Target {
  std::array<int8_t, 256> values;
  int64_t norm2;  // T2
};

struct Score {
  Hash digest;
  int64_t dot;
  int64_t v2;
  int64_t t2;
  bool hit;
};

Target make_target(const Hash& target_key);
Score score_output(const Profile& profile, const Hash& input_key, uint64_t nonce,
                   const int8_t* output, const Target& target, uint32_t c);

// dot > 0 and dot^2 * 2^40 >= c^2 * v2 * t2.
bool is_hit(int64_t dot, int64_t v2, int64_t t2, uint32_t c);

}  // namespace gonka
