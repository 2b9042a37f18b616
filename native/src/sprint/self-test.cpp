#include "self-test.hpp"

#include "cpu-runner.hpp"
#include "digest.hpp"

namespace gonka {
namespace {

// Exact product of one packed block and panel against plain loops.
bool tile_agrees(const Tiling& tiling, const std::vector<int8_t>& x,
                 const std::vector<int8_t>& w, size_t k) {
  const size_t rows = size_t(tiling.rows), cols = size_t(tiling.cols);
  AlignedBuffer block(tiling.block_bytes(k)), panel(tiling.panel_bytes(k));
  std::vector<int32_t> tile(tiling.tile_words, 0x5a5a5a5a);
  tiling.pack_block(x.data(), k, tiling.rows, k, block.data());
  tiling.pack_panel(w.data(), k, tiling.cols, k, panel.data());
  tiling.multiply(block.data(), 1, panel.data(), k, tile.data());
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < cols; c++) {
      int32_t sum = 0;
      for (size_t i = 0; i < k; i++) sum += int32_t(x[r * k + i]) * w[c * k + i];
      if (tile[r * cols + c] != sum) return false;
    }
  }
  return true;
}

bool filled_tile(const Tiling& tiling, size_t k, int8_t x_value, int8_t w_value,
                 size_t terms) {
  std::vector<int8_t> x(size_t(tiling.rows) * k, 0), w(size_t(tiling.cols) * k, w_value);
  for (size_t r = 0; r < size_t(tiling.rows); r++) {
    std::fill_n(x.begin() + ptrdiff_t(r * k), terms, x_value);
  }
  return tile_agrees(tiling, x, w, k);
}

bool random_tile(const Tiling& tiling, size_t k, uint32_t seed) {
  const std::array<uint32_t, 8> key = {seed, 0x7e57};
  const uint32_t nonce[3] = {uint32_t(k), 0, 0};
  const size_t x_bytes = size_t(tiling.rows) * k, w_bytes = size_t(tiling.cols) * k;
  const size_t superblocks = (x_bytes + w_bytes + 1023) / 1024;
  std::vector<int8_t> bytes(superblocks * 1024);
  scalar_kernels().stream(key.data(), nonce, 0, superblocks,
                          reinterpret_cast<uint8_t*>(bytes.data()));
  std::vector<int8_t> x(bytes.begin(), bytes.begin() + ptrdiff_t(x_bytes));
  std::vector<int8_t> w(bytes.begin() + ptrdiff_t(x_bytes),
                        bytes.begin() + ptrdiff_t(x_bytes + w_bytes));
  for (int8_t& value : x) value = value == -128 ? int8_t(-127) : value;
  return tile_agrees(tiling, x, w, k);
}

Hash from_hex(const char* hex) {
  const auto digit = [](char c) { return uint8_t(c <= '9' ? c - '0' : c - 'a' + 10); };
  Hash out;
  for (size_t i = 0; i < 32; i++) out[i] = uint8_t(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  return out;
}

// Network "isp1-public-1", profile T: the published vectors' nonces 0, 58 and 2^32 + 1.
const char* const GOLDEN_WEIGHTS =
    "166a6753133276ec334df385d7cea440de86b50398176f0858892612f71653ea";
const char* const GOLDEN_TARGET =
    "ee4983644cce6ae568020ef1ffa7fa6d7e4440a35081eaf334cce99ce33c1e24";
const char* const GOLDEN_INPUT = "de290df292b78001dae8071b762abbe3f4d225fe59a75e265ca45092fd11c6d6";
const struct {
  uint64_t nonce;
  const char* digest;
  int64_t dot;
} GOLDEN[] = {
    {0, "92bfd6378495fc065bc85060ae02a59d099f4fd0222af8e0407ddca701d57e3d", 118611},
    {58, "8ab64a045375c8d3e2f1c84d89b0be86ef268d86574d3eb0bb5e406f8de5879c", 184164},
    {4294967297, "fbe9a814dde570845431837a4b346c6d8a5ad554002a377a8e2749d6bde170c4", 67613},
};

}  // namespace

Hash golden_weights_key() { return from_hex(GOLDEN_WEIGHTS); }

std::string golden_test(Runner& runner, const StopFlag& stop) {
  const Profile& profile = *find_profile('T');
  const Hash key = from_hex(GOLDEN_INPUT);
  const Target target = make_target(from_hex(GOLDEN_TARGET));
  std::vector<NonceItem> items;
  for (const auto& golden : GOLDEN) items.push_back({key, golden.nonce});
  std::vector<int8_t> outputs(items.size() * profile.output_bytes());
  runner.run(items, outputs.data(), nullptr, stop);
  for (size_t i = 0; i < items.size(); i++) {
    const int8_t* output = outputs.data() + i * profile.output_bytes();
    const Score score = score_output(profile, key, items[i].nonce, output, target, 44314);
    if (score.digest != from_hex(GOLDEN[i].digest) || score.dot != GOLDEN[i].dot) {
      return "golden nonce " + std::to_string(GOLDEN[i].nonce) + " of profile T";
    }
  }
  return "";
}

std::string self_test(const KernelTable& kernels, const Profile& profile, const StopFlag& stop,
                      const SelfTestWatch& watch) {
  SelfTestRun run(watch);
  const auto tile = [&run](const std::string& name, const auto& passes) {
    run.check(name, [&] { return passes() ? std::string() : name; });
  };
  const auto filled = [&](const std::string& name, size_t k, int8_t x, int8_t w, size_t terms) {
    tile(name, [&] {
      return filled_tile(kernels.large, k, x, w, terms) &&
             filled_tile(kernels.small, k, x, w, terms);
    });
  };
  filled("all +127 by +127", profile.f, 127, 127, profile.f);
  filled("all +127 by -128", profile.f, 127, -128, profile.f);
  filled("1023 terms of +127 by +127", 1024, 127, 127, 1023);
  filled("1023 terms of -127 by +127", 1024, -127, 127, 1023);
  for (const size_t k : {size_t(profile.d), size_t(profile.f), size_t(128),
                         size_t(profile.tokens)}) {
    tile("a random tile of depth " + std::to_string(k),
         [&] { return random_tile(kernels.large, k, 1) && random_tile(kernels.small, k, 1); });
  }
  run.check("golden nonces of profile T", [&] {
    CpuOptions options;
    options.threads = 1;
    CpuRunner runner(*find_profile('T'), kernels, golden_weights_key(), options, stop);
    return golden_test(runner, stop);
  });
  return run.failed();
}

}  // namespace gonka
