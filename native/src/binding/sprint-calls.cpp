// The calls about nonces. Lists travel packed, so that neither side builds an object for each hit.
#include <mutex>

#include "../../bench/bench.hpp"
#include "../sprint/backends.hpp"
#include "calls.hpp"
#include "job.hpp"
#include "values.hpp"

namespace gonka::binding {
namespace {

constexpr size_t CLAIM_BYTES = HOST_KEY_BYTES + 8 + 32 + 4;
constexpr size_t ITEM_BYTES = HOST_KEY_BYTES + 8;
constexpr uint32_t THREADS_MAX = 1024;
constexpr uint32_t BATCH_MAX = 4096;

// A session and the lock that lines up its jobs.
struct Opened {
  std::mutex busy;
  std::unique_ptr<Session> session;  // Null once it is closed.
  std::vector<std::string> log;

  Session& use() {
    if (!session) throw EngineError(BAD_ARGUMENT, "the session is closed");
    return *session;
  }
};
using OpenedRef = std::shared_ptr<Opened>;

const napi_type_tag SESSION_TAG = {0x676f6e6b61737072, 0x696e7473657373};

OpenedRef opened_in(napi_env env, const Fields& fields) {
  const napi_value from = fields.value("session");
  bool tagged = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, from, &SESSION_TAG, &tagged) != napi_ok || !tagged ||
      napi_unwrap(env, from, &data) != napi_ok) {
    throw EngineError(BAD_ARGUMENT, "session must be one that open() returned");
  }
  return *static_cast<OpenedRef*>(data);
}

napi_value texts(napi_env env, const std::vector<std::string>& all) {
  const Writer writer(env);
  const napi_value out = writer.list(all.size());
  for (size_t i = 0; i < all.size(); i++) writer.put(out, i, writer.text(all[i]));
  return out;
}

napi_value session_handle(napi_env env, const OpenedRef& opened) {
  const Writer writer(env);
  const napi_value out = writer.object();
  auto* held = new OpenedRef(opened);
  const auto release = [](napi_env, void* data, void*) { delete static_cast<OpenedRef*>(data); };
  must(napi_wrap(env, out, held, release, nullptr, nullptr));
  must(napi_type_tag_object(env, out, &SESSION_TAG));
  Runner& runner = opened->session->runner();
  writer.set(out, "backend", writer.text(runner.name()));
  writer.set(out, "batch", writer.number(double(runner.batch())));
  writer.set(out, "memoryBytes", writer.number(double(runner.memory_bytes())));
  writer.set(out, "log", texts(env, opened->log));
  return out;
}

Window window_in(const Fields& fields) {
  return {fields.hash("beacon2"), fields.host_key("hostKey")};
}

// A list's bytes, copied once: the event loop does no more than that, the job takes them apart.
std::shared_ptr<const Bytes> packed_list(const Fields& fields, const char* name, size_t entry) {
  auto packed = std::make_shared<const Bytes>(fields.bytes(name));
  if (packed->size() % entry == 0) return packed;
  throw EngineError(BAD_ARGUMENT, std::string(name) + " must be " + std::to_string(entry) +
                                      " bytes each");
}

HostKey host_at(const uint8_t* p) {
  HostKey host;
  std::copy(p, p + HOST_KEY_BYTES, host.begin());
  return host;
}

char profile_letter(const Fields& fields) {
  const std::string name = fields.text("profile");
  return name.size() == 1 ? name[0] : '\0';
}

}  // namespace

// A job: finding out what a device can do wakes it up.
napi_value backends(napi_env env, const Fields&) {
  return start_job(env, [](JobControl&) -> Finish {
    const std::vector<std::string> names = backend_names();
    return [names](napi_env to) { return texts(to, names); };
  });
}

napi_value list_cpu_backends(napi_env env, const Fields&) {
  const KernelTable* tables[MAX_CPU_BACKENDS];
  const int count = cpu_backends(tables);
  std::vector<std::string> names;
  for (int i = 0; i < count; i++) names.push_back(tables[i]->name);
  return texts(env, names);
}

napi_value open_session(napi_env env, const Fields& fields) {
  SessionConfig config{{fields.text("chainId"), profile_letter(fields)}, fields.hash("beacon1"),
                       fields.text("backend"), {}};
  config.cpu.threads = fields.u32("threads", THREADS_MAX);
  config.cpu.batch = fields.u32("batch", BATCH_MAX);
  return start_job(env, [config](JobControl& control) -> Finish {
    auto opened = std::make_shared<Opened>();
    // The session keeps the log for later; it must not keep its owner alive.
    const Log log = [held = opened.get()](const std::string& line) { held->log.push_back(line); };
    opened->session = std::make_unique<Session>(config, log, control.stop);
    return [opened](napi_env to) { return session_handle(to, opened); };
  });
}

// Frees what the session holds when its last job has ended: the collector does not see how much
// that is, and would let it lie.
napi_value close_session(napi_env env, const Fields& fields) {
  const OpenedRef opened = opened_in(env, fields);
  return start_job(env, [opened](JobControl&) -> Finish {
    const std::lock_guard lock(opened->busy);
    opened->session.reset();
    return [](napi_env to) { return Writer(to).truth(true); };
  });
}

napi_value mine(napi_env env, const Fields& fields) {
  const OpenedRef opened = opened_in(env, fields);
  const Window window = window_in(fields);
  const NonceRange range{fields.u64("first"), fields.u64("count")};
  const uint32_t c = fields.u32("c", HIT_THRESHOLD_MAX);
  return start_job(env, [=](JobControl& control) -> Finish {
    const std::lock_guard lock(opened->busy);
    const MineResult got = opened->use().mine(window, range, c, control.progress, control.stop);
    auto packed = std::make_shared<Bytes>();
    for (const Hit& hit : got.hits) {
      append64(*packed, hit.nonce);
      append(*packed, hit.digest);
    }
    return [packed, root = got.root](napi_env to) {
      const Writer writer(to);
      const napi_value out = writer.object();
      writer.set(out, "leaves", writer.adopt(std::move(*packed)));
      writer.set(out, "root", writer.bytes(root));
      return out;
    };
  });
}

