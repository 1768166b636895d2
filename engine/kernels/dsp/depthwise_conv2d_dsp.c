// See depthwise_conv2d.h. Four channels at a time: the rows under the kernel go into a ring of scratch as
// pairs of 16-bit values, which meet pairs of weights.
#include "engine/kernels/hot.h"

#include "engine/kernels/depthwise_conv2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/dsp/depthwise_pairs.h"
#include "engine/kernels/requantizer.h"

// The four channels that are being made and where they go.
typedef struct block_outputs {
  const thaw_conv2d* conv;
  int32_t count;
  uint32_t bias[THAW_PAIR_CHANNELS];
  thaw_requantizer requantizers[THAW_PAIR_CHANNELS];
  thaw_requantizer_stage stages[THAW_PAIR_CHANNELS];  // the same where `whole`
  bool whole;  // four channels whose shifts are at most -2, clamped to int8, and whose mask bits share a byte
  int8_t* values;
  uint8_t* mask;
} block_outputs;

// A row of outputs whose first is element `index`, four whole channels; `columns` is the width of the kernel.
// What the loop needs is copied first: a store of int8 could change anything behind a pointer.
static inline void make_whole_row(thaw_pairs pairs, thaw_pair_window window, int32_t columns,
                                  const block_outputs* to, int32_t index, uint8_t* mask) {
  const int32_t step = to->conv->output_channels;
  const int32_t stride = to->conv->stride_width;
  const int32_t offset = 2 * to->conv->output_zero_point + 1;
  const thaw_requantizer_stage* stages = to->stages;
  const uint32_t* bias = to->bias;
  int8_t* output = to->values + index;
  for (const int8_t* end = output + to->conv->output_width * step; output != end; output += step) {
    uint32_t sums[THAW_PAIR_CHANNELS] = {bias[0], bias[1], bias[2], bias[3]};
    thaw_pairs_add(&pairs, &window, 0, columns, sums);
    window.row += stride * THAW_PAIR_CHANNELS;
    if (!mask) {
      thaw_requantize_channels(stages, offset, sums, output);
      continue;
    }
    const uint32_t bits = thaw_requantize_channels_masked(stages, offset, sums, output);
    uint8_t* byte = mask + (uint32_t)index / 8;
    *byte = (uint8_t)(*byte | bits << (index & 4));
    index += step;
  }
}

// The same for any channels.
static void make_row(const thaw_pairs* pairs, const thaw_pair_window* window, int32_t columns,
                     const block_outputs* to, int32_t index) {
  for (int32_t x = 0; x < to->conv->output_width; ++x, index += to->conv->output_channels) {
    uint32_t sums[THAW_PAIR_CHANNELS] = {to->bias[0], to->bias[1], to->bias[2], to->bias[3]};
    thaw_pairs_add(pairs, window, x * to->conv->stride_width, columns, sums);
    for (int32_t k = 0; k < to->count; ++k)
      thaw_requantize_positions(to->conv, &to->requantizers[k], sums + k, 1, 1, to->values + index + k,
                                to->mask, index + k);
  }
}

// The compiler makes one loop for each usual width, with and without masks.
THAW_NOINLINE static void make_any_row(const thaw_pairs* pairs, const thaw_pair_window* window,
                                       int32_t columns, const block_outputs* to, int32_t index) {
  if (!to->whole || (columns != 3 && columns != 5 && columns != 7))
    make_row(pairs, window, columns, to, index);
  else if (to->mask && columns == 3)
    make_whole_row(*pairs, *window, 3, to, index, to->mask);
  else if (to->mask && columns == 5)
    make_whole_row(*pairs, *window, 5, to, index, to->mask);
  else if (to->mask)
    make_whole_row(*pairs, *window, 7, to, index, to->mask);
  else if (columns == 3)
    make_whole_row(*pairs, *window, 3, to, index, NULL);
  else if (columns == 5)
    make_whole_row(*pairs, *window, 5, to, index, NULL);
  else
    make_whole_row(*pairs, *window, 7, to, index, NULL);
}

// Columns of the image that windows reach.
static int32_t columns_read(const thaw_conv2d* conv, const thaw_pairs* pairs) {
  const int32_t room = pairs->columns - conv->pad_left;
  return conv->input_width < room ? conv->input_width : room;
}

// Reads pair `pair` of the padded plane of the block's input channels.
static void read_pair(const thaw_conv2d* conv, const int8_t* input, const thaw_pair_block* block,
                      int32_t pair, const thaw_pairs* pairs) {
  const thaw_gradient_values from = {input, false};
  const int32_t y = 2 * pair - conv->pad_top;
  const int32_t row = conv->input_width * conv->input_channels;
  const int32_t above = y >= 0 && y < conv->input_height ? y * row : -1;
  const int32_t below = y + 1 >= 0 && y + 1 < conv->input_height ? (y + 1) * row : -1;
  thaw_pairs_read(pairs, block, from, above, below, conv->input_channels, columns_read(conv, pairs),
                  conv->input_zero_point, pair, conv->pad_left);
}

