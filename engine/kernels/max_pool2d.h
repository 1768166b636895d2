// Maximum pooling of int8 tensors: the largest tap inside the image, clamped.
#pragma once

#include <stdint.h>

#include "engine/kernels/pool2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Taps that a window may have where the winners are kept.
enum { THAW_WINNER_TAPS = 65536 };

/// Bytes of one winner: the number of a window's tap, row by row, those outside the image counted.
static inline int32_t thaw_winner_bytes(const thaw_pool2d* pool) {
  return pool->filter_height * pool->filter_width <= 256 ? 1 : 2;
}

/// input [H][W][C], output [OH][OW][C]; every window has a tap inside the image. For the gradient: `mask` has
/// a bit an output element (see clamp_mask.h), `winners` which tap was the largest, the first of equals, as
/// uint8_t or uint16_t (thaw_winner_bytes). Either may be NULL.
void thaw_max_pool2d_s8(const thaw_pool2d* pool, const int8_t* input, int8_t* output, uint8_t* mask,
                        void* winners);

#ifdef __cplusplus
}
#endif
