// 2-D convolution, int8 in and out, int32 sums, per-channel requantisation (docs/arithmetic.md, section 4;
// TFLite's int8 rules). A fully connected operator is a 1x1 convolution: height = rows, width = 1.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/kernels/columns.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Geometry and quantisation of one convolution; tensors are NHWC with batch 1.
typedef struct thaw_conv2d {
  int32_t input_height, input_width, input_channels;
  int32_t output_height, output_width, output_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t pad_top, pad_left;  // rows and columns of padding before; those after follow from the output size
  int32_t input_zero_point, output_zero_point;
  int32_t clamp_low, clamp_high;  // of the output, inside -128..127
} thaw_conv2d;

/// Weights that live in RAM because they are trained. The frozen weights hold 0 at their places, so that a
/// sum over both is the sum over the layer.
typedef struct thaw_trained_channels {
  const uint16_t* channels;  // ascending; input channels of a convolution, output channels of a depthwise one
  int32_t count;
  const int8_t*
      weights;  // convolution: [output_channels][count][taps]; depthwise: [count][taps]; taps row-major
} thaw_trained_channels;

/// input [H][W][Cin]; weights [Cout][KH][KW][Cin], NULL when all input channels are trained; trained may be
/// NULL (none); bias [Cout] or NULL; multipliers and shifts [Cout] as thaw_mbqm takes them; output
/// [OH][OW][Cout], not overlapping input; mask (or NULL) gets a bit for each output element, 1 = not clamped.
/// Padding contributes nothing. Sums fit int32 by the plan's bias limit. scratch: thaw_conv2d_scratch_bytes,
/// aligned to 4.
void thaw_conv2d_s8(const thaw_conv2d* conv, const int8_t* input, const int8_t* weights,
                    const thaw_trained_channels* trained, const int32_t* bias, const int32_t* multipliers,
                    const int8_t* shifts, int8_t* output, uint8_t* mask, int32_t* scratch);

/// Row of the input under kernel row `kernel_y` of output row `output_y`; may lie outside the image.
static inline int32_t thaw_conv2d_input_y(const thaw_conv2d* conv, int32_t output_y, int32_t kernel_y) {
  return output_y * conv->stride_height - conv->pad_top + kernel_y * conv->dilation_height;
}

/// Column of the input under kernel column `kernel_x` of output column `output_x`; may lie outside the image.
static inline int32_t thaw_conv2d_input_x(const thaw_conv2d* conv, int32_t output_x, int32_t kernel_x) {
  return output_x * conv->stride_width - conv->pad_left + kernel_x * conv->dilation_width;
}

/// Whether a position lies inside the input image.
static inline bool thaw_conv2d_inside(const thaw_conv2d* conv, int32_t input_y, int32_t input_x) {
  return input_y >= 0 && input_y < conv->input_height && input_x >= 0 && input_x < conv->input_width;
}

/// Products per output channel and channel of the kernel window.
static inline int32_t thaw_conv2d_taps(const thaw_conv2d* conv) {
  return conv->kernel_height * conv->kernel_width;
}

/// Rows and columns of the input under one window.
static inline int32_t thaw_conv2d_reach_height(const thaw_conv2d* conv) {
  return (conv->kernel_height - 1) * conv->dilation_height + 1;
}
static inline int32_t thaw_conv2d_reach_width(const thaw_conv2d* conv) {
  return (conv->kernel_width - 1) * conv->dilation_width + 1;
}

/// Whether every output reads one pixel inside the image.
static inline bool thaw_conv2d_reads_pixels(const thaw_conv2d* conv) {
  return thaw_conv2d_taps(conv) == 1 && conv->pad_top == 0 && conv->pad_left == 0 &&
         (conv->output_height - 1) * conv->stride_height < conv->input_height &&
         (conv->output_width - 1) * conv->stride_width < conv->input_width;
}

/// Whether there is one output position and it reads one pixel, as in a dense layer of one row.
static inline bool thaw_conv2d_is_one_pixel(const thaw_conv2d* conv) {
  return conv->output_height == 1 && conv->output_width == 1 && thaw_conv2d_reads_pixels(conv);
}

/// Bytes of scratch of thaw_conv2d_s8: columns for the frozen weights (where there are some) and for
/// `trained` input channels, and the bytes of one window unless every window is a pixel; none for one pixel
/// without trained channels. Fewer rows never need more.
static inline int32_t thaw_conv2d_scratch_bytes(const thaw_conv2d* conv, bool frozen, int32_t trained) {
  if (trained == 0 && thaw_conv2d_is_one_pixel(conv)) return 0;
  const int32_t taps = thaw_conv2d_taps(conv);
  const int32_t products = frozen ? taps * conv->input_channels : 0;
  const bool pixels = thaw_conv2d_reads_pixels(conv);
  const int32_t window = pixels ? 0 : products;
  const int32_t gathered = pixels && trained == conv->input_channels ? 0 : taps * trained;
  return 4 * (thaw_columns_words(products) + thaw_columns_words(taps * trained)) +
         ((window > gathered ? window : gathered) + 3) / 4 * 4;
}

#ifdef __cplusplus
}
#endif
