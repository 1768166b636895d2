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

/// Pairs of rows under a window of `rows` rows, wherever it begins.
static inline int32_t thaw_pairs_slots(int32_t rows) {
  return rows / 2 + 1;
}

/// Words of the plane and the kernels of depthwise_pairs.h, four channels at a time: the kernel as bytes,
/// then a plane `columns` wide, then `kernel_pairs` pairs of kernel rows for windows that begin at even and
/// as many for those that begin at odd rows.
static inline int32_t thaw_pairs_words(int32_t taps, int32_t slots, int32_t columns, int32_t kernel_pairs,
                                       int32_t kernel_width) {
  return taps + 4 * (slots * columns + 2 * kernel_pairs * kernel_width);
}

/// Columns of the plane under the windows of all outputs of a row.
static inline int32_t thaw_depthwise_columns(const thaw_conv2d* conv) {
  return (conv->output_width - 1) * conv->stride_width + thaw_conv2d_reach_width(conv);
}

/// Bytes of scratch: four channels of the rows under the kernel as pairs or, where that is more (portable
/// kernel), one channel of these rows as bytes. It does not depend on the number of rows of the image.
static inline int32_t thaw_depthwise_scratch_bytes(const thaw_depthwise* depthwise) {
  const thaw_conv2d* conv = &depthwise->conv;
  const int32_t rows = thaw_conv2d_reach_height(conv);
  const int32_t width = thaw_conv2d_reach_width(conv);
  const int32_t slots = thaw_pairs_slots(rows);
  const int32_t words = thaw_pairs_words(rows * width, slots, thaw_depthwise_columns(conv), slots, width);
  const int32_t row_bytes = (rows * conv->input_width + 3) / 4 * 4;
  return 4 * words > row_bytes ? 4 * words : row_bytes;
}

#ifdef __cplusplus
}
#endif
