#include "pass-reader.hpp"

#include "../sprint/errors.hpp"
#include "cuda-model.hpp"

namespace gonka {

PassReader::PassReader(const ModelFiles& files, const ChallengeTools& tools)
    : files_(files), tools_(tools) {
  if (!tools.device) return;
  try {
    device_ = std::make_unique<CudaModel>(files, tools);
  } catch (const EngineError& error) {
    if (error.code() != std::string_view(GPU_LOST)) throw;
    give_up(error.what());
  }
}

PassReader::~PassReader() = default;

void PassReader::give_up(const char* why) {
  device_.reset();
  if (tools_.log) tools_.log(std::string("the GPU is lost, the CPU takes over: ") + why);
}

void PassReader::read(const Hash& seed, const std::function<LeafSink()>& begin) {
  const uint64_t done_before = tools_.progress.done;
  if (device_) {
    try {
      return device_->for_each_group(seed, begin());
    } catch (const EngineError& error) {
      if (error.code() != std::string_view(GPU_LOST)) throw;
      give_up(error.what());
      tools_.progress.done = done_before;
    }
  }
  for_each_group(files_, seed, tools_, begin());
}

}  // namespace gonka
