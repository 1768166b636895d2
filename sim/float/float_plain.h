// Operators without weights in the float arithmetic: pooling, padding, reordering. The published code knows
// one of them, the global average (`round(mean)`); the others follow the same pattern.
#pragma once

#include "sim/float/float_model.h"

namespace thaw {

/// Runs layer number `layer`, a PlainOperator, on one sample; values are integers minus zero point.
void run_plain_operator(const FloatModel& model, size_t layer, const float* input, float* output);

}  // namespace thaw
