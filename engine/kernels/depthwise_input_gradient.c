// See depthwise_input_gradient.h.
#include "engine/kernels/depthwise_input_gradient.h"

#include <stddef.h>

void thaw_depthwise_input_gradient_row(const thaw_depthwise* depthwise, thaw_gradient_values gradient,
                                       const int8_t* weights, const thaw_trained_channels* trained,
                                       const thaw_input_channels* at, int32_t* row) {
  const thaw_conv2d* conv = &depthwise->conv;
  const int32_t channels = conv->output_channels;
  const int32_t taps = thaw_conv2d_taps(conv);
  const int32_t multiplier = depthwise->depth_multiplier;
  const int32_t begin = at->first * multiplier;  // of the output channels
  const int32_t end = begin + at->count * multiplier;
  for (int32_t i = 0; i < at->count; ++i) row[i] = 0;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
      int32_t out_y;
      int32_t out_x;
      if (!thaw_conv2d_output_y(conv, at->y, ky, &out_y) || !thaw_conv2d_output_x(conv, at->x, kx, &out_x))
        continue;
      const int32_t first = (out_y * conv->output_width + out_x) * channels;
      const int32_t tap = ky * conv->kernel_width + kx;
      for (int32_t c = begin; weights && c < end; ++c)
        row[c / multiplier - at->first] +=
            thaw_gradient_at(gradient, first + c) * weights[tap * channels + c];
      for (int32_t j = 0; trained && j < trained->count; ++j) {
        const int32_t c = trained->channels[j];
        if (c < begin || c >= end) continue;
        row[c / multiplier - at->first] +=
            thaw_gradient_at(gradient, first + c) * trained->weights[j * taps + tap];
      }
    }
  }
}
