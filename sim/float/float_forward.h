// The forward pass of the float arithmetic for a block of samples, which one thread computes alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/exec/prefix_cache.h"
#include "sim/float/float_model.h"

namespace thaw {

/// What a block of samples leaves behind in forward and backward pass. A workspace: vectors keep their size
/// from block to block, so that nothing is allocated in a training loop.
struct FloatBlock {
  int32_t samples = 0;
  bool keep_masks = true;                     // false: forward only, no backward pass follows
  std::vector<std::vector<float>> values;     // by TensorId: integer minus zero point, [sample][element]
  std::vector<std::vector<uint8_t>> masks;    // by layer: 1 = the output element was not clamped
  std::vector<float> features;                // [sample][feature], real units
  std::vector<float> logits;                  // [sample][class]
  std::vector<std::vector<float>> gradients;  // by TensorId: dLoss / d integer, before the layer's own mask
  std::vector<float> columns, sums, scratch;  // of one layer at a time
};

/// An empty block.
FloatBlock float_block(const FloatModel& model);

/// Sets the tensors of a cut to cached samples, all of the cache's layout.
void load_block(const FloatModel& model, const PrefixCache& cache, std::span<const int8_t* const> samples,
                FloatBlock& block);

/// Runs layers first .. last - 1 on what the block holds. `biases` by schedule number.
void forward_layers(const FloatModel& model, const std::vector<FloatKernelWeights>& weights,
                    const std::vector<std::vector<float>>& biases, size_t first, size_t last,
                    FloatBlock& block);

/// Features and logits from the feature tensor; sums in binary64, rounded once.
void forward_classifier(const FloatModel& model, const FloatParameters& parameters, FloatBlock& block);

}  // namespace thaw
