// See dequantize.h.
#include "engine/kernels/dequantize.h"

void thaw_dequantize_s8(const thaw_dequantize* dequantize, const int8_t* input, float* output) {
  for (int32_t i = 0; i < dequantize->elements; ++i)
    output[i] = dequantize->scale * (float)(input[i] - dequantize->zero_point);
}
