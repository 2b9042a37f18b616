// JavaScript values in and out. Readers throw EngineError(BAD_ARGUMENT) with the field's name.
#pragma once
#include <node_api.h>

#include "../hash/bytes.hpp"
#include "../sprint/errors.hpp"
#include "../sprint/seeds.hpp"

namespace gonka::binding {

using HostKey = std::array<uint8_t, HOST_KEY_BYTES>;

// Throws when a call of the engine's own making fails: the environment is going away.
void must(napi_status status);

// The contents of a Uint8Array; `name` is for the refusal.
Bytes bytes_in(napi_env env, napi_value from, const char* name);

// A JavaScript object that was passed as options.
class Fields {
 public:
  Fields(napi_env env, napi_value object);

  std::string text(const char* name) const;
  uint32_t u32(const char* name, uint32_t most) const;
  uint64_t u64(const char* name) const;  // From a bigint.
  Bytes bytes(const char* name) const;   // From a Uint8Array.
  Hash hash(const char* name) const;
  HostKey host_key(const char* name) const;
  napi_value value(const char* name) const;
  std::vector<napi_value> list(const char* name) const;

 private:
  napi_env env_;
  napi_value object_;
};

class Writer {
 public:
  explicit Writer(napi_env env) : env_(env) {}

  napi_value object() const;
  napi_value list(size_t length) const;
  napi_value text(std::string_view value) const;
  napi_value number(double value) const;
  napi_value big(int64_t value) const;
  napi_value big_unsigned(uint64_t value) const;
  napi_value truth(bool value) const;
  napi_value bytes(ByteSpan value) const;
  // Takes the memory over instead of copying it: results can be large.
  napi_value adopt(Bytes&& value) const;
  void set(napi_value object, const char* name, napi_value value) const;
  void put(napi_value list, size_t index, napi_value value) const;
  napi_value error(const char* code, const std::string& message) const;

 private:
  napi_value typed(napi_value buffer, size_t length) const;
  napi_env env_;
};

}  // namespace gonka::binding
