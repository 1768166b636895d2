// Biases so large that `bias + sum of products` could leave int32, which C leaves undefined. Where the exact
// output of such a channel is one constant for every possible input, a smaller bias gives the same constant.
#pragma once

#include "sim/graph/graph.h"

namespace thaw {

/// For every output channel of every CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED:
/// |bias| + sum |w| * max |x - zero_point_x| <= 2^31 - 1 holds in the result, so the sum may run in any
/// order. A channel that violates this is mended where that cannot change any output: its bias moves toward
/// zero by just enough, and a sentence in `warnings` says so. Otherwise throws Error naming operator and
/// channel. `graph` must have passed check_graph.
Graph with_safe_biases(Graph graph);

}  // namespace thaw
