// Depthwise 2-D convolution, int8 in and out: output channel c sees input channel c / depth_multiplier only
// (docs/arithmetic.md, section 4; TFLite's int8 rules).
#pragma once

#include <stdint.h>

#include "engine/kernels/conv2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/// conv.output_channels = conv.input_channels * depth_multiplier.
typedef struct thaw_depthwise {
  thaw_conv2d conv;
  int32_t depth_multiplier;
} thaw_depthwise;

/// As thaw_conv2d_s8, with weights [KH][KW][Cout] (NULL when all channels are trained); the trained channels
/// are output channels, their weights [count][taps]. scratch: thaw_depthwise_scratch_bytes, aligned to 4.
/// output may be input ("in place") where depth_multiplier and strides are 1 and both have the same shape.
void thaw_depthwise_conv2d_s8(const thaw_depthwise* depthwise, const int8_t* input, const int8_t* weights,
                              const thaw_trained_channels* trained, const int32_t* bias,
                              const int32_t* multipliers, const int8_t* shifts, int8_t* output, uint8_t* mask,
                              int32_t* scratch);

enum { THAW_RING_OUTPUTS = 4 };  // computed at a time by depthwise_ring.h

/// Words of a ring's row for `outputs` outputs of a kernel `width` columns wide, two values a word.
static inline int32_t thaw_ring_row_words(int32_t width, int32_t stride, int32_t outputs) {
  const int32_t last = (outputs + THAW_RING_OUTPUTS - 1) / THAW_RING_OUTPUTS * THAW_RING_OUTPUTS - 1;
  return last * stride / 2 + width / 2 + 1;
}

/// Words of a whole ring of depthwise_ring.h: `rows` rows and the kernel, four words for two of its columns.
static inline int32_t thaw_ring_words(int32_t rows, int32_t width, int32_t stride, int32_t outputs) {
  return rows * (4 * (width / 2 + 1) + thaw_ring_row_words(width, stride, outputs));
}

/// Bytes of scratch: a ring of the rows under the kernel, or (portable kernel) these rows as bytes. It does
/// not depend on the number of rows of the image.
static inline int32_t thaw_depthwise_scratch_bytes(const thaw_depthwise* depthwise) {
  const thaw_conv2d* conv = &depthwise->conv;
  const int32_t rows = thaw_conv2d_reach_height(conv);
  const int32_t words =
      thaw_ring_words(rows, thaw_conv2d_reach_width(conv), conv->stride_width, conv->output_width);
  const int32_t row_bytes = (rows * conv->input_width + 3) / 4 * 4;
  return 4 * words > row_bytes ? 4 * words : row_bytes;
}

#ifdef __cplusplus
}
#endif
