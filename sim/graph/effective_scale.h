// The real factor from accumulator steps to output steps of a convolution or fully connected operator.
#pragma once

#include <cstddef>

#include "sim/graph/graph.h"

namespace thaw {

/// Scale of input times scale of weights over scale of output, in binary64 from left to right, for one output
/// channel; for a FULLY_CONNECTED with one weight scale the product of the first two is rounded to float32
/// first, as the TensorFlow Lite Micro kernels do (golden/tflm/README.md). `op` is a CONV_2D,
/// DEPTHWISE_CONV_2D or FULLY_CONNECTED of a checked graph.
double effective_scale(const Graph& graph, const Op& op, size_t channel);

/// Output channels of such an operator: the last axis of depthwise weights, the first of the others.
size_t output_channels(const Graph& graph, const Op& op);

}  // namespace thaw
