// Input gradient of average pooling, as rows of a gradient tensor (docs/arithmetic.md, section 15).
#pragma once

#include <stdint.h>

#include "engine/kernels/gradient.h"
#include "engine/kernels/pool2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A row of a THAW_SOURCE_ROWS whose parameters are a thaw_pool2d: each window of n taps inside the image
/// gives each of them rshu(g * 2^left_shift * R, 31), R = min(2^31 - 1, round(2^31 / n)).
void thaw_average_pool2d_gradient(const thaw_gradient_source* source, int32_t first, int32_t count,
                                  int32_t* row);

#ifdef __cplusplus
}
#endif
