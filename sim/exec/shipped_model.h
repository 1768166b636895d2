// The model as it was shipped, before any training: what its own last layer says of samples.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sim/exec/executor.h"
#include "sim/exec/prefix_cache.h"
#include "sim/graph/graph.h"

namespace thaw {

/// Gives one int8 sample to an executor of the model's inference plan. `input` is the int8 tensor that
/// samples are given to: the model's input, or what a QUANTIZE makes of a float32 one (then its arithmetic is
/// inverted).
void feed_shipped_model(const Graph& graph, Executor& executor, TensorId input,
                        std::span<const int8_t> sample);

/// Class of every sample, bit for bit as TFLite Micro computes it: the largest output, the lowest class on
/// ties. `input` as above. `done` is called once a sample, from any thread but one at a time; it may be
/// empty. Samples that come after `stopped` says true are left at class 0.
std::vector<int32_t> predict_as_shipped(const Graph& graph, TensorId input, const Samples& samples,
                                        int32_t threads, const std::function<void()>& done,
                                        const std::function<bool()>& stopped);

/// Whether the model's classes are those of the labels, and not as many others: most classes are most often
/// given their own label, and the predictions are surely better than always naming the most frequent class.
bool knows_classes(const std::vector<int32_t>& predictions, const std::vector<int32_t>& labels,
                   int32_t classes);

}  // namespace thaw
