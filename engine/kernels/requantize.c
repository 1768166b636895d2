// See requantize.h.
#include "engine/kernels/requantize.h"

#include "engine/kernels/fixed_point.h"

void thaw_requantize_s8(const thaw_requantize* requantize, const int8_t* input, int8_t* output) {
  for (int32_t i = 0; i < requantize->elements; ++i) {
    const int32_t scaled =
        thaw_mbqm(input[i] - requantize->input_zero_point, requantize->multiplier, requantize->shift);
    output[i] = (int8_t)thaw_sat32(scaled + requantize->output_zero_point, INT8_MIN, INT8_MAX);
  }
}
