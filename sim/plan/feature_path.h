// The way from the classifier's features back to the tensor whose elements they average or copy: the only
// operators besides convolutions and adds that gradients go through.
#pragma once

#include "sim/graph/graph.h"
#include "sim/plan/network.h"

namespace thaw {

/// Sets `source` of a classifier whose `feature_tensor` is known, and what its gradient needs; or, where the
/// features are neither the plain average of whole channels nor the tensor's own elements in their order,
/// `no_source_reason`.
void find_feature_source(const Graph& graph, Classifier& classifier);

/// The operator that makes a tensor; null for inputs and constants.
const Op* producer(const Graph& graph, TensorId tensor);

}  // namespace thaw
