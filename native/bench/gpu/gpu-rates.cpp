// gpu-rates [PROFILE] [SCALE]   giga-operations a second of every product at the shapes of a
// profile's batch, and of cuBLASLt's 8-bit product at the same shapes where that library is found.
// One JSON object. SCALE divides every dimension, for devices that are none.
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../../src/sprint/cuda-runner.hpp"

namespace gonka::bench {
namespace {

struct Shape {
  const char* name;
  ProductShape size;
  double times;  // In one pass over the network.
};

// The driver's and cuBLASLt's functions by name, as their C interfaces of CUDA 12 and 13 are: the
// program is built without their headers and runs without the libraries.
struct Library {
  void* handle = nullptr;
  template <typename F>
  F get(const char* name) const {
    return handle ? reinterpret_cast<F>(dlsym(handle, name)) : nullptr;
  }
};

constexpr int ROUNDS = 10;
constexpr size_t WORKSPACE_BYTES = size_t(32) << 20;
constexpr int COMPUTE_32I = 72, TYPE_8I = 3, TYPE_32I = 10, TYPE_32F = 0;
constexpr int DESC_TRANSA = 3, OP_T = 1, PREFERENCE_WORKSPACE = 1;

struct Heuristic {  // cublasLtMatmulHeuristicResult_t
  uint64_t algorithm[8];
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};

using Address = unsigned long long;

// Just enough of the driver for memory and events on the first device.
class Driver {
 public:
  bool open() {
    library_.handle = dlopen("libcuda.so.1", RTLD_NOW);
    const auto init = library_.get<int (*)(unsigned)>("cuInit");
    const auto retain = library_.get<int (*)(void**, int)>("cuDevicePrimaryCtxRetain");
    const auto current = library_.get<int (*)(void*)>("cuCtxSetCurrent");
    void* context = nullptr;
    return init && retain && current && init(0) == 0 && retain(&context, 0) == 0 &&
           current(context) == 0;
  }
  Address allocate(size_t bytes) const {
    Address out = 0;
    library_.get<int (*)(Address*, size_t)>("cuMemAlloc_v2")(&out, bytes);
    if (out) library_.get<int (*)(Address, unsigned char, size_t)>("cuMemsetD8_v2")(out, 37, bytes);
    return out;
  }
  void free(Address at) const { library_.get<int (*)(Address)>("cuMemFree_v2")(at); }
  void upload(Address to, const void* from, size_t bytes) const {
    library_.get<int (*)(Address, const void*, size_t)>("cuMemcpyHtoD_v2")(to, from, bytes);
  }
  // Milliseconds of `act` on the default stream; negative when it fails.
  template <typename Act>
  float time(const Act& act) const {
    void *start = nullptr, *end = nullptr;
    const auto create = library_.get<int (*)(void**, unsigned)>("cuEventCreate");
    const auto record = library_.get<int (*)(void*, void*)>("cuEventRecord");
    create(&start, 0), create(&end, 0);
    record(start, nullptr);
    const bool ran = act();
    record(end, nullptr);
    float took = -1;
    const bool over = library_.get<int (*)(void*)>("cuEventSynchronize")(end) == 0;
    library_.get<int (*)(float*, void*, void*)>("cuEventElapsedTime")(&took, start, end);
    return ran && over ? took : -1;
  }

