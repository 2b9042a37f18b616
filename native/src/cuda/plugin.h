/* The C interface of the CUDA library, which the engine opens with dlopen where it finds it. Calls
 * that can fail give 0, or non-zero and a message of at most message_bytes. */
#ifndef GONKA_CUDA_PLUGIN_H
#define GONKA_CUDA_PLUGIN_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GONKA_CUDA_ABI 2u

/* Which product: 0 plain, 1 mma.sync (sm_80 on), 2 wgmma (sm_90), 3 wgmma fed by bulk tensor copies
 * (sm_90), 4 bfloat16 (sm_80 on). */
typedef struct {
  uint32_t d, heads, f, layers, tokens;
  int32_t shift_d, shift_p, shift_s, shift_h, shift_f;
  uint8_t weights_key[32];
  int32_t device;
  int32_t fast;
  uint32_t batch;       /* Items of one call; 0: the library's choice. */
  uint32_t patience_ms; /* A device that does not answer for so long is lost; 0: ten minutes. */
} gonka_cuda_config;

typedef struct gonka_cuda_engine gonka_cuda_engine;

uint32_t gonka_cuda_abi(void);
/* How many devices there are; 0 also when the driver is missing. */
int32_t gonka_cuda_devices(void);
/* Null, and a message, when it cannot be made. */
gonka_cuda_engine* gonka_cuda_create(const gonka_cuda_config* config, char* message,
                                     size_t message_bytes);
void gonka_cuda_destroy(gonka_cuda_engine* engine);
uint32_t gonka_cuda_batch(const gonka_cuda_engine* engine);
size_t gonka_cuda_memory(const gonka_cuda_engine* engine);
/* keys: 32 bytes for each item. outputs: tokens * 256 bytes for each. states: null, or for each
 * state of the trace before O all items' x (tokens * d bytes each). */
int32_t gonka_cuda_run(gonka_cuda_engine* engine, const uint8_t* keys, const uint64_t* nonces,
                       uint32_t count, int8_t* outputs, int8_t* states, char* message,
                       size_t message_bytes);

typedef struct {
  uint32_t item;
  uint8_t digest[32];
} gonka_cuda_hit;

/* Computes, digests and judges on the device: only hits come back, by increasing item. hits: room
 * for count. */
int32_t gonka_cuda_hits(gonka_cuda_engine* engine, const uint8_t* keys, const uint64_t* nonces,
                        uint32_t count, const int8_t target[256], uint32_t c, gonka_cuda_hit* hits,
                        uint32_t* found, char* message, size_t message_bytes);

/* One product for self-tests: c [128][256] = Q(a [128][k] * b [256][k]^T, shift); with up [256][k]
 * not null the gated product, c [128][256] from gate b and up. */
typedef struct {
  const int8_t *a, *b, *up;
  int8_t* c;
  uint32_t k;
  int32_t shift, gate_shift, device, fast;
} gonka_cuda_product_job;

int32_t gonka_cuda_product(const gonka_cuda_product_job* job, char* message, size_t message_bytes);

/* How fast a product is: giga-operations a second of [m][k] by [n][k]^T, the best of `rounds`. m is
 * a multiple of 128, n of 256, k of 128. */
typedef struct {
  uint32_t m, n, k, rounds;
  int32_t device, fast;
} gonka_cuda_rate_job;

int32_t gonka_cuda_rate(const gonka_cuda_rate_job* job, double* gops, char* message,
                        size_t message_bytes);

/* The weight challenge: rows of 4096 bytes, kept on the device as far as they fit. */
typedef struct gonka_cuda_model gonka_cuda_model;

gonka_cuda_model* gonka_cuda_model_create(int32_t device, uint64_t rows, uint32_t patience_ms,
                                          char* message, size_t message_bytes);
void gonka_cuda_model_destroy(gonka_cuda_model* model);
/* Rows 0 .. resident-1 stay on the device once loaded; a multiple of 128, or all. */
uint64_t gonka_cuda_model_resident(const gonka_cuda_model* model);
/* The most groups of one call of load or leaves. */
uint32_t gonka_cuda_model_window(const gonka_cuda_model* model);
int32_t gonka_cuda_model_load(gonka_cuda_model* model, uint64_t first_row, uint64_t count,
                              const uint8_t* rows, char* message, size_t message_bytes);
/* g: G of a pass, [4096][8]. */
int32_t gonka_cuda_model_seed(gonka_cuda_model* model, const int8_t* g, char* message,
                              size_t message_bytes);
/* Leaf hashes (32 bytes each) of the groups that hold rows first_group * 128 .. + count - 1. rows:
 * null when all of them are resident, else their bytes. */
int32_t gonka_cuda_model_leaves(gonka_cuda_model* model, uint64_t first_group, uint64_t count,
                                const uint8_t* rows, uint8_t* leaves, char* message,
                                size_t message_bytes);

#ifdef __cplusplus
}
#endif
#endif
