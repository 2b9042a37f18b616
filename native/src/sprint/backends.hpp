// Which backends exist here, and the first of them that passes its self-test.
#pragma once
#include "session.hpp"

namespace gonka {

std::unique_ptr<Runner> make_runner(const std::string& wanted, const Profile& profile,
                                    const Hash& weights_key, const CpuOptions& options,
                                    const Log& log, const StopFlag& stop);

}  // namespace gonka
