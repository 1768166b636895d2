// What UNIDIRECTIONAL_SEQUENCE_LSTM asks of its tensors. Internal to graph_check.h.
#pragma once

#include "sim/graph/graph.h"

namespace thaw {

/// Throws Error naming the field path of the first fault. `lstm` is the kind of `op`.
void check_lstm(const Graph& graph, const Op& op, const Lstm& lstm);

}  // namespace thaw
