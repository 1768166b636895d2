// See average_pool2d.h.
#include "engine/kernels/average_pool2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"

// sum / count, rounded: half the count is added with the sum's sign, then C's division truncates.
static int32_t rounded_mean(int32_t sum, int32_t count) {
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void thaw_average_pool2d_s8(const thaw_pool2d* pool, const int8_t* input, int8_t* output, uint8_t* mask) {
  int32_t index = 0;
  thaw_mask_clear(mask, pool->output_height * pool->output_width * pool->channels);
  for (int32_t y = 0; y < pool->output_height; ++y) {
    const thaw_range rows =
        thaw_pool2d_window(y, pool->stride_height, pool->pad_top, pool->filter_height, pool->input_height);
    for (int32_t x = 0; x < pool->output_width; ++x) {
      const thaw_range columns =
          thaw_pool2d_window(x, pool->stride_width, pool->pad_left, pool->filter_width, pool->input_width);
      const int32_t count = (rows.end - rows.begin) * (columns.end - columns.begin);
      for (int32_t c = 0; c < pool->channels; ++c, ++index) {
        int32_t sum = 0;
        for (int32_t in_y = rows.begin; in_y < rows.end; ++in_y)
          for (int32_t in_x = columns.begin; in_x < columns.end; ++in_x)
            sum += input[(in_y * pool->input_width + in_x) * pool->channels + c];
        const int32_t mean = rounded_mean(sum, count);
        const int32_t clamped = thaw_sat32(mean, pool->clamp_low, pool->clamp_high);
        output[index] = (int8_t)clamped;
        if (mask && clamped == mean) thaw_mask_set(mask, index);
      }
    }
  }
}
