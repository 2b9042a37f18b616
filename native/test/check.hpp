// A test registry of forty lines: each test is a named function, each check names what it compares.
#pragma once
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "../src/hash/bytes.hpp"

namespace gonka::test {

struct Test {
  const char* name;
  std::function<void()> body;
};

std::vector<Test>& registry();
void fail(const std::string& what);

struct Register {
  Register(const char* name, std::function<void()> body) { registry().push_back({name, body}); }
};

inline void check(bool holds, const std::string& what) {
  if (!holds) fail(what);
}

template <typename A, typename B>
void same(const A& got, const B& wanted, const std::string& what) {
  if (!(got == wanted)) fail(what);
}

inline void same_hex(ByteSpan got, const std::string& wanted, const std::string& what) {
  if (to_hex(got) != wanted) fail(what + ": got " + to_hex(got) + ", wanted " + wanted);
}

// The number in an environment variable, for tests whose length is chosen outside.
uint64_t setting(const char* name, uint64_t otherwise);

}  // namespace gonka::test

#define GONKA_JOIN_(a, b) a##b
#define GONKA_JOIN(a, b) GONKA_JOIN_(a, b)
#define TEST(name)                                                                              \
  static void GONKA_JOIN(test_, __LINE__)();                                                    \
  static const gonka::test::Register GONKA_JOIN(entry_, __LINE__)(name,                         \
                                                                  GONKA_JOIN(test_, __LINE__)); \
  static void GONKA_JOIN(test_, __LINE__)()
