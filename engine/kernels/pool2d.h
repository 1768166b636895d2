// Geometry that average and maximum pooling share; tensors are NHWC with batch 1.
#pragma once

#include <stdint.h>

/// One pooling window. Input and output have the same scale and zero point.
typedef struct thaw_pool2d {
  int32_t input_height, input_width, channels;
  int32_t output_height, output_width;
  int32_t filter_height, filter_width;
  int32_t stride_height, stride_width;
  int32_t pad_top, pad_left;  // rows and columns before; those after follow from the output size
  int32_t clamp_low, clamp_high;
} thaw_pool2d;

/// Half-open range of rows or columns.
typedef struct thaw_range {
  int32_t begin, end;
} thaw_range;

/// The part inside an image of `size` rows (or columns) of the window of output row `position`.
static inline thaw_range thaw_pool2d_window(int32_t position, int32_t stride, int32_t pad, int32_t filter,
                                            int32_t size) {
  const int32_t first = position * stride - pad;
  const thaw_range range = {first < 0 ? 0 : first, first + filter > size ? size : first + filter};
  return range;
}

/// Output rows (or columns) whose windows read row `position` of the image; `outputs` of them exist.
static inline thaw_range thaw_pool2d_readers(int32_t position, int32_t stride, int32_t pad, int32_t filter,
                                             int32_t outputs) {
  const int32_t past_first = position + pad - filter;  // the last place where a window ends too early
  const int32_t last = (position + pad) / stride;
  const thaw_range range = {past_first < 0 ? 0 : past_first / stride + 1,
                            last < outputs ? last + 1 : outputs};
  return range;
}
