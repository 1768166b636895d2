// Mean squared error of an int8 output against an int8 target of the same quantisation: the error of each
// element with one exponent per sample, and the loss (docs/arithmetic.md, section 17). Exact: nothing is
// rounded but the reported mean.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What one sample gives beside the errors.
typedef struct thaw_squared_loss_result {
  int64_t loss;            // mean of (output - target)^2 in Q16, in squared steps of the output's scale
  int32_t error_exponent;  // ee: errors are e16 * 2^ee, -22 <= ee <= -15
  bool changes;            // false: all errors are 0 and the step changes nothing
} thaw_squared_loss_result;

/// output, target [count], count >= 1; errors [count] receives e16 with
/// e16 * 2^ee = (output - target) / 256, |e16| < 2^15.
thaw_squared_loss_result thaw_squared_loss(int32_t count, const int8_t* output, const int8_t* target,
                                           int32_t* errors);

#ifdef __cplusplus
}
#endif
