#include "job.hpp"

#if defined(__linux__)
#include <sys/resource.h>
#endif

#include "values.hpp"

namespace gonka::binding {
namespace {

struct Job {
  napi_env env;
  napi_deferred deferred = nullptr;
  napi_threadsafe_function done = nullptr;
  std::shared_ptr<JobControl> control = std::make_shared<JobControl>();
  Work work;
  Finish finish;
  std::string code, message;  // Of a failure.
  std::thread thread;
};

// A busy engine must not starve the event loop (or consensus) on a machine with few processors.
// On Linux the priority is a thread's own, and the threads that it starts inherit it.
void yield_to_event_loop() {
#if defined(__linux__)
  setpriority(PRIO_PROCESS, 0, 10);
#endif
}

void run(Job* job) {
  yield_to_event_loop();
  try {
    if (job->control->stop.requested) throw Cancelled();
    job->finish = job->work(*job->control);
  } catch (const Cancelled&) {
    job->code = "CANCELLED";
    job->message = "cancelled";
  } catch (const EngineError& error) {
    job->code = error.code();
    job->message = error.what();
  } catch (const std::bad_alloc&) {
    job->code = "OUT_OF_MEMORY";
    job->message = "not enough memory";
  } catch (const std::exception& error) {
    job->code = "ENGINE_FAILURE";
    job->message = error.what();
  }
  napi_call_threadsafe_function(job->done, job, napi_tsfn_blocking);
}

// The environment ends first (a worker was terminated, say): stop, wait, leave nothing behind.
void abandon(void* data) {
  auto* job = static_cast<Job*>(data);
  job->control->stop.requested = true;
  if (job->thread.joinable()) job->thread.join();
}

void settle(napi_env env, napi_value, void*, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  if (job->thread.joinable()) job->thread.join();
  if (!env) return;
  napi_remove_env_cleanup_hook(env, abandon, job.get());
  const Writer writer(env);
  try {
    if (job->code.empty()) {
      must(napi_resolve_deferred(env, job->deferred, job->finish(env)));
    } else {
      const napi_value error = writer.error(job->code.c_str(), job->message);
      must(napi_reject_deferred(env, job->deferred, error));
    }
  } catch (const std::exception&) {
    // JavaScript can no longer be reached; there is nobody to tell.
  }
  napi_release_threadsafe_function(job->done, napi_tsfn_release);
}

using ControlRef = std::shared_ptr<JobControl>;

ControlRef* control_of(napi_env env, napi_callback_info info) {
  void* data;
  size_t count = 0;
  must(napi_get_cb_info(env, info, &count, nullptr, nullptr, &data));
  return static_cast<ControlRef*>(data);
}

napi_value cancel(napi_env env, napi_callback_info info) {
  (*control_of(env, info))->stop.requested = true;
  return nullptr;
}

napi_value progress(napi_env env, napi_callback_info info) {
  const Progress& at = (*control_of(env, info))->progress;
  const Writer writer(env);
  const napi_value out = writer.list(2);
  writer.put(out, 0, writer.big_unsigned(at.done));
  writer.put(out, 1, writer.big_unsigned(at.total));
  return out;
}

napi_value handle_for(napi_env env, const ControlRef& control, napi_value promise) {
  const Writer writer(env);
  const napi_value out = writer.object();
  writer.set(out, "promise", promise);
  const struct {
    const char* name;
    napi_callback call;
  } both[] = {{"cancel", cancel}, {"progress", progress}};
  for (const auto& [name, call] : both) {
    auto* held = new ControlRef(control);
    napi_value function;
    must(napi_create_function(env, name, NAPI_AUTO_LENGTH, call, held, &function));
    const auto release = [](napi_env, void* data, void*) { delete static_cast<ControlRef*>(data); };
    must(napi_add_finalizer(env, function, held, release, nullptr, nullptr));
    writer.set(out, name, function);
  }
  return out;
}

}  // namespace

napi_value start_job(napi_env env, Work work) {
  auto job = std::make_unique<Job>();
  job->env = env;
  job->work = std::move(work);
  napi_value promise;
  must(napi_create_promise(env, &job->deferred, &promise));
  const Writer writer(env);
  must(napi_create_threadsafe_function(env, nullptr, nullptr, writer.text("gonka-sprint"), 0, 1,
                                       nullptr, nullptr, nullptr, settle, &job->done));
  const napi_value handle = handle_for(env, job->control, promise);
  must(napi_add_env_cleanup_hook(env, abandon, job.get()));
  Job* running = job.release();  // settle() owns it from here.
  running->thread = std::thread(run, running);
  return handle;
}

}  // namespace gonka::binding
