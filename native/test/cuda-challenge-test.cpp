// MWC-1 on the software device: the published vector, models that fit, that do not, and a device
// that is lost in the middle of an answer.
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "../src/mwc/cuda-model.hpp"
#include "../src/sprint/errors.hpp"
#include "cuda-fixtures.hpp"

namespace gonka::test {
namespace {

using cuda::emulated::Device;

// A model in one file, gone with the test.
struct Model {
  std::string path;
  std::unique_ptr<ModelFiles> files;

  explicit Model(const Bytes& bytes) {
    char name[] = "/tmp/gonka-cuda-model-XXXXXX";
    const int fd = ::mkstemp(name);
    ::close(fd);
    path = name;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    files = std::make_unique<ModelFiles>(std::vector<ModelFile>{{path, bytes.size()}});
  }
  ~Model() { ::unlink(path.c_str()); }
};

struct Desk {
  ThreadPool pool{2};
  Progress progress;
  StopFlag stop;
  std::vector<std::string> lines;
  ChallengeTools tools(const CudaApi* api) {
    return {scalar_kernels(), pool, progress, stop, api,
            [this](const std::string& line) { lines.push_back(line); }};
  }
};

ChallengeRequest request_for(const Model& model, uint32_t passes) {
  return {network('T'), Hash{5}, {2}, Hash{7}, model.files->rows(), passes};
}

bool equal(const ChallengeAnswer& a, const ChallengeAnswer& b) {
  return a.folds == b.folds && a.last_seed == b.last_seed;
}

}  // namespace

TEST("cuda, emulated challenge: answers of every size are the CPU's, before sm_80 too") {
  for (const size_t bytes : {1, 4096, 4096 * 127 + 5, 4096 * 128, 4096 * 300 + 77}) {
    const Model model(stream_bytes(Hash{3}, {0, 0, 1}, 0, bytes));
    Desk desk;
    const ChallengeTools cpu = desk.tools(nullptr), gpu = desk.tools(&emulated_cuda());
    const ChallengeRequest request = request_for(model, 2);
    const ChallengeAnswer wanted = challenge_answer(*model.files, request, cpu);
    desk.progress.done = 0;
    check(equal(challenge_answer(*model.files, request, gpu), wanted), std::to_string(bytes));
    same(desk.progress.done.load(), model.files->rows() * 4096 * 2, "progress");
    const DeviceAs old([](Device& d) { d.major = 7; });
    check(equal(challenge_answer(*model.files, request, gpu), wanted), "plain");
    same(desk.lines.size(), size_t(0), "nothing went wrong");
  }
}

TEST("cuda, emulated challenge: the published vector, and openings that verify") {
  for (const Json& v : vectors()["mwc"].items) {
    Bytes all;
    for (const Json& file : v["files"].items) {
      const size_t length = file["len"].u64();
      if (file.fields.contains("fill")) {
        all.insert(all.end(), length, uint8_t(file["fill"].u64()));
      } else {
        const Json& z = file["stream"];
        append(all, stream_bytes(z["key"].hash(), {uint32_t(z["n0"].u64()),
                                 uint32_t(z["n1"].u64()), uint32_t(z["n2"].u64())}, 0, length));
      }
    }
    const Model model(all);
    ChallengeRequest request{{v["chain_id"].string, v["profile"].string[0]}, v["beacon"].hash(),
                             {}, v["model_root"].hash(), v["n_rows"].u64(),
                             uint32_t(v["passes"].u64())};
    const Bytes host = v["host"].bytes();
    std::copy(host.begin(), host.end(), request.host.begin());
    Desk desk;
    const ChallengeTools gpu = desk.tools(&emulated_cuda());
    const ChallengeAnswer answer = challenge_answer(*model.files, request, gpu);
    for (uint32_t pass = 0; pass < request.passes; pass++) {
      same_hex(answer.folds[pass], v["F"][pass].string, "F");
    }
    same_hex(answer.last_seed, v["s_passes"].string, "s_passes");
    const auto samples = challenge_samples(request, Hash{6}, 5);
    const auto opening = challenge_open(*model.files, request, answer, samples, gpu);
    same(challenge_fault(request, answer, samples, opening), std::string(), "opening");
    same(desk.lines.size(), size_t(0), "nothing went wrong");
  }
}

TEST("cuda, emulated challenge: rows that do not fit pass through the device in windows") {
  constexpr size_t WINDOW_ROWS = 64 * 128;
  const Model model(stream_bytes(Hash{3}, {0, 0, 2}, 0, WINDOW_ROWS * 4096 + 4096 * 131 + 9));
  Desk desk;
  const ChallengeRequest request = request_for(model, 1);
  const auto wanted = challenge_answer(*model.files, request, desk.tools(nullptr));
  // Room for the spare, and for all rows, one window, none.
  const size_t spare = size_t(512) << 20, window = WINDOW_ROWS * 4096;
  for (const auto& [room, resident] :
       {std::pair<size_t, uint64_t>{2 * window, model.files->rows()},
        {window + 4096, WINDOW_ROWS}, {window - 1, 0}}) {
    const DeviceAs small([&](Device& d) { d.free_bytes = spare + room; });
    const ChallengeTools gpu = desk.tools(&emulated_cuda());
    same(CudaModel(*model.files, gpu).resident_rows(), resident, "resident rows");
    check(equal(challenge_answer(*model.files, request, gpu), wanted),
          std::to_string(resident) + " resident rows");
  }
  same(desk.lines.size(), size_t(0), "nothing went wrong");
}

TEST("cuda, emulated challenge: a device lost at any call leaves the CPU's answer and one line") {
  const Model model(stream_bytes(Hash{3}, {0, 0, 3}, 0, 4096 * 140));
  const ChallengeRequest request = request_for(model, 2);
  Desk desk;
  const ChallengeAnswer wanted = challenge_answer(*model.files, request, desk.tools(nullptr));
  const ChallengeTools gpu = desk.tools(&emulated_cuda());
  cuda::emulated::device().calls = 0;
  const size_t held = cuda::emulated::device().held;
  check(equal(challenge_answer(*model.files, request, gpu), wanted), "no fault");
  const uint64_t calls = cuda::emulated::device().calls;
  for (uint64_t at = 0; at < calls; at += setting("GONKA_FAULT_STEP", 3)) {
    desk.lines.clear();
    desk.progress.done = 0;
    const DeviceAs failing([&](Device& d) { d.calls = 0, d.fail_from = at; });
    const std::string who = "call " + std::to_string(at);
    check(equal(challenge_answer(*model.files, request, gpu), wanted), who);
    check(desk.lines.size() <= 1, who + ": one line at most");
    same(desk.progress.done.load(), model.files->rows() * 4096 * 2, who + ": progress");
    same(cuda::emulated::device().held, held, who + ": something is still held");
  }
}

TEST("cuda, emulated challenge: a device that sums wrongly is not used, a changed file refused") {
  const Model model(stream_bytes(Hash{3}, {0, 0, 3}, 0, 4096 * 20));
  const ChallengeRequest request = request_for(model, 1);
  Desk desk;
  const auto wanted = challenge_answer(*model.files, request, desk.tools(nullptr));
  CudaApi broken = emulated_cuda();
  broken.model_leaves = [](gonka_cuda_model* m, uint64_t first, uint64_t count,
                           const uint8_t* rows, uint8_t* leaves, char* message, size_t bytes) {
    const int32_t status = gonka_cuda_model_leaves(m, first, count, rows, leaves, message, bytes);
    leaves[0] ^= 1;
    return status;
  };
  check(equal(challenge_answer(*model.files, request, desk.tools(&broken)), wanted), "answer");
  same(desk.lines.size(), size_t(1), "one line");
  check(desk.lines[0].find("self-test: all -128 by -128") != std::string::npos, desk.lines[0]);
  std::ofstream(model.path, std::ios::binary).write("x", 1);
  std::string code;
  try {
    challenge_answer(*model.files, request, desk.tools(&emulated_cuda()));
  } catch (const EngineError& error) {
    code = error.code();
  }
  same(code, std::string(MODEL_CHANGED), "code");
}

}  // namespace gonka::test
