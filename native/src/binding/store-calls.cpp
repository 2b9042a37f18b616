// The store's hashes: over its own memory, before the call returns.
#include "../hash/iavl-nodes.hpp"
#include "calls.hpp"
#include "values.hpp"

namespace gonka::binding {
namespace {

// The memory of a typed array, for as long as the call runs.
template <typename T>
std::span<T> memory_of(napi_env env, const Fields& fields, const char* name,
                       napi_typedarray_type wanted) {
  const napi_value from = fields.value(name);
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (napi_get_typedarray_info(env, from, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != wanted) {
    throw EngineError(BAD_ARGUMENT, std::string(name) + " must be a typed array of its kind");
  }
  return {static_cast<T*>(data), length};
}

}  // namespace

napi_value hash_nodes(napi_env env, const Fields& fields) {
  IavlBatch batch;
  batch.cells = memory_of<uint32_t>(env, fields, "cells", napi_uint32_array);
  batch.leaves = memory_of<const uint32_t>(env, fields, "leaves", napi_uint32_array);
  batch.records = memory_of<const uint8_t>(env, fields, "records", napi_uint8_array);
  batch.inner = memory_of<const uint32_t>(env, fields, "inner", napi_uint32_array);
  hash_iavl_nodes(batch);
  return nullptr;
}

}  // namespace gonka::binding
