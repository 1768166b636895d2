// See max_pool2d.h.
#include "engine/kernels/max_pool2d.h"

#include "engine/kernels/fixed_point.h"

void thaw_max_pool2d_s8(const thaw_pool2d* pool, const int8_t* input, int8_t* output) {
  for (int32_t y = 0; y < pool->output_height; ++y) {
    const thaw_range rows =
        thaw_pool2d_window(y, pool->stride_height, pool->pad_top, pool->filter_height, pool->input_height);
    for (int32_t x = 0; x < pool->output_width; ++x) {
      const thaw_range columns =
          thaw_pool2d_window(x, pool->stride_width, pool->pad_left, pool->filter_width, pool->input_width);
      for (int32_t c = 0; c < pool->channels; ++c) {
        int32_t largest = INT8_MIN;
        for (int32_t in_y = rows.begin; in_y < rows.end; ++in_y) {
          for (int32_t in_x = columns.begin; in_x < columns.end; ++in_x) {
            const int32_t value = input[(in_y * pool->input_width + in_x) * pool->channels + c];
            if (value > largest) largest = value;
          }
        }
        *output++ = (int8_t)thaw_sat32(largest, pool->clamp_low, pool->clamp_high);
      }
    }
  }
}
