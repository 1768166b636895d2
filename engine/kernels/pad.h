// Padding of an int8 tensor with its zero point.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Up to four dimensions; unused leading ones have size 1 and no padding.
typedef struct thaw_pad {
  int32_t dims[4];    // input shape
  int32_t before[4];  // elements added before each dimension
  int32_t after[4];   // and after it
  int32_t value;      // output zero point
} thaw_pad;

/// output has shape before + dims + after, and does not overlap input.
void thaw_pad_s8(const thaw_pad* pad, const int8_t* input, int8_t* output);

#ifdef __cplusplus
}
#endif
