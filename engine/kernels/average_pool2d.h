// Average pooling of int8 tensors: the mean of the taps inside the image, halves away from zero.
#pragma once

#include <stdint.h>

#include "engine/kernels/pool2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/// input [H][W][C], output [OH][OW][C]; every window has a tap inside the image. Zero points play no part.
void thaw_average_pool2d_s8(const thaw_pool2d* pool, const int8_t* input, int8_t* output, uint8_t* mask);

#ifdef __cplusplus
}
#endif
