// Refusals of the engine. The code reaches JavaScript as error.code; codes are never renamed.
#pragma once
#include <stdexcept>
#include <string>

namespace gonka {

class EngineError : public std::runtime_error {
 public:
  EngineError(const char* code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  const char* code() const { return code_; }

 private:
  const char* code_;
};

inline constexpr const char* BAD_ARGUMENT = "BAD_ARGUMENT";
inline constexpr const char* UNKNOWN_BACKEND = "UNKNOWN_BACKEND";
inline constexpr const char* NO_BACKEND = "NO_BACKEND";
inline constexpr const char* GPU_LOST = "GPU_LOST";
inline constexpr const char* MODEL_FILE = "MODEL_FILE";
inline constexpr const char* MODEL_CHANGED = "MODEL_CHANGED";

}  // namespace gonka
