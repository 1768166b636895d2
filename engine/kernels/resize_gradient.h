// Input gradient of a resizing by the nearest neighbour, as rows of a gradient tensor (docs/arithmetic.md,
// section 15).
#pragma once

#include <stdint.h>

#include "engine/kernels/gradient.h"
#include "engine/kernels/resize.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Parameters of thaw_resize_nearest_gradient: those of the forward pass.
typedef struct thaw_resize_source {
  thaw_resize resize;
  const int32_t* rows;
  const int32_t* columns;
} thaw_resize_source;

/// A row of a THAW_SOURCE_ROWS: the sum of the gradients of the output elements that read an element.
void thaw_resize_nearest_gradient(const thaw_gradient_source* source, int32_t first, int32_t count,
                                  int32_t* row);

#ifdef __cplusplus
}
#endif
