// The windows of a pooling operator that read one position, for its input gradient.
#pragma once

#include <stdint.h>

#include "engine/kernels/pool2d.h"

/// A stretch of channels of one position of the pooled image.
typedef struct thaw_pool2d_stretch {
  int32_t y, x, channel, count;
  thaw_range rows, columns;  // of the output: the windows that read it
} thaw_pool2d_stretch;

/// The stretch that begins at element `first` of the input and has at most `count` elements.
static inline thaw_pool2d_stretch thaw_pool2d_stretch_at(const thaw_pool2d* pool, int32_t first,
                                                         int32_t count) {
  thaw_pool2d_stretch at;
  const int32_t position = first / pool->channels;
  at.channel = first % pool->channels;
  at.count = pool->channels - at.channel < count ? pool->channels - at.channel : count;
  at.y = position / pool->input_width;
  at.x = position % pool->input_width;
  at.rows =
      thaw_pool2d_readers(at.y, pool->stride_height, pool->pad_top, pool->filter_height, pool->output_height);
  at.columns =
      thaw_pool2d_readers(at.x, pool->stride_width, pool->pad_left, pool->filter_width, pool->output_width);
  return at;
}
