// Input gradient of a function that is looked up, as rows of a gradient tensor (docs/arithmetic.md, section
// 15).
#pragma once

#include <stdint.h>

#include "engine/kernels/gradient.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Parameters of thaw_table_gradient.
typedef struct thaw_table_source {
  const int16_t* slopes;  // [256], of input -128 first; 0 where the function is clamped
  const int8_t* input;
} thaw_table_source;

/// A row of a THAW_SOURCE_ROWS: the gradient of the output times the slope at the input.
void thaw_table_gradient(const thaw_gradient_source* source, int32_t first, int32_t count, int32_t* row);

#ifdef __cplusplus
}
#endif
