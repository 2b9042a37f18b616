/* The C interface of the CUDA library, which the engine opens with dlopen where it finds it. */
#ifndef GONKA_CUDA_PLUGIN_H
#define GONKA_CUDA_PLUGIN_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GONKA_CUDA_ABI 1u

typedef struct {
  uint32_t d, heads, f, layers, tokens;
  int32_t shift_d, shift_p, shift_s, shift_h, shift_f;
  uint8_t weights_key[32];
  int32_t device;
  int32_t fast; /* Which product: 0 plain, 1 mma.sync (sm_80 on), 2 wgmma (sm_90). */
  uint32_t batch; /* Items of one call; 0: the library's choice. */
} gonka_cuda_config;

typedef struct gonka_cuda_engine gonka_cuda_engine;

uint32_t gonka_cuda_abi(void);
/* How many devices there are; 0 also when the driver is missing. */
int32_t gonka_cuda_devices(void);
/* Null, and a message of at most message_bytes, when it cannot be made. */
gonka_cuda_engine* gonka_cuda_create(const gonka_cuda_config* config, char* message,
                                     size_t message_bytes);
void gonka_cuda_destroy(gonka_cuda_engine* engine);
uint32_t gonka_cuda_batch(const gonka_cuda_engine* engine);
size_t gonka_cuda_memory(const gonka_cuda_engine* engine);
/* keys: 32 bytes for each item. outputs: tokens * 256 bytes for each. states: null, or for each
 * state of the trace before O all items' x (tokens * d bytes each). 0, or non-zero and a message.
 */
int32_t gonka_cuda_run(gonka_cuda_engine* engine, const uint8_t* keys, const uint64_t* nonces,
                       uint32_t count, int8_t* outputs, int8_t* states, char* message,
                       size_t message_bytes);

/* One product for self-tests: c [128][256] = Q(a [128][k] * b [256][k]^T, shift); with up [256][k]
 * not null the gated product, c [128][256] from gate b and up. */
typedef struct {
  const int8_t *a, *b, *up;
  int8_t* c;
  uint32_t k;
  int32_t shift, gate_shift, device, fast;
} gonka_cuda_product_job;

int32_t gonka_cuda_product(const gonka_cuda_product_job* job, char* message, size_t message_bytes);

#ifdef __cplusplus
}
#endif
#endif
