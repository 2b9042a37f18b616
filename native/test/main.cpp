// Runs every registered test, or those whose name contains the first argument.
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

int run_all(const std::string& filter) {
  int passed = 0, failed = 0;
  for (const Test& test : registry()) {
    if (std::string(test.name).find(filter) == std::string::npos) continue;
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
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed > 0 || passed == 0 ? 1 : 0;
}

}  // namespace gonka::test

int main(int argc, char** argv) { return gonka::test::run_all(argc > 1 ? argv[1] : ""); }
