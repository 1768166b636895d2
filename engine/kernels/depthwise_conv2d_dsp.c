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
  if (weights && !trained && thaw_ring_set_usual_kernel(ring, conv, weights + c, conv->output_channels, false))
    return;
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
THAW_NOINLINE static void read_row(const thaw_conv2d* conv, const int8_t* input, int32_t i, int32_t r,
                                   const thaw_ring* ring) {
  uint32_t* row = thaw_ring_slot(ring, r);
  const int32_t y = r - conv->pad_top;
  if (y < 0 || y >= conv->input_height) {
    for (int32_t word = 0; word < ring->row_words; ++word) row[word] = 0;
    return;
  }
  const int32_t step = conv->input_channels;
  const int32_t zero_point = conv->input_zero_point;
  const int32_t values = 2 * ring->row_words;
  const int32_t left = conv->pad_left < values ? conv->pad_left : values;
  const int32_t width = conv->input_width < values - left ? conv->input_width : values - left;
  for (int32_t at = 0; at < left; ++at) thaw_ring_store(row, at, 0);
  const int8_t* from = input + y * conv->input_width * step + i;
  int32_t at = left;
  for (; at + 3 < left + width; at += 4) {
    thaw_ring_store(row, at, from[0] - zero_point);
    thaw_ring_store(row, at + 1, from[step] - zero_point);
    thaw_ring_store(row, at + 2, from[2 * step] - zero_point);
    thaw_ring_store(row, at + 3, from[3 * step] - zero_point);
    from += 4 * step;
  }
  for (; at < left + width; ++at, from += step) thaw_ring_store(row, at, *from - zero_point);
  for (; at < values; ++at) thaw_ring_store(row, at, 0);
}

// `outputs` outputs of a row, a multiple of four, `step` bytes apart; the compiler makes one loop for each
// stride and number of pairs.
static inline void plain_row(const thaw_ring* ring, const uint32_t* kernel, int32_t stride, int32_t pairs,
                             uint32_t bias, thaw_requantizer r, int32_t outputs, int32_t step,
                             int8_t* output) {
  const uint32_t* row = ring->plane;
  for (int32_t x = 0; x < outputs; x += 4, row += 2 * stride, output += 4 * step) {
    uint32_t sums[4] = {bias, bias, bias, bias};
    if (stride == 1)
      thaw_ring_add_stride_1(row, kernel, ring->rows, ring->row_words, pairs, sums);
    else
      thaw_ring_add_stride_2(row, kernel, ring->rows, ring->row_words, pairs, sums);
    thaw_requantize_plain(r, sums, step, output);
  }
}

// The same for the usual shapes; returns how many outputs it made, 0 for other shapes.
THAW_NOINLINE static int32_t usual_row(const thaw_ring* ring, const uint32_t* kernel, uint32_t bias,
                                       thaw_requantizer r, int32_t outputs, int32_t step, int8_t* output) {
  outputs = outputs / 4 * 4;
  if (ring->stride == 1 && ring->pairs == 2)
    plain_row(ring, kernel, 1, 2, bias, r, outputs, step, output);
  else if (ring->stride == 1 && ring->pairs == 3)
    plain_row(ring, kernel, 1, 3, bias, r, outputs, step, output);
  else if (ring->stride == 1 && ring->pairs == 4)
    plain_row(ring, kernel, 1, 4, bias, r, outputs, step, output);
  else if (ring->stride == 2 && ring->pairs == 2)
    plain_row(ring, kernel, 2, 2, bias, r, outputs, step, output);
  else if (ring->stride == 2 && ring->pairs == 3)
    plain_row(ring, kernel, 2, 3, bias, r, outputs, step, output);
  else if (ring->stride == 2 && ring->pairs == 4)
    plain_row(ring, kernel, 2, 4, bias, r, outputs, step, output);
  else
    return 0;
  return outputs;
}

// All outputs of channel c from input channel i.
static void convolve(const thaw_conv2d* conv, const int8_t* input, int32_t i, const thaw_ring* ring,
                     int32_t c, uint32_t bias, thaw_requantizer r, int8_t* output, uint8_t* mask) {
  const bool plain = thaw_requantize_is_plain(conv, mask) && r.shift <= -2;
  const int32_t step = conv->output_channels;
  int32_t next = 0;  // row of the padded plane to read
  for (int32_t y = 0; y < conv->output_height; ++y) {
    const int32_t first = y * conv->stride_height;
    if (next < first) next = first;
    for (; next < first + ring->rows; ++next) read_row(conv, input, i, next, ring);
    const uint32_t* kernel = thaw_ring_kernel(ring, first);
    const int32_t row = y * conv->output_width * step + c;
    int32_t x = plain ? usual_row(ring, kernel, bias, r, conv->output_width, step, output + row) : 0;
    for (; x < conv->output_width; x += THAW_RING_OUTPUTS) {
      const int32_t left = conv->output_width - x;
      const int32_t count = left < THAW_RING_OUTPUTS ? left : THAW_RING_OUTPUTS;
      const int32_t index = row + x * step;
      uint32_t sums[THAW_RING_OUTPUTS] = {bias, bias, bias, bias};
      thaw_ring_add(ring, kernel, x, sums);
      thaw_requantize_positions(conv, r, sums, count, step, output + index, mask, index);
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
