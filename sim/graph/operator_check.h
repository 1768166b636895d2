// Whether one operator is one that Thaw can lower and run.
#pragma once

#include "sim/graph/graph.h"

namespace thaw {

/// Checks an operator's tensors, options and output shape, and the limits of its int8 kernel. Ids and the
/// tensors alone must have been checked before. Throws Error naming the field path of the first fault.
void check_operator(const Graph& graph, const Op& op);

}  // namespace thaw
