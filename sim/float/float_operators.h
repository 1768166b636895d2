// Input gradients of the operators that are neither convolutions nor residual adds, in float arithmetic.
#pragma once

#include <cstdint>

#include "sim/float/float_model.h"

namespace thaw {

/// One layer's tensors for all samples of a block, [sample][element].
struct FloatOperatorBlock {
  int32_t samples = 0;
  const float* input = nullptr;     // integers minus zero point
  const float* output = nullptr;    // the same
  const float* gradient = nullptr;  // of the output's integers
};

/// Adds to `result` the gradient of the input of a plain layer that gradients pass (`operator_gradient`).
/// Outputs at an end of their range count as clamped where the operator can clamp.
void add_operator_input_gradient(const FloatModel& model, const Layer& layer, const FloatOperatorBlock& block,
                                 float* result);

}  // namespace thaw
