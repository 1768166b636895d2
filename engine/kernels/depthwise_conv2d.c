// See depthwise_conv2d.h. Channel by channel; one output element is the sum over its window. The rows of the
// channel under the kernel are kept in scratch, so that the output may overwrite the input.
#include "engine/kernels/depthwise_conv2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"

// Copies row y of input channel i to its place among the rows, y modulo their number.
static void keep_row(const thaw_conv2d* conv, const int8_t* input, int32_t i, int32_t y, int8_t* rows) {
  int8_t* row = rows + y % thaw_conv2d_reach_height(conv) * conv->input_width;
  for (int32_t x = 0; x < conv->input_width; ++x)
    row[x] = input[(y * conv->input_width + x) * conv->input_channels + i];
}

// Sum over the window of output (y, x) of (input - zero point) * weight, where the weight of tap t is
// kernel[t * stride].
static int32_t window_sum(const thaw_conv2d* conv, const int8_t* rows, const int8_t* kernel, int32_t stride,
                          int32_t y, int32_t x) {
  int32_t sum = 0;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
      const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
      const int32_t in_x = thaw_conv2d_input_x(conv, x, kx);
      if (!thaw_conv2d_inside(conv, in_y, in_x)) continue;
      const int32_t value = rows[in_y % thaw_conv2d_reach_height(conv) * conv->input_width + in_x];
      sum += (value - conv->input_zero_point) * kernel[(ky * conv->kernel_width + kx) * stride];
    }
  }
  return sum;
}

void thaw_depthwise_conv2d_s8(const thaw_depthwise* depthwise, const int8_t* input, const int8_t* weights,
                              const thaw_trained_channels* trained, const int32_t* bias,
                              const int32_t* multipliers, const int8_t* shifts, int8_t* output, uint8_t* mask,
                              int32_t* scratch) {
  const thaw_conv2d* conv = &depthwise->conv;
  const int32_t channels = conv->output_channels;
  int8_t* rows = (int8_t*)scratch;
  thaw_mask_clear(mask, conv->output_height * conv->output_width * channels);
  int32_t rank = 0;  // of the next trained channel
  for (int32_t c = 0; c < channels; ++c) {
    const bool is_trained = trained && rank < trained->count && trained->channels[rank] == c;
    const int8_t* trained_kernel = is_trained ? trained->weights + rank++ * thaw_conv2d_taps(conv) : NULL;
    int32_t next = 0;  // row of the input to keep
    int32_t index = c;
    for (int32_t y = 0; y < conv->output_height; ++y) {
      const int32_t last = thaw_conv2d_input_y(conv, y, conv->kernel_height - 1);
      for (; next <= last && next < conv->input_height; ++next)
        keep_row(conv, input, c / depthwise->depth_multiplier, next, rows);
      for (int32_t x = 0; x < conv->output_width; ++x, index += channels) {
        int32_t sum = bias ? bias[c] : 0;
        if (weights) sum += window_sum(conv, rows, weights + c, channels, y, x);
        if (trained_kernel) sum += window_sum(conv, rows, trained_kernel, 1, y, x);
        const int32_t value = thaw_mbqm(sum, multipliers[c], shifts[c]) + conv->output_zero_point;
        const int32_t clamped = thaw_sat32(value, conv->clamp_low, conv->clamp_high);
        output[index] = (int8_t)clamped;
        if (mask && clamped == value) thaw_mask_set(mask, index);
      }
    }
  }
}