napi_value verify(napi_env env, const Fields& fields) {
  const OpenedRef opened = opened_in(env, fields);
  const Hash beacon2 = fields.hash("beacon2");
  const auto packed = packed_list(fields, "claims", CLAIM_BYTES);
  return start_job(env, [=](JobControl& control) -> Finish {
    std::vector<Claim> claims;
    for (size_t at = 0; at < packed->size(); at += CLAIM_BYTES) {
      const uint8_t* p = packed->data() + at;
      Claim claim{host_at(p), load64(p + 33), {}, load32(p + 73)};
      std::copy(p + 41, p + 73, claim.digest.begin());
      claims.push_back(claim);
    }
    const std::lock_guard lock(opened->busy);
    const auto got = opened->use().verify(beacon2, claims, control.progress, control.stop);
    auto verdicts = std::make_shared<Bytes>();
    for (const Verdict verdict : got.verdicts) verdicts->push_back(uint8_t(verdict));
    return [verdicts, faults = got.backend_faults](napi_env to) {
      const Writer writer(to);
      const napi_value out = writer.object();
      writer.set(out, "verdicts", writer.adopt(std::move(*verdicts)));
      writer.set(out, "backendFaults", writer.number(double(faults)));
      return out;
    };
  });
}

napi_value compute(napi_env env, const Fields& fields) {
  const OpenedRef opened = opened_in(env, fields);
  const Hash beacon2 = fields.hash("beacon2");
  const auto packed = packed_list(fields, "items", ITEM_BYTES);
  return start_job(env, [=](JobControl& control) -> Finish {
    std::vector<HostNonce> items;
    for (size_t at = 0; at < packed->size(); at += ITEM_BYTES) {
      items.push_back({host_at(packed->data() + at), load64(packed->data() + at + 33)});
    }
    const std::lock_guard lock(opened->busy);
    auto out = std::make_shared<Bytes>(
        opened->use().compute(beacon2, items, control.progress, control.stop));
    return [out](napi_env to) { return Writer(to).adopt(std::move(*out)); };
  });
}

napi_value trace(napi_env env, const Fields& fields) {
  const OpenedRef opened = opened_in(env, fields);
  const Window window = window_in(fields);
  const uint64_t nonce = fields.u64("nonce");
  const uint32_t c = fields.u32("c", HIT_THRESHOLD_MAX);
  return start_job(env, [=](JobControl& control) -> Finish {
    const std::lock_guard lock(opened->busy);
    const TraceResult got = opened->use().trace(window, nonce, c, control.stop);
    return [got](napi_env to) {
      const Writer writer(to);
      const napi_value out = writer.object(), states = writer.list(got.states.size());
      for (size_t i = 0; i < got.states.size(); i++) {
        writer.put(states, i, writer.bytes(got.states[i]));
      }
      writer.set(out, "trace", states);
      writer.set(out, "digest", writer.bytes(got.score.digest));
      writer.set(out, "hit", writer.truth(got.score.hit));
      writer.set(out, "dot", writer.big(got.score.dot));
      writer.set(out, "v2", writer.big(got.score.v2));
      writer.set(out, "t2", writer.big(got.score.t2));
      return out;
    };
  });
}

napi_value run_self_test(napi_env env, const Fields& fields) {
  const Profile* profile = find_profile(profile_letter(fields));
  if (!profile) throw EngineError(BAD_ARGUMENT, "profile must be T, C, M or L");
  return start_job(env, [=](JobControl& control) -> Finish {
    const std::vector<SelfTestResult> results = self_test_all(*profile, control.stop);
    return [results](napi_env to) {
      const Writer writer(to);
      const napi_value out = writer.list(results.size());
      for (size_t i = 0; i < results.size(); i++) {
        const napi_value entry = writer.object();
        writer.set(entry, "backend", writer.text(results[i].backend));
        writer.set(entry, "failed", writer.text(results[i].failed));
        const napi_value tests = writer.list(results[i].tests.size());
        for (size_t j = 0; j < results[i].tests.size(); j++) {
          const napi_value test = writer.object();
          writer.set(test, "name", writer.text(results[i].tests[j].name));
          writer.set(test, "passed", writer.truth(results[i].tests[j].passed));
          writer.put(tests, j, test);
        }
        writer.set(entry, "tests", tests);
        writer.put(out, i, entry);
      }
      return out;
    };
  });
}

napi_value measure_peak(napi_env env, const Fields& fields) {
  const std::string wanted = fields.text("backend");
  const uint32_t threads = std::max(1u, fields.u32("threads", THREADS_MAX));
  const double seconds = fields.u32("milliseconds", 60000) / 1000.0;
  return start_job(env, [=](JobControl&) -> Finish {
    const KernelTable* tables[MAX_CPU_BACKENDS];
    const int count = cpu_backends(tables);
    for (int i = 0; i < count; i++) {
      if (wanted != tables[i]->name) continue;
      const double gops = bench::gemm_peak_gops(*tables[i], threads, seconds);
      return [ops = uint64_t(gops * 1e9)](napi_env to) { return Writer(to).big_unsigned(ops); };
    }
    throw EngineError(UNKNOWN_BACKEND, "this machine has no backend " + wanted);
  });
}

}  // namespace gonka::binding
