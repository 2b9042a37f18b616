// Every function of the addon, called with its one options object.
#pragma once
#include <node_api.h>

namespace gonka::binding {

class Fields;

napi_value backends(napi_env env, const Fields& fields);
napi_value list_cpu_backends(napi_env env, const Fields& fields);
napi_value open_session(napi_env env, const Fields& fields);
napi_value close_session(napi_env env, const Fields& fields);
napi_value mine(napi_env env, const Fields& fields);
napi_value verify(napi_env env, const Fields& fields);
napi_value compute(napi_env env, const Fields& fields);
napi_value trace(napi_env env, const Fields& fields);
napi_value recompute_now(napi_env env, const Fields& fields);
napi_value run_self_test(napi_env env, const Fields& fields);
napi_value measure_peak(napi_env env, const Fields& fields);

napi_value compute_model_root(napi_env env, const Fields& fields);
napi_value answer_challenge(napi_env env, const Fields& fields);
napi_value open_challenge(napi_env env, const Fields& fields);
napi_value verify_challenge(napi_env env, const Fields& fields);

napi_value hash_nodes(napi_env env, const Fields& fields);

}  // namespace gonka::binding
