// Maximum pooling of int8 tensors: the largest tap inside the image, clamped.
#pragma once

#include <stdint.h>

#include "engine/kernels/pool2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/// input [H][W][C], output [OH][OW][C]; every window has a tap inside the image.
void thaw_max_pool2d_s8(const thaw_pool2d* pool, const int8_t* input, int8_t* output);

#ifdef __cplusplus
}
#endif
