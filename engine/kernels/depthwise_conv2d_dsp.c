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
  if (weights && !trained &&
      thaw_ring_set_usual_kernel(ring, conv, weights + c, conv->output_channels, false))
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

// Row r of the padded plane of input channel i; the padding left and right is 0 already.
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
  const int32_t room = 2 * ring->row_words - conv->pad_left;
  const int32_t width = conv->input_width < room ? conv->input_width : room;
  const int8_t* from = input + y * conv->input_width * step + i;
  int16_t* to = (int16_t*)(void*)row + conv->pad_left;
  int32_t x = 0;
  for (; x + 3 < width; x += 4, from += 4 * step, to += 4) {
    thaw_store_half(to, from[0] - zero_point);
    thaw_store_half(to + 1, from[step] - zero_point);
    thaw_store_half(to + 2, from[2 * step] - zero_point);
    thaw_store_half(to + 3, from[3 * step] - zero_point);
  }
  for (; x < width; ++x, from += step, ++to) thaw_store_half(to, *from - zero_point);
}

// Where the outputs of one channel go, and how.
typedef struct channel_outputs {
  const thaw_conv2d* conv;
  thaw_requantizer requantizer;
  uint32_t bias;
  bool plain;  // thaw_requantize_plain does
  int8_t* values;
  uint8_t* mask;
} channel_outputs;

// Sums of four outputs. The compiler makes one loop for each stride and number of pairs; other shapes have
// stride 0.
static inline void add_window(const thaw_ring* ring, const uint32_t* row, const uint32_t* kernel,
                              int32_t rows, int32_t row_words, int32_t stride, int32_t pairs, int32_t x,
                              uint32_t sums[4]) {
  if (stride == 1)
    thaw_ring_add_stride_1(row, kernel, rows, row_words, pairs, sums);
  else if (stride == 2)
    thaw_ring_add_stride_2(row, kernel, rows, row_words, pairs, sums);
  else
    thaw_ring_add_any(ring, kernel, x, sums);
}

// A row of outputs whose first is element `index`. What the loops need is copied first: a store of int8 could
// change anything behind a pointer.
static inline void make_row(const thaw_ring* ring, const uint32_t* kernel, int32_t stride, int32_t pairs,
                            const channel_outputs* to, int32_t index) {
  const int32_t outputs = to->conv->output_width;
  const int32_t step = to->conv->output_channels;
  const int32_t rows = ring->rows;
  const int32_t row_words = ring->row_words;
  const uint32_t bias = to->bias;
  const uint32_t* row = ring->plane;
  int32_t x = 0;
  if (to->plain) {
    const thaw_requantizer r = to->requantizer;
    int8_t* output = to->values + index;
    for (; x + 3 < outputs; x += 4, row += 2 * stride, output += 4 * step) {
      uint32_t sums[4] = {bias, bias, bias, bias};
      add_window(ring, row, kernel, rows, row_words, stride, pairs, x, sums);
      thaw_requantize_plain(r, sums, step, output);
    }
    index += x * step;
  }
  for (; x < outputs; x += 4, row += 2 * stride, index += 4 * step) {
    uint32_t sums[4] = {bias, bias, bias, bias};
    add_window(ring, row, kernel, rows, row_words, stride, pairs, x, sums);
    thaw_requantize_positions(to->conv, &to->requantizer, sums, outputs - x < 4 ? outputs - x : 4, step,
                              to->values + index, to->mask, index);
  }
}

THAW_NOINLINE static void make_any_row(const thaw_ring* ring, const uint32_t* kernel,
                                       const channel_outputs* to, int32_t index) {
  if (ring->stride == 1 && ring->pairs == 2)
    make_row(ring, kernel, 1, 2, to, index);
  else if (ring->stride == 1 && ring->pairs == 3)
    make_row(ring, kernel, 1, 3, to, index);
  else if (ring->stride == 1 && ring->pairs == 4)
    make_row(ring, kernel, 1, 4, to, index);
  else if (ring->stride == 2 && ring->pairs == 2)
    make_row(ring, kernel, 2, 2, to, index);
  else if (ring->stride == 2 && ring->pairs == 3)
    make_row(ring, kernel, 2, 3, to, index);
  else if (ring->stride == 2 && ring->pairs == 4)
    make_row(ring, kernel, 2, 4, to, index);
  else
    make_row(ring, kernel, 0, 0, to, index);
}

// All outputs of channel c from input channel i.
static void convolve(const int8_t* input, int32_t i, const thaw_ring* ring, int32_t c,
                     const channel_outputs* to) {
  const thaw_conv2d* conv = to->conv;
  int32_t next = 0;  // row of the padded plane to read
  int32_t index = c;
  for (int32_t y = 0; y < conv->output_height; ++y, index += conv->output_width * conv->output_channels) {
    const int32_t first = y * conv->stride_height;
    if (next < first) next = first;
    for (; next < first + ring->rows; ++next) read_row(conv, input, i, next, ring);
    make_any_row(ring, thaw_ring_kernel(ring, first), to, index);
  }
}

void thaw_depthwise_conv2d_s8(const thaw_depthwise* depthwise, const int8_t* input, const int8_t* weights,
                              const thaw_trained_channels* trained, const int32_t* bias,
                              const int32_t* multipliers, const int8_t* shifts, int8_t* output, uint8_t* mask,
                              int32_t* scratch) {
  const thaw_conv2d* conv = &depthwise->conv;
  const thaw_ring ring = thaw_ring_of(thaw_conv2d_reach_height(conv), thaw_conv2d_reach_width(conv),
                                      conv->stride_width, conv->output_width, (uint32_t*)scratch);
  thaw_ring_clear_plane(&ring);
  thaw_mask_clear(mask, conv->output_height * conv->output_width * conv->output_channels);
  int32_t rank = 0;  // of the next trained channel
  for (int32_t c = 0; c < conv->output_channels; ++c) {
    const int8_t* trained_kernel = NULL;
    if (trained && rank < trained->count && trained->channels[rank] == c)
      trained_kernel = trained->weights + rank++ * thaw_conv2d_taps(conv);
    read_kernel(conv, weights, trained_kernel, c, &ring);
    const channel_outputs to = {conv,
                                {multipliers[c], shifts[c], conv->output_zero_point},
                                bias ? (uint32_t)bias[c] : 0,
                                thaw_requantize_is_plain(conv, mask) && shifts[c] <= -2,
                                output,
                                mask};
    convolve(input, c / depthwise->depth_multiplier, &ring, c, &to);
  }
}
