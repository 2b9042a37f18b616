// The self-test of sprint.md section 7, run before a backend may be used.
#pragma once
#include <functional>

#include "../kernels/kernel-table.hpp"
#include "../parallel/thread-pool.hpp"
#include "profile.hpp"
#include "runner.hpp"

namespace gonka {

// Hears how each test ended.
using SelfTestWatch = std::function<void(const std::string& test, bool passed)>;

// Runs tests up to the first that fails; all of them when somebody watches.
class SelfTestRun {
 public:
  explicit SelfTestRun(const SelfTestWatch& watch) : watch_(watch) {}

  // `test` returns what failed, or an empty string.
  template <typename Test>
  void check(const std::string& name, const Test& test) {
    if (!failed_.empty() && !watch_) return;
    const std::string failed = test();
    if (watch_) watch_(name, failed.empty());
    if (failed_.empty()) failed_ = failed;
  }
  const std::string& failed() const { return failed_; }

 private:
  const SelfTestWatch& watch_;
  std::string failed_;
};

// The name of the first test that fails, or an empty string.
std::string self_test(const KernelTable& kernels, const Profile& profile, const StopFlag& stop,
                      const SelfTestWatch& watch = {});

// The three golden nonces of profile T on any runner made for golden_weights_key().
std::string golden_test(Runner& runner, const StopFlag& stop);
Hash golden_weights_key();

}  // namespace gonka
