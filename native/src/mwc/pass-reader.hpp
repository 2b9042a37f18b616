// The group leaves of one pass after another: from a device that holds the model, where there is
// one, else from the CPU.
#pragma once
#include <memory>

#include "fold.hpp"

namespace gonka {

class CudaModel;

class PassReader {
 public:
  // Takes the model to tools.device where that is set; a device that refuses is a log line.
  PassReader(const ModelFiles& files, const ChallengeTools& tools);
  ~PassReader();
  PassReader(const PassReader&) = delete;
  PassReader& operator=(const PassReader&) = delete;

  // Calls begin for a sink and gives it every leaf in order. A device that is lost in the middle
  // makes the CPU start the pass over, with a sink of its own.
  void read(const Hash& seed, const std::function<LeafSink()>& begin);

 private:
  void give_up(const char* why);

  const ModelFiles& files_;
  const ChallengeTools& tools_;
  std::unique_ptr<CudaModel> device_;
};

}  // namespace gonka
