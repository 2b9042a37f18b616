// Known answers, refusals, and many batches at once: what the sanitizers watch. Everything else is
// compared with the JavaScript reference in test/unit/crypto.
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "batch.hpp"

using namespace gonka::signatures;

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  std::printf("%s %s\n", holds ? "ok    " : "FAILED", what);
  if (!holds) failures++;
}

std::vector<uint8_t> from_hex(const char* hex) {
  std::vector<uint8_t> bytes;
  for (; *hex; hex += 2) {
    unsigned byte = 0;
    std::sscanf(hex, "%2x", &byte);
    bytes.push_back(static_cast<uint8_t>(byte));
  }
  return bytes;
}

// Made with @noble/curves 2.4.0: secret key 0303..., digest SHA-256("message").
const char* const GOOD =
    "02531fe6068134503d2723133227c867ac8fa6c83c537e9a44c3c5bdbdcb1fe337"
    "ab530a13e45914982b79f9b7e3fba994cfd1f3fb22f71cea1afbf02b460c6d1d"
    "38dcd98cf4e4c7a7c15870185931e8de86d261c010b6ff6dd11da8188d5e3e56"
    "244c7c0868d26bf15edac2c09a592e45fece5c8bf812bd4ceb70c6dfc9bc135f";

std::vector<uint8_t> bent(size_t at) {
  std::vector<uint8_t> item = from_hex(GOOD);
  item[at] ^= 1;
  return item;
}

// Every third item is bent, at another byte each time.
void many_batches() {
  constexpr size_t BATCHES = 40, ITEMS = 101;
  std::mutex mutex;
  std::condition_variable finished;
  size_t done = 0;
  std::vector<std::shared_ptr<Batch>> batches;
  for (size_t b = 0; b < BATCHES; b++) {
    std::vector<uint8_t> items;
    for (size_t i = 0; i < ITEMS; i++) {
      const std::vector<uint8_t> item = i % 3 ? from_hex(GOOD) : bent((b + i) % ITEM_BYTES);
      items.insert(items.end(), item.begin(), item.end());
    }
    batches.push_back(std::make_shared<Batch>(std::move(items), [&] {
      const std::lock_guard lock(mutex);
      done++;
      finished.notify_all();
    }));
    enqueue(batches.back());
  }
  std::unique_lock lock(mutex);
  finished.wait(lock, [&] { return done == BATCHES; });
  bool is_right = true;
  for (const auto& batch : batches) {
    for (size_t i = 0; i < ITEMS; i++) is_right &= batch->verdicts()[i] == (i % 3 ? 1 : 0);
  }
  check(is_right, "40 batches of 101 items at once, every third bent");
}

}  // namespace

int main() {
  const std::vector<uint8_t> good = from_hex(GOOD);
  check(good.size() == ITEM_BYTES && is_valid(good.data()), "a known signature");
  bool refused = true;
  for (size_t at = 0; at < ITEM_BYTES; at++) refused &= !is_valid(bent(at).data());
  check(refused, "one wrong bit in any byte");
  std::vector<uint8_t> zeros = good;
  std::memset(zeros.data() + KEY_BYTES + DIGEST_BYTES, 0, SIGNATURE_BYTES);
  check(!is_valid(zeros.data()), "a signature of zeros");
  std::vector<uint8_t> ones = good;
  std::memset(ones.data() + KEY_BYTES + DIGEST_BYTES, 255, SIGNATURE_BYTES);
  check(!is_valid(ones.data()), "numbers above the order");
  many_batches();
  return failures == 0 ? 0 : 1;
}