// All outputs of a block of channels, the first being element `index`.
static void convolve(const int8_t* input, const thaw_pair_block* block, const thaw_pairs* pairs,
                     const uint32_t* const kernels[2], const block_outputs* to, int32_t index) {
  const thaw_conv2d* conv = to->conv;
  const int32_t rows = thaw_conv2d_reach_height(conv);
  const int32_t columns = thaw_conv2d_reach_width(conv);
  const int32_t image_end = (conv->pad_top + conv->input_height + 1) / 2;
  int32_t next = conv->pad_top > 0 ? conv->pad_top / 2 : 0;  // pair to read
  for (int32_t y = 0; y < conv->output_height; ++y, index += conv->output_width * conv->output_channels) {
    const int32_t first = y * conv->stride_height;
    if (next < first / 2) next = first / 2;
    for (; next < (first + rows + 1) / 2 && next < image_end; ++next)
      read_pair(conv, input, block, next, pairs);
    const thaw_pair_window window =
        thaw_pairs_window(pairs, first, rows, columns, conv->pad_top, conv->input_height, kernels[first % 2]);
    make_any_row(pairs, &window, columns, to, index);
  }
}

// Sets up the outputs of channels first .. first + count - 1.
static void begin_outputs(block_outputs* to, int32_t first, int32_t count, const int32_t* bias,
                          const int32_t* multipliers, const int8_t* shifts) {
  const thaw_conv2d* conv = to->conv;
  to->count = count;
  to->whole = count == THAW_PAIR_CHANNELS && thaw_requantize_is_plain(conv) &&
              conv->output_channels % THAW_PAIR_CHANNELS == 0;
  for (int32_t k = 0; k < count; ++k) {
    const thaw_requantizer r = {multipliers[first + k], shifts[first + k], conv->output_zero_point};
    const thaw_requantizer_stage stage = {r.multiplier, -2 - r.shift};
    to->requantizers[k] = r;
    to->stages[k] = stage;
    to->bias[k] = bias ? (uint32_t)bias[first + k] : 0;
    if (r.shift > -2) to->whole = false;
  }
}

void thaw_depthwise_conv2d_s8(const thaw_depthwise* depthwise, const int8_t* input, const int8_t* weights,
                              const thaw_trained_channels* trained, const int32_t* bias,
                              const int32_t* multipliers, const int8_t* shifts, int8_t* output, uint8_t* mask,
                              int32_t* scratch) {
  const thaw_conv2d* conv = &depthwise->conv;
  const int32_t height = thaw_conv2d_reach_height(conv);
  const int32_t width = thaw_conv2d_reach_width(conv);
  const thaw_pair_taps rows = {0, 1, height};
  const thaw_pair_taps columns = {0, 1, width};
  uint32_t* const words = (uint32_t*)scratch;
  const thaw_pairs pairs = {thaw_pairs_slots(height), thaw_depthwise_columns(conv), words + height * width};
  uint32_t* const even = pairs.words + pairs.slots * pairs.columns * THAW_PAIR_CHANNELS;
  uint32_t* const odd = even + pairs.slots * width * THAW_PAIR_CHANNELS;
  const uint32_t* const kernels[2] = {even, odd};
  block_outputs to = {.conv = conv, .values = output, .mask = mask};
  thaw_pairs_clear_sides(&pairs, conv->pad_left, columns_read(conv, &pairs));
  thaw_mask_clear(mask, conv->output_height * conv->output_width * conv->output_channels);
  int32_t rank = 0;  // of the next trained channel
  for (int32_t c = 0; c < conv->output_channels; c += THAW_PAIR_CHANNELS) {
    const thaw_pair_block block = thaw_pair_block_of(c, conv->output_channels, depthwise->depth_multiplier);
    const int8_t* trained_kernels[THAW_PAIR_CHANNELS];
    thaw_pairs_trained(trained, &block, thaw_conv2d_taps(conv), c, &rank, trained_kernels);
    thaw_pairs_read_taps(conv, &block, weights, trained_kernels, c, words);
    thaw_pairs_set_kernel(words, width, rows, columns, 0, even);
    if (conv->output_height > 1 && conv->stride_height % 2 != 0)
      thaw_pairs_set_kernel(words, width, rows, columns, 1, odd);
    begin_outputs(&to, c, block.count, bias, multipliers, shifts);
    convolve(input, &block, &pairs, kernels, &to, c);
  }
}
