// Bytes of scratch that the engine's kernels need: the same numbers as the functions of that purpose in
// engine/kernels, which a test compares. They do not depend on the number of output rows, so steps that share
// a layer may share its scratch.
#pragma once

#include <cstdint>

#include "sim/plan/plan.h"

namespace thaw {

/// thaw_conv2d_scratch_bytes or thaw_depthwise_scratch_bytes.
int64_t scratch_bytes(const ConvolutionForward& kernel);

/// thaw_gradient_scratch_bytes.
int64_t scratch_bytes(const MakeGradient& kernel);

/// thaw_update_conv2d_weights_scratch_bytes; 0 for depthwise.
int64_t scratch_bytes(const UpdateWeights& kernel);

}  // namespace thaw
