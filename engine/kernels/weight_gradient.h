// Gradient of one weight of a convolution: the correlation of the accumulator's gradient with the saved
// input.
#pragma once

#include <stdint.h>

#include "engine/kernels/conv2d.h"
#include "engine/kernels/update.h"

/// Sum over output positions of gradient (channel o) * (input - zero point), the input being `column` of the
/// saved tensor under kernel tap (ky, kx); padding contributes nothing. int32 by the plan's bound on the
/// gradient's width.
static inline int32_t thaw_weight_gradient(const thaw_conv2d* conv, thaw_gradient_values gradient,
                                           thaw_saved_input input, int32_t o, int32_t column, int32_t ky,
                                           int32_t kx) {
  int32_t sum = 0;
  for (int32_t y = 0; y < conv->output_height; ++y) {
    for (int32_t x = 0; x < conv->output_width; ++x) {
      const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
      const int32_t in_x = thaw_conv2d_input_x(conv, x, kx);
      if (!thaw_conv2d_inside(conv, in_y, in_x)) continue;
      const int32_t g = thaw_gradient_at(gradient, (y * conv->output_width + x) * conv->output_channels + o);
      const int32_t value = input.values[(in_y * conv->input_width + in_x) * input.channels + column];
      sum += g * (value - conv->input_zero_point);
    }
  }
  return sum;
}