 private:
  Library library_;
};

// C [m][n] = A [m][k] * B [n][k]^T, which column-major cuBLASLt calls C^T = B * A^T. The better of
// 32-bit and of 8-bit results, as far as the library has either.
class CublasLt {
 public:
  bool open() {
    for (const char* name : {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"}) {
      if ((library_.handle = dlopen(name, RTLD_NOW))) break;
    }
    const auto create = library_.get<int (*)(void**)>("cublasLtCreate");
    return create && driver_.open() && create(&handle_) == 0;
  }

  double gops(const ProductShape& shape) const {
    return std::max(rate(shape, TYPE_32I, TYPE_32I), rate(shape, TYPE_8I, TYPE_32F));
  }

 private:
  double rate(const ProductShape& s, int result_type, int scale_type) const {
    void *job = nullptr, *b = nullptr, *a = nullptr, *c = nullptr, *preference = nullptr;
    library_.get<int (*)(void**, int, int)>("cublasLtMatmulDescCreate")(&job, COMPUTE_32I,
                                                                          scale_type);
    const auto set =
        library_.get<int (*)(void*, int, const void*, size_t)>("cublasLtMatmulDescSetAttribute");
    set(job, DESC_TRANSA, &OP_T, sizeof OP_T);
    const auto layout = library_.get<int (*)(void**, int, uint64_t, uint64_t, int64_t)>(
        "cublasLtMatrixLayoutCreate");
    layout(&b, TYPE_8I, s.k, s.n, s.k);
    layout(&a, TYPE_8I, s.k, s.m, s.k);
    layout(&c, result_type, s.n, s.m, s.n);
    library_.get<int (*)(void**)>("cublasLtMatmulPreferenceCreate")(&preference);
    library_.get<int (*)(void*, int, const void*, size_t)>(
        "cublasLtMatmulPreferenceSetAttribute")(preference, PREFERENCE_WORKSPACE,
                                                &WORKSPACE_BYTES, sizeof WORKSPACE_BYTES);
    Heuristic choices[8];
    int found = 0;
    library_.get<int (*)(void*, void*, void*, void*, void*, void*, void*, int, Heuristic*, int*)>(
        "cublasLtMatmulAlgoGetHeuristic")(handle_, job, b, a, c, c, preference, 8, choices, &found);
    double best = 0;
    for (int i = 0; i < found; i++) {
      best = std::max(best, measured(s, job, b, a, c, choices[i], result_type, scale_type));
    }
    return best;
  }

  double measured(const ProductShape& s, void* job, void* b_layout, void* a_layout,
                  void* c_layout, const Heuristic& choice, int result_type,
                  int scale_type) const {
    const auto multiply =
        library_.get<int (*)(void*, void*, const void*, Address, void*, Address, void*,
                             const void*, Address, void*, Address, void*, const uint64_t*, Address,
                             size_t, void*)>("cublasLtMatmul");
    const size_t result_bytes = result_type == TYPE_32I ? 4 : 1;
    const Address a = driver_.allocate(size_t(s.m) * s.k), b = driver_.allocate(size_t(s.n) * s.k);
    const Address c = driver_.allocate(size_t(s.m) * s.n * result_bytes);
    const Address room = driver_.allocate(WORKSPACE_BYTES);
    fill(a, size_t(s.m) * s.k), fill(b, size_t(s.n) * s.k);
    const int32_t whole[2] = {1, 0};
    const float real[2] = {1.0f / 4096, 0};
    const void* alpha = scale_type == TYPE_32I ? static_cast<const void*>(whole) : real;
    const void* beta = scale_type == TYPE_32I ? static_cast<const void*>(whole + 1) : real + 1;
    float best = -1;
    for (int round = 0; round <= ROUNDS; round++) {
      const float took = driver_.time([&] {
        return multiply(handle_, job, alpha, b, b_layout, a, a_layout, beta, c, c_layout, c,
                        c_layout, choice.algorithm, room, WORKSPACE_BYTES, nullptr) == 0;
      });
      if (round > 0 && took > 0 && (best < 0 || took < best)) best = took;
    }
    for (const Address at : {a, b, c, room}) driver_.free(at);
    return best > 0 ? 2e-6 * s.m * s.n * s.k / double(best) : 0;
  }

  // Uniform bytes, as the engine's own measurement has: power, and so the clock, depends on them.
  void fill(Address to, size_t bytes) const {
    const Bytes raw = stream_bytes(Hash{3}, {1, 2, 3}, 0, std::min<size_t>(bytes, 1 << 22));
    for (size_t at = 0; at < bytes; at += raw.size()) {
      driver_.upload(to + at, raw.data(), std::min(raw.size(), bytes - at));
    }
  }

  Library library_;
  Driver driver_;
  void* handle_ = nullptr;
};

uint32_t whole(uint32_t size, uint32_t scale, uint32_t unit) {
  return std::max(unit, size / scale / unit * unit);
}

std::vector<Shape> shapes_of(const Profile& p, uint32_t scale) {
  const uint32_t rows = p.d >= 4096 ? 8192 : 16384;
  const auto shape = [&](uint32_t n, uint32_t k) {
    return ProductShape{whole(rows, scale, 128), whole(n, scale, 256), whole(k, scale, 128)};
  };
  const double layers = p.layers;
  return {{"qkv", shape(3 * p.d, p.d), layers},
          {"o", shape(p.d, p.d), layers},
          {"gate+up", shape(2 * p.f, p.d), layers},
          {"down", shape(p.d, p.f), layers}};
}

int report(const Profile& profile, uint32_t scale) {
  const CudaApi* api = find_cuda();
  if (!api) {
    std::fprintf(stderr, "no device, or no libgonka_cuda.so (GONKA_CUDA_LIBRARY)\n");
    return 1;
  }
  CublasLt cublas;
  const bool has_cublas = scale == 1 && cublas.open();
  std::printf("{\"profile\":\"%c\",\"scale\":%u,\"shapes\":[", profile.code, scale);
  const char* comma = "";
  double cublas_time = 0, own_time[std::size(CUDA_PRODUCTS)] = {};
  for (const Shape& shape : shapes_of(profile, scale)) {
    const ProductShape& s = shape.size;
    const double work = shape.times * 2e-9 * s.m * s.n * s.k;
    const double theirs = has_cublas ? cublas.gops(s) : 0;
    std::printf("%s{\"name\":\"%s\",\"m\":%u,\"n\":%u,\"k\":%u,\"cublasLt\":%.0f", comma,
                shape.name, s.m, s.n, s.k, theirs);
    cublas_time += theirs > 0 ? work / theirs : 0;
    for (const ProductRate& rate : cuda_rates(*api, 0, s)) {
      std::printf(",\"%s\":%.0f", cuda_backend_name(rate.product), rate.gops);
      if (rate.gops > 0) own_time[size_t(rate.product)] += work / rate.gops;
    }
    std::printf("}");
    comma = ",";
  }
  std::printf("],\"percentOfCublasLt\":{");
  comma = "";
  for (const CudaProduct product : CUDA_PRODUCTS) {
    const double mine = own_time[size_t(product)];
    std::printf("%s\"%s\":%.1f", comma, cuda_backend_name(product),
                mine > 0 && cublas_time > 0 ? 100 * cublas_time / mine : 0.0);
    comma = ",";
  }
  std::printf("}}\n");
  return 0;
}

}  // namespace
}  // namespace gonka::bench

int main(int argc, char** argv) {
  const gonka::Profile* profile = gonka::find_profile(argc > 1 ? argv[1][0] : 'M');
  const int scale = argc > 2 ? std::atoi(argv[2]) : 1;
  if (!profile || scale < 1) {
    std::fprintf(stderr, "gpu-rates [T|C|M|L] [SCALE]\n");
    return 2;
  }
  return gonka::bench::report(*profile, uint32_t(scale));
}
