// Forward sums that float32 might not hold exactly: the same layers in binary64, where they are exact again.
#pragma once

#include <cstdint>

#include "sim/float/float_product.h"
#include "sim/plan/plan.h"

namespace thaw {

/// result = left * right, summed in binary64, each element then rounded to float32. Dense rows.
void wide_product(MatrixView<const float> left, MatrixView<const float> right, MatrixView<float> result);

/// Depthwise convolution of `samples` images, one output for each input channel; weights [tap][channel].
void wide_depthwise(const float* images, int32_t samples, const float* weights, const Window& window,
                    float* sums);

}  // namespace thaw
