// A data set as a model reads it: decoded, resized to the model's input, quantised.
#pragma once

#include <string>
#include <vector>

#include "sim/data/dataset.h"
#include "sim/exec/prefix_cache.h"
#include "sim/graph/graph.h"

namespace thaw::cli {

/// int8 samples of both splits; `about` is the data set without its samples.
struct ModelData {
  Dataset about;
  Samples train, test;
};

/// Reads DATA for the model whose int8 input is tensor `input`. Throws Error where its samples do not fit.
ModelData read_model_data(const std::string& path, const Graph& graph, TensorId input);

/// Throws Error where the data of `path` have another number of classes than is trained; `who` names who asks
/// for `classes`, for example "the schedule is for".
void check_classes(const Dataset& about, int32_t classes, const std::string& who, const std::string& path);

/// The int8 tensor that a model is fed: its input, or what a QUANTIZE makes of a float32 input.
TensorId int8_input(const Graph& graph);

}  // namespace thaw::cli
