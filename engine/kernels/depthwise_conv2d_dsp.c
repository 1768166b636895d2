// See depthwise_conv2d.h. Channel by channel: the rows under the kernel go into a ring of scratch as 16-bit
// values, where pairs of them meet pairs of weights.
#include "engine/kernels/depthwise_conv2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/depthwise_ring.h"
#include "engine/kernels/requantizer.h"

// The kernel of output channel c: frozen weights plus those of the trained channel (or NULL).
static void read_kernel(const thaw_conv2d* conv, const int8_t* weights, const int8_t* trained, int32_t c,
                        const thaw_ring* ring) {
  thaw_ring_clear_weights(ring);
  int32_t tap = 0;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx, ++tap) {
      const int32_t frozen = weights ? weights[tap * conv->output_channels + c] : 0;
      thaw_ring_set_weight(ring, ky * conv->dilation_height, kx * conv->dilation_width,
                           frozen + (trained ? trained[tap] : 0));
    }
  }
}

// Row r of the padded plane of input channel i.
static void read_row(const thaw_conv2d* conv, const int8_t* input, int32_t i, int32_t r,
                     const thaw_ring* ring) {
  uint32_t* row = thaw_ring_slot(ring, r);
  const int32_t y = r - conv->pad_top;
  const int32_t values = 2 * ring->row_words;
  int32_t at = 0;
  if (y >= 0 && y < conv->input_height) {
    for (; at < conv->pad_left && at < values; ++at) thaw_ring_store(row, at, 0);
    const int32_t room = values - at;
    const int32_t width = conv->input_width < room ? conv->input_width : room;
    const int8_t* from = input + y * conv->input_width * conv->input_channels + i;
    for (int32_t x = 0; x < width; ++x, ++at, from += conv->input_channels)
      thaw_ring_store(row, at, *from - conv->input_zero_point);
  }
  for (; at < values; ++at) thaw_ring_store(row, at, 0);
}

// All outputs of channel c from input channel i.
static void convolve(const thaw_conv2d* conv, const int8_t* input, int32_t i, const thaw_ring* ring,
                     int32_t c, uint32_t bias, thaw_requantizer r, int8_t* output, uint8_t* mask) {
  int32_t next = 0;  // row of the padded plane to read
  int32_t index = c;
  for (int32_t y = 0; y < conv->output_height; ++y) {
    const int32_t first = y * conv->stride_height;
    if (next < first) next = first;
    for (; next < first + ring->rows; ++next) read_row(conv, input, i, next, ring);
    const uint32_t* kernel = thaw_ring_kernel(ring, first);
    for (int32_t x = 0; x < conv->output_width; x += THAW_RING_OUTPUTS) {
      const int32_t left = conv->output_width - x;
      const int32_t count = left < THAW_RING_OUTPUTS ? left : THAW_RING_OUTPUTS;
      uint32_t sums[THAW_RING_OUTPUTS];
      thaw_ring_sums(ring, kernel, x, sums);
      for (int32_t p = 0; p < THAW_RING_OUTPUTS; ++p) sums[p] += bias;
      thaw_requantize_positions(conv, r, sums, count, conv->output_channels, output + index, mask, index);
      index += count * conv->output_channels;
    }
  }
}

void thaw_depthwise_conv2d_s8(const thaw_depthwise* depthwise, const int8_t* input, const int8_t* weights,
                              const thaw_trained_channels* trained, const int32_t* bias,
                              const int32_t* multipliers, const int8_t* shifts, int8_t* output, uint8_t* mask,
                              int32_t* scratch) {
  const thaw_conv2d* conv = &depthwise->conv;
  const thaw_ring ring = thaw_ring_of(thaw_conv2d_reach_height(conv), thaw_conv2d_reach_width(conv),
                                      conv->stride_width, conv->output_width, (uint32_t*)scratch);
  thaw_mask_clear(mask, conv->output_height * conv->output_width * conv->output_channels);
  int32_t rank = 0;  // of the next trained channel
  for (int32_t c = 0; c < conv->output_channels; ++c) {
    const int8_t* trained_kernel = NULL;
    if (trained && rank < trained->count && trained->channels[rank] == c)
      trained_kernel = trained->weights + rank++ * thaw_conv2d_taps(conv);
    read_kernel(conv, weights, trained_kernel, c, &ring);
    const thaw_requantizer r = {multipliers[c], shifts[c], conv->output_zero_point};
    convolve(conv, input, c / depthwise->depth_multiplier, &ring, c, bias ? (uint32_t)bias[c] : 0, r, output,
             mask);
  }
}
