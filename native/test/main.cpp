// engine-test [WORD...]   runs every registered test, or those whose name contains a WORD, and says
// how many it left out
#include <chrono>
#include <cstdlib>

#include "check.hpp"

namespace gonka::test {
namespace {
int failures = 0;
}

std::vector<Test>& registry() {
  static std::vector<Test> tests;
  return tests;
}

void fail(const std::string& what) {
  failures++;
  std::printf("    FAILED: %s\n", what.c_str());
}

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

bool is_named(const Test& test, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (std::string(test.name).find(word) != std::string::npos) return true;
  }
  return words.empty();
}

int run_all(const std::vector<std::string>& words) {
  int passed = 0, failed = 0, left_out = 0;
  for (const Test& test : registry()) {
    if (!is_named(test, words)) {
      left_out++;
      continue;
    }
    const auto start = std::chrono::steady_clock::now();
    failures = 0;
    try {
      test.body();
    } catch (const std::exception& error) {
      fail(std::string("threw ") + error.what());
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%s %s (%.2f s)\n", failures ? "not ok" : "ok", test.name, took.count());
    std::fflush(stdout);
    (failures ? failed : passed)++;
  }
  if (left_out > 0) std::printf("%d tests are not named by the arguments\n", left_out);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed > 0 || passed == 0 ? 1 : 0;
}

}  // namespace gonka::test

int main(int argc, char** argv) { return gonka::test::run_all({argv + 1, argv + argc}); }
