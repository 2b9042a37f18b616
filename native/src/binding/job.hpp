// Work on a thread of its own with a promise for its end. The thread never touches JavaScript;
// libuv's pool stays free for files; the event loop only starts the job and takes its result.
#pragma once
#include <node_api.h>

#include <functional>
#include <memory>

#include "../sprint/session.hpp"

namespace gonka::binding {

struct JobControl {
  StopFlag stop;
  Progress progress;
};

// Runs on the job's thread; what it returns runs on the event loop and makes the result.
using Finish = std::function<napi_value(napi_env)>;
using Work = std::function<Finish(JobControl&)>;

// { promise, cancel(), progress() -> [done, total] as bigints }
napi_value start_job(napi_env env, Work work);

}  // namespace gonka::binding
