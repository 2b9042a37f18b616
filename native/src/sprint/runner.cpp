#include "runner.hpp"

namespace gonka {

std::vector<Hit> Runner::find_hits(const Profile& profile, std::span<const NonceItem> items,
                                   const Target& target, uint32_t c, const StopFlag& stop) {
  std::vector<int8_t> outputs(items.size() * profile.output_bytes());
  run(items, outputs.data(), nullptr, stop);
  std::vector<Hit> hits;
  for (size_t i = 0; i < items.size(); i++) {
    const int8_t* output = outputs.data() + i * profile.output_bytes();
    const Score score =
        score_output(profile, items[i].input_key, items[i].nonce, output, target, c);
    if (score.hit) hits.push_back({items[i].nonce, score.digest});
  }
  return hits;
}

}  // namespace gonka
