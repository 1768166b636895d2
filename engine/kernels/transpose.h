// Permutation of the axes of an int8 tensor.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Up to four dimensions; unused leading ones have size 1 and stay in place.
typedef struct thaw_transpose {
  int32_t dims[4];         // input shape
  int32_t permutation[4];  // output axis i is input axis permutation[i]
} thaw_transpose;

/// output does not overlap input.
void thaw_transpose_s8(const thaw_transpose* transpose, const int8_t* input, int8_t* output);

#ifdef __cplusplus
}
#endif
