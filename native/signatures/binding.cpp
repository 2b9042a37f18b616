// The addon: verify(key, digest, signature) at once, verifyBatch(items) on other threads.
#include <node_api.h>

#include <condition_variable>
#include <mutex>
#include <string>

#include "batch.hpp"

#ifndef LIBSECP256K1
#define LIBSECP256K1 "unknown"
#endif

namespace gonka::signatures {
namespace {

struct View {
  const uint8_t* data = nullptr;
  size_t length = 0;
};

// Throws a JavaScript error and returns false when the value is no Uint8Array.
bool read_bytes(napi_env env, napi_value value, View& view) {
  napi_typedarray_type type;
  void* data;
  bool is_typed = false;
  if (napi_is_typedarray(env, value, &is_typed) == napi_ok && is_typed &&
      napi_get_typedarray_info(env, value, &type, &view.length, &data, nullptr, nullptr) ==
          napi_ok &&
      type == napi_uint8_array) {
    view.data = static_cast<const uint8_t*>(data);
    return true;
  }
  napi_throw_type_error(env, nullptr, "expected a Uint8Array");
  return false;
}

napi_value verify(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3;
  View key, digest, signature;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      !read_bytes(env, arguments[0], key) || !read_bytes(env, arguments[1], digest) ||
      !read_bytes(env, arguments[2], signature)) {
    return nullptr;
  }
  const bool fits = key.length == KEY_BYTES && digest.length == DIGEST_BYTES &&
                    signature.length == SIGNATURE_BYTES;
  napi_value result;
  napi_get_boolean(env, fits && is_valid(key.data, digest.data, signature.data), &result);
  return result;
}

// A batch with the promise for its verdicts.
struct Pending {
  napi_env env = nullptr;
  napi_deferred deferred = nullptr;
  napi_threadsafe_function settle = nullptr;
  std::shared_ptr<Batch> batch;
  std::mutex mutex;
  std::condition_variable finished;
  bool is_finished = false;
};

// On the thread that checked the last item.
void finish(Pending* pending) {
  // The lock is held to the end: abandon() must not let go of the function before this call.
  const std::lock_guard lock(pending->mutex);
  napi_call_threadsafe_function(pending->settle, pending, napi_tsfn_blocking);
  pending->is_finished = true;
  pending->finished.notify_all();
}

// The environment ends first: wait for the threads, which still hold the batch.
void abandon(void* data) {
  auto* pending = static_cast<Pending*>(data);
  std::unique_lock lock(pending->mutex);
  pending->finished.wait(lock, [pending] { return pending->is_finished; });
}

// On the event loop; env is null when the environment is going away.
void settle(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(data));
  { const std::lock_guard lock(pending->mutex); }  // finish() is through with it.
  if (!env) return;
  napi_remove_env_cleanup_hook(env, abandon, pending.get());
  const std::vector<uint8_t>& verdicts = pending->batch->verdicts();
  void* copy;
  napi_value buffer, result;
  if (napi_create_arraybuffer(env, verdicts.size(), &copy, &buffer) == napi_ok) {
    std::copy(verdicts.begin(), verdicts.end(), static_cast<uint8_t*>(copy));
    if (napi_create_typedarray(env, napi_uint8_array, verdicts.size(), buffer, 0, &result) ==
        napi_ok) {
      napi_resolve_deferred(env, pending->deferred, result);
    }
  }
  napi_release_threadsafe_function(pending->settle, napi_tsfn_release);
}

napi_value verify_batch(napi_env env, napi_callback_info info) {
  napi_value argument, promise, name;
  size_t count = 1;
  View items;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok ||
      !read_bytes(env, argument, items)) {
    return nullptr;
  }
  if (items.length == 0 || items.length % ITEM_BYTES != 0) {
    napi_throw_range_error(env, nullptr, "items are of 129 bytes, and there is at least one");
    return nullptr;
  }
  auto pending = std::make_unique<Pending>();
  pending->env = env;
  if (napi_create_promise(env, &pending->deferred, &promise) != napi_ok ||
      napi_create_string_utf8(env, "gonka-signatures", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr,
                                      settle, &pending->settle) != napi_ok ||
      napi_add_env_cleanup_hook(env, abandon, pending.get()) != napi_ok) {
    napi_throw_error(env, nullptr, "the batch cannot be started");
    return nullptr;
  }
  Pending* const running = pending.release();  // settle() owns it from here.
  running->batch =
      std::make_shared<Batch>(std::vector<uint8_t>(items.data, items.data + items.length),
                              [running] { finish(running); });
  enqueue(running->batch);
  return promise;
}

bool define(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

}  // namespace
}  // namespace gonka::signatures

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(
    napi_env env, napi_value exports) {
  using namespace gonka::signatures;
  napi_value library;
  if (!define(env, exports, "verify", verify) ||
      !define(env, exports, "verifyBatch", verify_batch) ||
      napi_create_string_utf8(env, LIBSECP256K1, NAPI_AUTO_LENGTH, &library) != napi_ok ||
      napi_set_named_property(env, exports, "library", library) != napi_ok) {
    napi_throw_error(env, nullptr, "the addon cannot register its functions");
    return nullptr;
  }
  return exports;
}

extern "C" __attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() {
  return 8;
}
