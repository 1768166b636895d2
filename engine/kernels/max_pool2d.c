// See max_pool2d.h.
#include "engine/kernels/max_pool2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"

// The largest value of channel c under a window, and which tap has it.
typedef struct largest_tap {
  int32_t value, tap;
} largest_tap;

static largest_tap largest_of(const thaw_pool2d* pool, const int8_t* input, int32_t y, int32_t x, int32_t c) {
  const thaw_range rows =
      thaw_pool2d_window(y, pool->stride_height, pool->pad_top, pool->filter_height, pool->input_height);
  const thaw_range columns =
      thaw_pool2d_window(x, pool->stride_width, pool->pad_left, pool->filter_width, pool->input_width);
  const int32_t top = y * pool->stride_height - pool->pad_top;
  const int32_t left = x * pool->stride_width - pool->pad_left;
  largest_tap largest = {INT8_MIN - 1, 0};
  for (int32_t in_y = rows.begin; in_y < rows.end; ++in_y) {
    for (int32_t in_x = columns.begin; in_x < columns.end; ++in_x) {
      const int32_t value = input[(in_y * pool->input_width + in_x) * pool->channels + c];
      if (value <= largest.value) continue;
      largest.value = value;
      largest.tap = (in_y - top) * pool->filter_width + in_x - left;
    }
  }
  return largest;
}

void thaw_max_pool2d_s8(const thaw_pool2d* pool, const int8_t* input, int8_t* output, uint8_t* mask,
                        void* winners) {
  int32_t index = 0;
  thaw_mask_clear(mask, pool->output_height * pool->output_width * pool->channels);
  for (int32_t y = 0; y < pool->output_height; ++y) {
    for (int32_t x = 0; x < pool->output_width; ++x) {
      for (int32_t c = 0; c < pool->channels; ++c, ++index) {
        const largest_tap largest = largest_of(pool, input, y, x, c);
        const int32_t clamped = thaw_sat32(largest.value, pool->clamp_low, pool->clamp_high);
        output[index] = (int8_t)clamped;
        if (mask && clamped == largest.value) thaw_mask_set(mask, index);
        if (winners && thaw_winner_bytes(pool) == 1) ((uint8_t*)winners)[index] = (uint8_t)largest.tap;
        if (winners && thaw_winner_bytes(pool) == 2) ((uint16_t*)winners)[index] = (uint16_t)largest.tap;
      }
    }
  }
}
