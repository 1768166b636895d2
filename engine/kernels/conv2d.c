// See conv2d.h. One output element is the sum over its window of frozen and trained weights, requantised.
#include "engine/kernels/conv2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"

// Sum over the window of output (y, x), channel o, of (input - zero point) * weight; weights OHWI.
static int32_t frozen_sum(const thaw_conv2d* conv, const int8_t* input, const int8_t* weights, int32_t y,
                          int32_t x, int32_t o) {
  const int32_t channels = conv->input_channels;
  int32_t sum = 0;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
      const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
      const int32_t in_x = thaw_conv2d_input_x(conv, x, kx);
      if (!thaw_conv2d_inside(conv, in_y, in_x)) continue;
      const int8_t* pixel = input + (in_y * conv->input_width + in_x) * channels;
      const int8_t* tap = weights + ((o * conv->kernel_height + ky) * conv->kernel_width + kx) * channels;
      for (int32_t i = 0; i < channels; ++i) sum += (pixel[i] - conv->input_zero_point) * tap[i];
    }
  }
  return sum;
}

// The same over the trained input channels.
static int32_t trained_sum(const thaw_conv2d* conv, const int8_t* input, const thaw_trained_channels* trained,
                           int32_t y, int32_t x, int32_t o) {
  const int32_t taps = thaw_conv2d_taps(conv);
  const int8_t* weights = trained->weights + o * trained->count * taps;
  int32_t sum = 0;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
      const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
      const int32_t in_x = thaw_conv2d_input_x(conv, x, kx);
      if (!thaw_conv2d_inside(conv, in_y, in_x)) continue;
      const int8_t* pixel = input + (in_y * conv->input_width + in_x) * conv->input_channels;
      const int8_t* tap = weights + ky * conv->kernel_width + kx;
      for (int32_t j = 0; j < trained->count; ++j)
        sum += (pixel[trained->channels[j]] - conv->input_zero_point) * tap[j * taps];
    }
  }
  return sum;
}

void thaw_conv2d_s8(const thaw_conv2d* conv, const int8_t* input, const int8_t* weights,
                    const thaw_trained_channels* trained, const int32_t* bias, const int32_t* multipliers,
                    const int8_t* shifts, int8_t* output, uint8_t* mask, int32_t* scratch) {
  (void)scratch;
  thaw_mask_clear(mask, conv->output_height * conv->output_width * conv->output_channels);
  int32_t index = 0;
  for (int32_t y = 0; y < conv->output_height; ++y) {
    for (int32_t x = 0; x < conv->output_width; ++x) {
      for (int32_t o = 0; o < conv->output_channels; ++o, ++index) {
        int32_t sum = bias ? bias[o] : 0;
        if (weights) sum += frozen_sum(conv, input, weights, y, x, o);
        if (trained) sum += trained_sum(conv, input, trained, y, x, o);
        const int32_t value = thaw_mbqm(sum, multipliers[o], shifts[o]) + conv->output_zero_point;
        const int32_t clamped = thaw_sat32(value, conv->clamp_low, conv->clamp_high);
        output[index] = (int8_t)clamped;
        if (mask && clamped == value) thaw_mask_set(mask, index);
      }
    }
  }
}
