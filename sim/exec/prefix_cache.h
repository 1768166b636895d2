// The activations that enter the first layer that a schedule touches, computed once per data set and reused
// by every epoch and by every schedule that freezes at least as much.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/exec/executor.h"
#include "sim/plan/network.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// Samples as the model's int8 input, with labels. `images` holds count samples of steps * height * width *
/// channels. `steps`: inferences that make one sample of a model with state variables, which begin anew with
/// every sample and last over its steps; its label is that of the last.
struct Samples {
  int64_t count = 0;
  int32_t height = 1, width = 1, channels = 1;
  std::vector<int8_t> images;
  std::vector<int32_t> labels;

  int32_t steps = 1;
  std::vector<int8_t> targets = {};  // of regression: as many for each sample as the model has outputs

  int64_t step_bytes() const { return int64_t{height} * width * channels; }
  int64_t sample_bytes() const { return steps * step_bytes(); }
};

/// What crosses a cut of the network before layer number `layer` (network.layers.size(): before the
/// classifier), for every sample as it is and, if asked for, mirrored left to right. Of a sample of several
/// steps each is there where something behind the cut reads a state variable, else the last alone.
struct PrefixCache {
  size_t layer = 0;
  std::vector<TensorId> tensors;  // ascending
  std::vector<int64_t> bytes;     // of each tensor
  int64_t sample_bytes = 0;       // of all steps
  int64_t count = 0;
  std::vector<int8_t> plain;
  std::vector<int8_t> mirrored;     // empty unless asked for
  const Samples* images = nullptr;  // of an uncopied cut: stand for both of the above
  OpId first_op;                    // of the layer, or of the classifier
  int32_t steps = 1;                // of a sample
  int64_t step_bytes = 0;           // of all tensors at one of them

  int64_t total_bytes() const { return static_cast<int64_t>(plain.size() + mirrored.size()); }

  std::span<const int8_t> sample(int64_t id, bool flip) const {
    const std::vector<int8_t>& all = flip ? mirrored : plain;
    return std::span(all).subspan(static_cast<size_t>(id * sample_bytes), static_cast<size_t>(sample_bytes));
  }
};

/// The first layer that the schedule updates: everything before it is the same in every step.
size_t first_updated_layer(const Network& network, const Schedule& schedule);

/// A cache of the right sizes, all zeros. `steps`: of the samples that it is made of.
PrefixCache empty_prefix_cache(const Network& network, size_t layer, int64_t count, bool mirrored,
                               int32_t steps = 1);

/// The cut before the first layer: the samples themselves, which must outlive it, mirrored as they are
/// loaded. Of the functions that read a cache, `load_sample` and `advance_prefix` take it.
PrefixCache uncopied_cut(const Network& network, const Samples& samples);

/// Computes the cache before `layer`, in parallel over samples on `threads` threads.
PrefixCache cache_prefix(const Network& network, size_t layer, const Samples& samples, bool mirrored,
                         int32_t threads);

/// The cache before a later layer, from one before an earlier layer, which must hold mirrored samples where
/// they are asked for.
PrefixCache advance_prefix(const Network& network, size_t layer, const PrefixCache& from, bool mirrored,
                           int32_t threads);

/// The step of a plan of this network with which layer number `layer` begins.
size_t first_step_of_layer(const Plan& plan, const Network& network, size_t layer);

/// Copies sample number `id` of the cache to where the plan's tensors lie; the executor can then run from
/// that layer on. State variables begin anew, and all steps of the sample but the last are run from there.
void load_sample(Executor& executor, const PrefixCache& cache, int64_t id, bool flip);

}  // namespace thaw
