// The addon's entry: each call takes one options object and throws errors with a code.
#include "calls.hpp"
#include "values.hpp"

namespace gonka::binding {
namespace {

using Call = napi_value (*)(napi_env, const Fields&);

template <Call CALL>
napi_value guarded(napi_env env, napi_callback_info info) {
  try {
    size_t count = 1;
    napi_value argument;
    must(napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr));
    return CALL(env, Fields(env, argument));
  } catch (const EngineError& error) {
    napi_throw_error(env, error.code(), error.what());
  } catch (const std::exception& error) {
    napi_throw_error(env, "ENGINE_FAILURE", error.what());
  }
  return nullptr;
}

}  // namespace
}  // namespace gonka::binding

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(
    napi_env env, napi_value exports) {
  using namespace gonka::binding;
  const struct {
    const char* name;
    napi_callback call;
  } all[] = {{"backends", guarded<backends>},
             {"cpuBackends", guarded<list_cpu_backends>},
             {"open", guarded<open_session>},
             {"close", guarded<close_session>},
             {"mine", guarded<mine>},
             {"verify", guarded<verify>},
             {"compute", guarded<compute>},
             {"trace", guarded<trace>},
             {"recomputeNow", guarded<recompute_now>},
             {"selfTest", guarded<run_self_test>},
             {"measurePeak", guarded<measure_peak>},
             {"modelRoot", guarded<compute_model_root>},
             {"mwcAnswer", guarded<answer_challenge>},
             {"mwcOpen", guarded<open_challenge>},
             {"mwcVerify", guarded<verify_challenge>},
             {"hashNodes", guarded<hash_nodes>}};
  for (const auto& [name, call] : all) {
    napi_value function;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function) != napi_ok ||
        napi_set_named_property(env, exports, name, function) != napi_ok) {
      napi_throw_error(env, nullptr, "the addon cannot register its functions");
      return nullptr;
    }
  }
  return exports;
}

extern "C" __attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() {
  return 8;
}
