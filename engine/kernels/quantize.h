// float32 to int8: round(x / scale) + zero point, halves away from zero, saturated (TFLite's QUANTIZE).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct thaw_quantize {
  int32_t elements;
  float scale;         // > 0
  int32_t zero_point;  // -128..127
} thaw_quantize;

/// The division is float32. Infinities saturate; a NaN becomes the zero point (real 0), TFLite leaves it
/// undefined.
void thaw_quantize_s8(const thaw_quantize* quantize, const float* input, int8_t* output);

#ifdef __cplusplus
}
#endif
