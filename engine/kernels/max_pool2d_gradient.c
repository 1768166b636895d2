// See max_pool2d_gradient.h.
#include "engine/kernels/max_pool2d_gradient.h"

#include "engine/kernels/pool2d_windows.h"

static int32_t winner_at(const thaw_max_pool2d_source* from, int32_t index) {
  return thaw_winner_bytes(&from->pool) == 1 ? ((const uint8_t*)from->winners)[index]
                                             : ((const uint16_t*)from->winners)[index];
}

void thaw_max_pool2d_gradient(const thaw_gradient_source* source, int32_t first, int32_t count,
                              int32_t* row) {
  const thaw_max_pool2d_source* from = (const thaw_max_pool2d_source*)source->parameters;
  const thaw_pool2d* pool = &from->pool;
  const int32_t unit = INT32_C(1) << source->left_shift;
  for (int32_t done = 0; done < count;) {
    const thaw_pool2d_stretch at = thaw_pool2d_stretch_at(pool, first + done, count - done);
    for (int32_t i = 0; i < at.count; ++i) row[done + i] = 0;
    for (int32_t y = at.rows.begin; y < at.rows.end; ++y) {
      for (int32_t x = at.columns.begin; x < at.columns.end; ++x) {
        const int32_t tap = (at.y - y * pool->stride_height + pool->pad_top) * pool->filter_width + at.x -
                            x * pool->stride_width + pool->pad_left;
        const int32_t window = (y * pool->output_width + x) * pool->channels + at.channel;
        for (int32_t i = 0; i < at.count; ++i)
          if (winner_at(from, window + i) == tap)
            row[done + i] += thaw_gradient_at(source->gradient, window + i) * unit;
      }
    }
    done += at.count;
  }
}
