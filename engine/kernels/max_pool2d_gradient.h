// Input gradient of maximum pooling, as rows of a gradient tensor (docs/arithmetic.md, section 15).
#pragma once

#include <stdint.h>

#include "engine/kernels/gradient.h"
#include "engine/kernels/max_pool2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Parameters of thaw_max_pool2d_gradient.
typedef struct thaw_max_pool2d_source {
  thaw_pool2d pool;
  const void* winners;  // as the forward pass left them
} thaw_max_pool2d_source;

/// A row of a THAW_SOURCE_ROWS: each window's gradient goes to its winner.
void thaw_max_pool2d_gradient(const thaw_gradient_source* source, int32_t first, int32_t count, int32_t* row);

#ifdef __cplusplus
}
#endif
