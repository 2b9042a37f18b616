// Which backends exist here, and the first of them that passes its self-test.
#pragma once
#include "session.hpp"

namespace gonka {

struct BackendChoice {
  std::string name;  // "auto" or one of backend_names().
  bool gpu = true;   // False after a device was lost.
};

struct SelfTestResult {
  std::string backend;
  std::string failed;  // Empty when every test passes.
  struct Test {
    std::string name;
    bool passed;
  };
  std::vector<Test> tests;
};

std::vector<SelfTestResult> self_test_all(const Profile& profile, const StopFlag& stop);

std::unique_ptr<Runner> make_runner(const BackendChoice& choice, const Profile& profile,
                                    const Hash& weights_key, const CpuOptions& options,
                                    const Log& log, const StopFlag& stop);

}  // namespace gonka
