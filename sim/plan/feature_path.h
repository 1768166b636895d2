// The way from the classifier's features back to the tensor whose elements they average or copy: the feature
// gradient takes it in one step.
#pragma once

#include <vector>

#include "sim/graph/graph.h"
#include "sim/plan/network.h"

namespace thaw {

/// Sets `source` of a classifier whose `feature_tensor` is known, and what its gradient needs: the tensor of
/// which the features are the plain average of whole channels, or the elements in their order; else the
/// features themselves. Where no operator makes them, `no_source_reason`.
void find_feature_source(const Graph& graph, Classifier& classifier);

/// By layer: those that only compute the features from their source. Gradients go around them.
std::vector<bool> feature_layers(const Network& network);

/// The operator that makes a tensor; null for inputs and constants.
const Op* producer(const Graph& graph, TensorId tensor);

}  // namespace thaw
