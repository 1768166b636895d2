// Gradient of a convolution's input from the gradient of its accumulator: the transposed convolution, one
// position at a time and without scaling (docs/arithmetic.md, section 7). Weights are those before the
// update.
#pragma once

#include <stdint.h>

#include "engine/kernels/conv2d.h"
#include "engine/kernels/gradient_values.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A position of a layer's input and some of its channels.
typedef struct thaw_input_channels {
  int32_t y, x;
  int32_t first, count;  // channels
} thaw_input_channels;

/// row[i] = sum over outputs and taps that read channel first + i of the position of gradient * weight; row
/// [count], int32 by the plan's bound on the gradient's width. gradient [OH][OW][Cout]; weights and trained
/// as in thaw_conv2d_s8.
void thaw_conv2d_input_gradient_row(const thaw_conv2d* conv, thaw_gradient_values gradient,
                                    const int8_t* weights, const thaw_trained_channels* trained,
                                    const thaw_input_channels* at, int32_t* row);

/// Whether kernel row `kernel_y` of some output row reads input row y; that row in *output_y.
static inline bool thaw_conv2d_output_y(const thaw_conv2d* conv, int32_t y, int32_t kernel_y,
                                        int32_t* output_y) {
  const int32_t start = y + conv->pad_top - kernel_y * conv->dilation_height;
  *output_y = start / conv->stride_height;
  return start >= 0 && start % conv->stride_height == 0 && *output_y < conv->output_height;
}

/// The same for columns.
static inline bool thaw_conv2d_output_x(const thaw_conv2d* conv, int32_t x, int32_t kernel_x,
                                        int32_t* output_x) {
  const int32_t start = x + conv->pad_left - kernel_x * conv->dilation_width;
  *output_x = start / conv->stride_width;
  return start >= 0 && start % conv->stride_width == 0 && *output_x < conv->output_width;
}

#ifdef __cplusplus
}
#endif
