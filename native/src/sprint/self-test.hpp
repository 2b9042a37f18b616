// The self-test of sprint.md section 7, run before a backend may be used.
#pragma once
#include "../kernels/kernel-table.hpp"
#include "../parallel/thread-pool.hpp"
#include "profile.hpp"
#include "runner.hpp"

namespace gonka {

// The name of the first test that fails, or an empty string.
std::string self_test(const KernelTable& kernels, const Profile& profile, const StopFlag& stop);

// The three golden nonces of profile T on any runner made for golden_weights_key().
std::string golden_test(Runner& runner, const StopFlag& stop);
Hash golden_weights_key();

}  // namespace gonka
