// One pass over a model: the leaf hash of every group of 128 rows, in order.
#pragma once
#include <functional>

#include "challenge.hpp"

namespace gonka {

// Refuses a request that these files cannot answer.
void require_request(const ModelFiles& files, const ChallengeRequest& request);

// Row sums of one group as they are hashed: LE32(y), c fastest.
Bytes group_sums(const KernelTable& kernels, const uint8_t* rows, size_t count,
                 const uint8_t* packed_g);
Hash group_leaf(uint64_t group, ByteSpan sums);
// G of a seed in the backend's layout.
AlignedBuffer pack_seed(const KernelTable& kernels, const Hash& seed);

using LeafSink = std::function<void(uint64_t index, const Hash& leaf)>;

void for_each_group(const ModelFiles& files, const Hash& seed, const ChallengeTools& tools,
                    const LeafSink& sink);
// The same for rows: leaves LE64(i) || row_i. `window` sees each run of rows before its leaves.
using WindowSink = std::function<void(uint64_t first, ByteSpan rows)>;
void for_each_row(const ModelFiles& files, const ChallengeTools& tools, const LeafSink& sink,
                  const WindowSink& window);
Hash row_leaf(uint64_t row, const uint8_t* bytes);

}  // namespace gonka
