#include "values.hpp"

#include <memory>

namespace gonka::binding {
namespace {

[[noreturn]] void refuse(const char* name, const std::string& wanted) {
  throw EngineError(BAD_ARGUMENT, std::string(name) + " must be " + wanted);
}

}  // namespace

void must(napi_status status) {
  if (status != napi_ok) throw std::runtime_error("Node-API call failed");
}

Bytes bytes_in(napi_env env, napi_value from, const char* name) {
  bool is_typed = false;
  must(napi_is_typedarray(env, from, &is_typed));
  if (!is_typed) refuse(name, "a Uint8Array");
  napi_typedarray_type type;
  size_t length;
  void* data;
  must(napi_get_typedarray_info(env, from, &type, &length, &data, nullptr, nullptr));
  if (type != napi_uint8_array) refuse(name, "a Uint8Array");
  const auto* begin = static_cast<const uint8_t*>(data);
  return length > 0 ? Bytes(begin, begin + length) : Bytes();
}

Fields::Fields(napi_env env, napi_value object) : env_(env), object_(object) {
  napi_valuetype type;
  must(napi_typeof(env, object, &type));
  if (type != napi_object) refuse("the argument", "an object");
}

napi_value Fields::value(const char* name) const {
  napi_value out;
  must(napi_get_named_property(env_, object_, name, &out));
  return out;
}

std::string Fields::text(const char* name) const {
  const napi_value from = value(name);
  size_t length;
  if (napi_get_value_string_utf8(env_, from, nullptr, 0, &length) != napi_ok) {
    refuse(name, "a string");
  }
  std::string out(length + 1, '\0');
  must(napi_get_value_string_utf8(env_, from, out.data(), out.size(), &length));
  out.resize(length);
  return out;
}

uint32_t Fields::u32(const char* name, uint32_t most) const {
  double number;
  if (napi_get_value_double(env_, value(name), &number) != napi_ok) refuse(name, "a number");
  if (!(number >= 0 && number <= most) || number != double(uint32_t(number))) {
    refuse(name, "an integer from 0 to " + std::to_string(most));
  }
  return uint32_t(number);
}

uint64_t Fields::u64(const char* name) const {
  uint64_t out;
  bool lossless;
  if (napi_get_value_bigint_uint64(env_, value(name), &out, &lossless) != napi_ok || !lossless) {
    refuse(name, "a bigint from 0 to 2^64 - 1");
  }
  return out;
}

Bytes Fields::bytes(const char* name) const { return bytes_in(env_, value(name), name); }

Hash Fields::hash(const char* name) const {
  const Bytes raw = bytes(name);
  Hash out;
  if (raw.size() != out.size()) refuse(name, "32 bytes long");
  std::copy(raw.begin(), raw.end(), out.begin());
  return out;
}

HostKey Fields::host_key(const char* name) const {
  const Bytes raw = bytes(name);
  HostKey out;
  if (raw.size() != out.size()) refuse(name, "33 bytes long");
  std::copy(raw.begin(), raw.end(), out.begin());
  return out;
}

std::vector<napi_value> Fields::list(const char* name) const {
  const napi_value from = value(name);
  uint32_t length;
  if (napi_get_array_length(env_, from, &length) != napi_ok) refuse(name, "an array");
  std::vector<napi_value> out(length);
  for (uint32_t i = 0; i < length; i++) must(napi_get_element(env_, from, i, &out[i]));
  return out;
}

napi_value Writer::object() const {
  napi_value out;
  must(napi_create_object(env_, &out));
  return out;
}

napi_value Writer::list(size_t length) const {
  napi_value out;
  must(napi_create_array_with_length(env_, length, &out));
  return out;
}

napi_value Writer::text(std::string_view value) const {
  napi_value out;
  must(napi_create_string_utf8(env_, value.data(), value.size(), &out));
  return out;
}

napi_value Writer::number(double value) const {
  napi_value out;
  must(napi_create_double(env_, value, &out));
  return out;
}

napi_value Writer::big(int64_t value) const {
  napi_value out;
  must(napi_create_bigint_int64(env_, value, &out));
  return out;
}

napi_value Writer::big_unsigned(uint64_t value) const {
  napi_value out;
  must(napi_create_bigint_uint64(env_, value, &out));
  return out;
}

napi_value Writer::truth(bool value) const {
  napi_value out;
  must(napi_get_boolean(env_, value, &out));
  return out;
}

napi_value Writer::typed(napi_value buffer, size_t length) const {
  napi_value out;
  must(napi_create_typedarray(env_, napi_uint8_array, length, buffer, 0, &out));
  return out;
}

napi_value Writer::bytes(ByteSpan value) const {
  napi_value buffer;
  void* data;
  must(napi_create_arraybuffer(env_, value.size(), &data, &buffer));
  if (!value.empty()) std::memcpy(data, value.data(), value.size());
  return typed(buffer, value.size());
}

napi_value Writer::adopt(Bytes&& value) const {
  if (value.empty()) return bytes({});  // There is no memory to take over.
  auto held = std::make_unique<Bytes>(std::move(value));
  const auto release = [](napi_env, void*, void* hint) { delete static_cast<Bytes*>(hint); };
  napi_value buffer;
  const napi_status status = napi_create_external_arraybuffer(
      env_, held->data(), held->size(), release, held.get(), &buffer);
  if (status != napi_ok) return bytes(*held);  // Some hosts forbid external memory.
  return typed(buffer, held.release()->size());
}

void Writer::set(napi_value object, const char* name, napi_value value) const {
  must(napi_set_named_property(env_, object, name, value));
}

void Writer::put(napi_value list, size_t index, napi_value value) const {
  must(napi_set_element(env_, list, uint32_t(index), value));
}

napi_value Writer::error(const char* code, const std::string& message) const {
  napi_value out;
  must(napi_create_error(env_, text(code), text(message), &out));
  return out;
}

}  // namespace gonka::binding
