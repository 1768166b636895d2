// Softmax over the last axis, int8 to int8 with scale 1/256 and zero point -128 (TFLite's integer rules).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// multiplier and shift turn a difference of inputs into Q5.26: quantised min(beta * scale * 2^26, 2^31 - 1),
/// shift >= 0. Differences below `cut` = -floor(31 * 2^26 / 2^shift) count as probability 0.
typedef struct thaw_softmax {
  int32_t rows, depth;  // depth <= 4095
  int32_t multiplier, shift;
  int32_t cut;
} thaw_softmax;

/// input and output [rows][depth]; output may be the input.
void thaw_softmax_s8(const thaw_softmax* softmax, const int8_t* input, int8_t* output);

#ifdef __cplusplus
}
#endif
