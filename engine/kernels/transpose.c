// See transpose.h. The output is written front to back with the input's strides in permuted order.
#include "engine/kernels/transpose.h"

void thaw_transpose_s8(const thaw_transpose* transpose, const int8_t* input, int8_t* output) {
  const int32_t* dims = transpose->dims;
  const int32_t input_stride[4] = {dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1};
  int32_t size[4];
  int32_t stride[4];
  for (int32_t i = 0; i < 4; ++i) {
    size[i] = dims[transpose->permutation[i]];
    stride[i] = input_stride[transpose->permutation[i]];
  }
  for (int32_t a = 0; a < size[0]; ++a)
    for (int32_t b = 0; b < size[1]; ++b)
      for (int32_t c = 0; c < size[2]; ++c)
        for (int32_t d = 0; d < size[3]; ++d)
          *output++ = input[a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3]];
}
