// See quantize.h. Values are limited before the conversion to an integer, which is undefined outside int32.
#include "engine/kernels/quantize.h"

#include "engine/kernels/fixed_point.h"

// x to the nearest integer, halves away from zero, limited to -512..512 (any zero point then saturates).
static int32_t rounded(float x) {
  if (!(x == x)) return 0;
  if (x >= 512.0F) return 512;
  if (x <= -512.0F) return -512;
  const int32_t whole = (int32_t)x;         // towards zero
  const float fraction = x - (float)whole;  // exact: both are multiples of x's last bit, and it is small
  if (fraction >= 0.5F) return whole + 1;
  if (fraction <= -0.5F) return whole - 1;
  return whole;
}

void thaw_quantize_s8(const thaw_quantize* quantize, const float* input, int8_t* output) {
  for (int32_t i = 0; i < quantize->elements; ++i) {
    const int32_t value = rounded(input[i] / quantize->scale) + quantize->zero_point;
    output[i] = (int8_t)thaw_sat32(value, INT8_MIN, INT8_MAX);
  }
}
