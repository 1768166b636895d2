// See average_pool2d_gradient.h.
#include "engine/kernels/average_pool2d_gradient.h"

#include "engine/kernels/fixed_point.h"
#include "engine/kernels/pool2d_windows.h"

// 1 / count in units of 2^-31, to the nearest, below 1.
static int32_t reciprocal(int32_t count) {
  const uint32_t nearest = ((UINT32_C(1) << 31) + (uint32_t)count / 2) / (uint32_t)count;
  return nearest > INT32_MAX ? INT32_MAX : (int32_t)nearest;
}

static int32_t taps_of(const thaw_pool2d* pool, int32_t y, int32_t x) {
  const thaw_range rows =
      thaw_pool2d_window(y, pool->stride_height, pool->pad_top, pool->filter_height, pool->input_height);
  const thaw_range columns =
      thaw_pool2d_window(x, pool->stride_width, pool->pad_left, pool->filter_width, pool->input_width);
  return (rows.end - rows.begin) * (columns.end - columns.begin);
}

void thaw_average_pool2d_gradient(const thaw_gradient_source* source, int32_t first, int32_t count,
                                  int32_t* row) {
  const thaw_pool2d* pool = (const thaw_pool2d*)source->parameters;
  const int32_t unit = INT32_C(1) << source->left_shift;
  for (int32_t done = 0; done < count;) {
    const thaw_pool2d_stretch at = thaw_pool2d_stretch_at(pool, first + done, count - done);
    for (int32_t i = 0; i < at.count; ++i) row[done + i] = 0;
    for (int32_t y = at.rows.begin; y < at.rows.end; ++y) {
      for (int32_t x = at.columns.begin; x < at.columns.end; ++x) {
        const int64_t share = reciprocal(taps_of(pool, y, x));
        const int32_t window = (y * pool->output_width + x) * pool->channels + at.channel;
        for (int32_t i = 0; i < at.count; ++i)
          row[done + i] +=
              (int32_t)thaw_rshu(thaw_gradient_at(source->gradient, window + i) * unit * share, 31);
      }
    }
    done += at.count;
  }
}
