#include "backends.hpp"

#include "errors.hpp"
#include "self-test.hpp"

namespace gonka {

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  const KernelTable* tables[MAX_CPU_BACKENDS];
  const int count = cpu_backends(tables);
  for (int i = 0; i < count; i++) names.push_back(tables[i]->name);
  return names;
}

std::unique_ptr<Runner> make_runner(const std::string& wanted, const Profile& profile,
                                    const Hash& weights_key, const CpuOptions& options,
                                    const Log& log, const StopFlag& stop) {
  const KernelTable* tables[MAX_CPU_BACKENDS];
  const int count = cpu_backends(tables);
  bool known = false;
  for (int i = 0; i < count; i++) {
    if (wanted != "auto" && wanted != tables[i]->name) continue;
    known = true;
    const std::string failed = self_test(*tables[i], profile, stop);
    if (failed.empty()) {
      return std::make_unique<CpuRunner>(profile, *tables[i], weights_key, options, stop);
    }
    log(std::string("backend ") + tables[i]->name + " is switched off: it fails " + failed);
  }
  if (!known) throw EngineError(UNKNOWN_BACKEND, "this machine has no backend " + wanted);
  throw EngineError(NO_BACKEND, "no backend passes its self-test");
}

}  // namespace gonka
