// Input gradients of element-wise operators on two tensors, as rows of a gradient tensor (docs/arithmetic.md,
// section 15).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/kernels/binary.h"
#include "engine/kernels/gradient.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Parameters of thaw_binary_gradient.
typedef struct thaw_binary_source {
  thaw_binary binary;
  bool of_second;               // the gradient of the second input, else of the first
  const int8_t* first_values;   // MUL, MAXIMUM, MINIMUM, PRELU: as in the forward pass
  const int8_t* second_values;  // the same
} thaw_binary_source;

/// A row of a THAW_SOURCE_ROWS: the sum over the outputs that read an element of their gradients, each times
/// 1 (ADD), 1 or -1 (SUB), the other input without its zero point (MUL), 1 where the element was taken, the
/// first input's of equals (MAXIMUM, MINIMUM), or, of the first input of PRELU, `second_multiplier` from its
/// zero point on and below it the second input without its zero point times 2^second_shift.
void thaw_binary_gradient(const thaw_gradient_source* source, int32_t first, int32_t count, int32_t* row);

#ifdef __cplusplus
}
#endif
