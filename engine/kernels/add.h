// Residual addition of two int8 tensors with different scales (docs/arithmetic.md, section 4; TFLite's
// rules).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bits by which both inputs are scaled up before they are brought to a common scale.
enum { THAW_ADD_LEFT_SHIFT = 20 };

/// Quantisation of one addition; multipliers and shifts as thaw_mbqm takes them, shifts <= 0.
typedef struct thaw_add {
  int32_t elements;
  int32_t input1_zero_point, input1_multiplier, input1_shift;
  int32_t input2_zero_point, input2_multiplier, input2_shift;
  int32_t output_zero_point, output_multiplier, output_shift;
  int32_t clamp_low, clamp_high;
} thaw_add;

/// output[i] = input1[i] + input2[i] in real values; output may be one of the inputs. mask (or NULL) gets a
/// bit for each element, 1 = not clamped.
void thaw_add_s8(const thaw_add* add, const int8_t* input1, const int8_t* input2, int8_t* output,
                 uint8_t* mask);

#ifdef __cplusplus
}
#endif
