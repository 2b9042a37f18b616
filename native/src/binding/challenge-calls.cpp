// The calls about model files.
#include "../mwc/challenge.hpp"
#include "../sprint/cuda-runner.hpp"
#include "calls.hpp"
#include "job.hpp"
#include "values.hpp"

namespace gonka::binding {
namespace {

constexpr uint32_t THREADS_MAX = 1024;
constexpr uint32_t PASSES_MAX = 1024;
constexpr uint32_t PASS_INDEX_MAX = PASSES_MAX - 1;

std::vector<ModelFile> files_in(napi_env env, const Fields& fields) {
  std::vector<ModelFile> files;
  for (const napi_value entry : fields.list("files")) {
    const Fields file(env, entry);
    files.push_back({file.text("path"), file.u64("lengthBytes")});
  }
  return files;
}

ChallengeRequest request_in(const Fields& fields) {
  const std::string profile = fields.text("profile");
  if (profile.size() != 1 || !find_profile(profile[0])) {
    throw EngineError(BAD_ARGUMENT, "profile must be T, C, M or L");
  }
  return {{fields.text("chainId"), profile[0]},
          fields.hash("beacon"),
          fields.host_key("hostKey"),
          fields.hash("modelRoot"),
          fields.u64("rows"),
          fields.u32("passes", PASSES_MAX)};
}

std::vector<Hash> hashes_in(const Fields& fields, const char* name) {
  const Bytes raw = fields.bytes(name);
  if (raw.size() % 32 != 0) throw EngineError(BAD_ARGUMENT, std::string(name) + " must be hashes");
  std::vector<Hash> out(raw.size() / 32);
  for (size_t i = 0; i < out.size(); i++) {
    std::copy_n(raw.begin() + ptrdiff_t(32 * i), 32, out[i].begin());
  }
  return out;
}

ChallengeAnswer answer_in(const Fields& fields) {
  return {hashes_in(fields, "passRoots"), fields.hash("finalSeed")};
}

std::vector<RowSample> samples_in(napi_env env, const Fields& fields) {
  std::vector<RowSample> samples;
  for (const napi_value entry : fields.list("samples")) {
    const Fields sample(env, entry);
    samples.push_back({sample.u32("pass", PASS_INDEX_MAX), sample.u64("row")});
  }
  return samples;
}

std::vector<Bytes> byte_lists_in(napi_env env, const Fields& fields, const char* name) {
  std::vector<Bytes> out;
  for (const napi_value entry : fields.list(name)) out.push_back(bytes_in(env, entry, name));
  return out;
}

napi_value listed(napi_env env, const std::vector<Bytes>& all) {
  const Writer writer(env);
  const napi_value out = writer.list(all.size());
  for (size_t i = 0; i < all.size(); i++) writer.put(out, i, writer.bytes(all[i]));
  return out;
}

Bytes joined(const std::vector<Hash>& hashes) {
  Bytes out;
  for (const Hash& hash : hashes) append(out, hash);
  return out;
}

const KernelTable& best_kernels() {
  const KernelTable* tables[MAX_CPU_BACKENDS];
  cpu_backends(tables);
  return *tables[0];
}

// A job over model files with its own threads, and with the GPU where there is one.
napi_value start_file_job(napi_env env, const Fields& fields,
                          std::function<Finish(const ModelFiles&, const ChallengeTools&)> work) {
  const auto list = files_in(env, fields);
  const uint32_t threads = fields.u32("threads", THREADS_MAX);
  return start_job(env, [=](JobControl& control) -> Finish {
    const ModelFiles files(list);
    ThreadPool pool(threads);
    return work(files, {best_kernels(), pool, control.progress, control.stop, find_cuda()});
  });
}

}  // namespace

napi_value compute_model_root(napi_env env, const Fields& fields) {
  return start_file_job(env, fields, [](const ModelFiles& files, const ChallengeTools& tools) {
    const ModelRoot got = model_root(files, tools);
    return Finish([got](napi_env to) {
      const Writer writer(to);
      const napi_value out = writer.object(), list = writer.list(got.files.size());
      for (size_t i = 0; i < got.files.size(); i++) {
        writer.put(list, i, writer.bytes(got.files[i].sha256));
      }
      writer.set(out, "root", writer.bytes(got.root));
      writer.set(out, "rows", writer.big_unsigned(got.rows));
      writer.set(out, "fileSha256", list);
      return out;
    });
  });
}

napi_value answer_challenge(napi_env env, const Fields& fields) {
  const ChallengeRequest request = request_in(fields);
  return start_file_job(env, fields, [=](const ModelFiles& files, const ChallengeTools& tools) {
    const ChallengeAnswer got = challenge_answer(files, request, tools);
    return Finish([got](napi_env to) {
      const Writer writer(to);
      const napi_value out = writer.object();
      writer.set(out, "passRoots", writer.bytes(joined(got.folds)));
      writer.set(out, "finalSeed", writer.bytes(got.last_seed));
      return out;
    });
  });
}

napi_value open_challenge(napi_env env, const Fields& fields) {
  const ChallengeRequest request = request_in(fields);
  const ChallengeAnswer answer = answer_in(fields);
  const auto samples = samples_in(env, fields);
  return start_file_job(env, fields, [=](const ModelFiles& files, const ChallengeTools& tools) {
    const WeightOpening got = challenge_open(files, request, answer, samples, tools);
    return Finish([got](napi_env to) {
      const Writer writer(to);
      const napi_value out = writer.object(), passes = writer.list(got.passes.size());
      for (size_t i = 0; i < got.passes.size(); i++) {
        const napi_value pass = writer.object();
        writer.set(pass, "groups", listed(to, got.passes[i].groups));
        writer.set(pass, "proof", writer.bytes(joined(got.passes[i].proof)));
        writer.put(passes, i, pass);
      }
      writer.set(out, "rows", listed(to, got.rows));
      writer.set(out, "proof", writer.bytes(joined(got.proof)));
      writer.set(out, "passes", passes);
      return out;
    });
  });
}

napi_value verify_challenge(napi_env env, const Fields& fields) {
  const ChallengeRequest request = request_in(fields);
  const ChallengeAnswer answer = answer_in(fields);
  const auto samples = samples_in(env, fields);
  const Fields given(env, fields.value("opening"));
  WeightOpening opening{byte_lists_in(env, given, "rows"), hashes_in(given, "proof"), {}};
  for (const napi_value entry : given.list("passes")) {
    const Fields pass(env, entry);
    opening.passes.push_back({byte_lists_in(env, pass, "groups"), hashes_in(pass, "proof")});
  }
  return start_job(env, [=](JobControl&) -> Finish {
    const std::string fault = challenge_fault(request, answer, samples, opening);
    return [fault](napi_env to) { return Writer(to).text(fault); };
  });
}

}  // namespace gonka::binding
