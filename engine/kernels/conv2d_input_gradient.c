// See conv2d_input_gradient.h.
#include "engine/kernels/conv2d_input_gradient.h"

#include <stddef.h>

// Ranks begin .. end - 1 of the trained channels.
typedef struct trained_ranks {
  int32_t begin, end;
} trained_ranks;

// Those among the channels asked for.
static trained_ranks ranks_of(const thaw_conv2d* conv, const thaw_trained_channels* trained,
                              const thaw_input_channels* at) {
  trained_ranks ranks = {0, trained ? trained->count : 0};
  if (at->count == conv->input_channels) return ranks;
  while (ranks.begin < ranks.end && trained->channels[ranks.begin] < at->first) ++ranks.begin;
  while (ranks.begin < ranks.end && trained->channels[ranks.end - 1] >= at->first + at->count) --ranks.end;
  return ranks;
}

// Adds one tap's products: frozen weights of output channel o.
static void add_frozen(const thaw_conv2d* conv, const int8_t* weights, const thaw_input_channels* at,
                       int32_t o, int32_t tap, int32_t g, int32_t* row) {
  const int8_t* kernel = weights + (o * thaw_conv2d_taps(conv) + tap) * conv->input_channels + at->first;
  for (int32_t i = 0; i < at->count; ++i) row[i] += g * kernel[i];
}

// The same with the trained weights.
static void add_trained(const thaw_conv2d* conv, const thaw_trained_channels* trained, trained_ranks ranks,
                        int32_t first, int32_t o, int32_t tap, int32_t g, int32_t* row) {
  const int32_t taps = thaw_conv2d_taps(conv);
  const int8_t* kernel = trained->weights + o * trained->count * taps + tap;
  for (int32_t j = ranks.begin; j < ranks.end; ++j) row[trained->channels[j] - first] += g * kernel[j * taps];
}

void thaw_conv2d_input_gradient_row(const thaw_conv2d* conv, thaw_gradient_values gradient,
                                    const int8_t* weights, const thaw_trained_channels* trained,
                                    const thaw_input_channels* at, int32_t* row) {
  const trained_ranks ranks = ranks_of(conv, trained, at);
  for (int32_t i = 0; i < at->count; ++i) row[i] = 0;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
      int32_t out_y;
      int32_t out_x;
      if (!thaw_conv2d_output_y(conv, at->y, ky, &out_y) || !thaw_conv2d_output_x(conv, at->x, kx, &out_x))
        continue;
      const int32_t first = (out_y * conv->output_width + out_x) * conv->output_channels;
      const int32_t tap = ky * conv->kernel_width + kx;
      for (int32_t o = 0; o < conv->output_channels; ++o) {
        const int32_t g = thaw_gradient_at(gradient, first + o);
        if (weights) add_frozen(conv, weights, at, o, tap, g, row);
        if (trained) add_trained(conv, trained, ranks, at->first, o, tap, g, row);
      }
    }
  }
}
