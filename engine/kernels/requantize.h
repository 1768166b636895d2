// Change of scale and zero point of an int8 tensor (TFLite's QUANTIZE with int8 input).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// multiplier and shift of input scale / output scale, as thaw_mbqm takes them.
typedef struct thaw_requantize {
  int32_t elements;
  int32_t input_zero_point, output_zero_point;
  int32_t multiplier, shift;
} thaw_requantize;

/// output may be the input.
void thaw_requantize_s8(const thaw_requantize* requantize, const int8_t* input, int8_t* output);

#ifdef __cplusplus
}
#endif
