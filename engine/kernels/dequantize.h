// int8 to float32: scale * (q - zero point) (TFLite's DEQUANTIZE). TFLite multiplies in binary64 and rounds
// to float32; that product is exact there, so one float32 product rounds to the same.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct thaw_dequantize {
  int32_t elements;
  float scale;
  int32_t zero_point;
} thaw_dequantize;

/// input [elements], output [elements]; they do not overlap.
void thaw_dequantize_s8(const thaw_dequantize* dequantize, const int8_t* input, float* output);

#ifdef __cplusplus
}
#endif
