// Input gradient of operators that take, move, repeat or drop elements (MEAN, TRANSPOSE, PAD, slices,
// CONCATENATION), as rows of a gradient tensor (docs/arithmetic.md, section 15).
#pragma once

#include <stdint.h>

#include "engine/kernels/gradient.h"
#include "engine/kernels/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A row of a THAW_SOURCE_ROWS whose parameters are a thaw_view: the gradient of where each element went, 0
/// where it went nowhere.
void thaw_view_gradient(const thaw_gradient_source* source, int32_t first, int32_t count, int32_t* row);

#ifdef __cplusplus
}
#endif
