// See conv2d.h. Channel by channel, four output positions at a time: their windows are rows of bytes, which
// meet the channel's row of weights sixteen products an instruction. The rows of a 1x1 convolution are the
// pixels where they are; those of larger kernels are copied to scratch. What the zero point adds to a sum
// depends on the weights alone and is taken off the bias.
#include "engine/kernels/hot.h"

#include "engine/kernels/conv2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"
#include "engine/kernels/helium/helium.h"
#include "engine/kernels/helium/outputs.h"

// The layer, as thaw_conv2d_s8 is called.
typedef struct layer {
  const thaw_conv2d* conv;
  const int8_t* input;
  const int8_t* weights;
  const thaw_trained_channels* trained;
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
  int8_t* output;
  uint8_t* mask;
} layer;

THAW_INSIDE thaw_channel channel_of(const layer* l, int32_t o, int32_t weight_sum) {
  return thaw_channel_of(l->conv, l->bias, l->multipliers, l->shifts, o, weight_sum, l->output, l->mask);
}

// ---- 1x1 kernels: the windows are the pixels --------------------------------------------------------------

// Whether output position p reads pixel p of the image and nothing else.
static bool is_image(const thaw_conv2d* conv) {
  return thaw_conv2d_taps(conv) == 1 && conv->stride_height == 1 && conv->stride_width == 1 &&
         conv->pad_top == 0 && conv->pad_left == 0 && conv->output_width == conv->input_width &&
         conv->output_height <= conv->input_height;
}

// The row of weights of channel o, made of frozen and trained ones in scratch where it has both.
static const int8_t* weight_row(const layer* l, int32_t o, int8_t* scratch) {
  const int32_t count = l->conv->input_channels;
  if (!l->trained) return l->weights + o * count;
  const int8_t* trained = l->trained->weights + o * l->trained->count;
  if (l->trained->count == count) return trained;
  thaw_row_copy(scratch, l->weights + o * count, count);
  thaw_row_scatter(scratch, l->trained->channels, trained, l->trained->count);
  return scratch;
}

// Four positions from p on, for a row of any length.
THAW_INSIDE void any_four(const thaw_channel* channel, bool masked, bool limited, const int8_t* input,
                          const int8_t* row, int32_t count, int32_t p) {
  const int8_t* pixel = input + p * count;
  int32_t sums[THAW_LANES] = {0, 0, 0, 0};
  thaw_row_dots(row, pixel, pixel + count, pixel + 2 * count, pixel + 3 * count, count, sums);
  thaw_channel_four(channel, masked, limited, sums, p);
}

// All whole groups of four positions, for a row of 16 * `wholes` + 8 * `half` bytes, which are constants: it
// stays in registers.
THAW_INSIDE void held_fours(const thaw_channel* channel, bool masked, const int8_t* input, const int8_t* row,
                            int32_t wholes, int32_t half, int32_t positions) {
  const thaw_channel c = *channel;  // a store of bytes could change what is behind a pointer
  const int32_t count = 16 * wholes + 8 * half;
  thaw_bytes held[3];
  thaw_half last;
  for (int32_t i = 0; i < wholes; ++i) held[i] = thaw_bytes_load(row + 16 * i);
  if (half) last = thaw_half_load(row + 16 * wholes);
  for (int32_t p = 0; p + 3 < positions; p += 4, input += 4 * count) {
    int32_t sums[THAW_LANES];
    for (int32_t k = 0; k < THAW_LANES; ++k) {
      const int8_t* pixel = input + k * count;
      if (wholes > 0)
        sums[k] = thaw_bytes_product(held[0], thaw_bytes_load(pixel));
      else
        sums[k] = thaw_half_product(last, thaw_half_load(pixel));
      for (int32_t i = 1; i < wholes; ++i)
        sums[k] = thaw_bytes_dot(sums[k], held[i], thaw_bytes_load(pixel + 16 * i));
      if (wholes > 0 && half) sums[k] = thaw_half_dot(sums[k], last, thaw_half_load(pixel + 16 * wholes));
    }
    thaw_channel_four(&c, masked, !masked, sums, p);
  }
}

// The same for any usual channel; `masked` and `limited` are constants.
THAW_INSIDE void usual_fours(const thaw_channel* channel, bool masked, bool limited, const int8_t* input,
                             const int8_t* row, int32_t count, int32_t positions) {
  const thaw_channel c = *channel;
  for (int32_t p = 0; p + 3 < positions; p += 4) any_four(&c, masked, limited, input, row, count, p);
}

// Rows that fit into registers, for channels whose clamp is that of int8.
THAW_INSIDE bool short_fours(const thaw_channel* channel, bool masked, const int8_t* input, const int8_t* row,
                             int32_t count, int32_t positions) {
  switch (count) {
    case 8:
      held_fours(channel, masked, input, row, 0, 1, positions);
      return true;
    case 16:
      held_fours(channel, masked, input, row, 1, 0, positions);
      return true;
    case 24:
      held_fours(channel, masked, input, row, 1, 1, positions);
      return true;
    case 32:
      held_fours(channel, masked, input, row, 2, 0, positions);
      return true;
    case 40:
      held_fours(channel, masked, input, row, 2, 1, positions);
      return true;
    case 48:
      held_fours(channel, masked, input, row, 3, 0, positions);
      return true;
    default:
      return false;
  }
}

THAW_APART static void plain_fours(const thaw_channel* channel, const int8_t* input, const int8_t* row,
                                   int32_t count, int32_t positions) {
  if (!channel->limited)
    usual_fours(channel, false, false, input, row, count, positions);
  else if (!short_fours(channel, false, input, row, count, positions))
    usual_fours(channel, false, true, input, row, count, positions);
}

THAW_APART static void masked_fours(const thaw_channel* channel, const int8_t* input, const int8_t* row,
                                    int32_t count, int32_t positions) {
  if (!short_fours(channel, true, input, row, count, positions))
    usual_fours(channel, true, false, input, row, count, positions);
}

// All positions of a channel. The last four may have been made before: they come out the same.
static void make_channel(const thaw_channel* channel, const int8_t* input, const int8_t* row, int32_t count,
                         int32_t positions) {
  if (!channel->usual || positions < THAW_LANES) {
    for (int32_t p = 0; p < positions; ++p) {
      const int32_t sum = thaw_row_dot(row, input + p * count, count);
      thaw_channel_any(channel, &sum, p, 1);
    }
    return;
  }
  if (channel->mask)
    masked_fours(channel, input, row, count, positions);
  else
    plain_fours(channel, input, row, count, positions);
  if (positions % THAW_LANES == 0) return;
  any_four(channel, channel->mask != NULL, channel->limited, input, row, count, positions - THAW_LANES);
}

static void by_pixels(const layer* l, int8_t* scratch) {
  const int32_t count = l->conv->input_channels;
  const int32_t positions = l->conv->output_height * l->conv->output_width;
  for (int32_t o = 0; o < l->conv->output_channels; ++o) {
    const int8_t* row = weight_row(l, o, scratch);
    const thaw_channel channel = channel_of(l, o, thaw_row_sum(row, count));
    make_channel(&channel, l->input, row, count, positions);
  }
}

// ---- other kernels: the windows are copied ----------------------------------------------------------------

// Four windows as rows of bytes, and what is known of some of the channels.
typedef struct windows {
  int32_t products, trained_products;
  int32_t channels;  // whose sums of weights are kept
  int32_t* sums;     // of their weights
  int8_t* frozen;    // [4][products]
  int8_t* trained;   // [4][trained products]
} windows;

// The sums of weights take the room that thaw_conv2d_scratch_bytes leaves to them: at least one a product.
static windows windows_of(const layer* l, int32_t* scratch) {
  const int32_t taps = thaw_conv2d_taps(l->conv);
  windows w;
  w.products = l->weights ? taps * l->conv->input_channels : 0;
  w.trained_products = l->trained ? taps * l->trained->count : 0;
  w.channels = w.products + w.trained_products;
  w.sums = scratch;
  w.frozen = (int8_t*)(scratch + w.channels);
  w.trained = w.frozen + THAW_LANES * w.products;
  return w;
}

// The window of output (y, x) in the order of the frozen weights; padding is the zero point. The taps of a
// kernel row lie side by side in the image unless they are dilated.
static void read_window(const layer* l, int32_t y, int32_t x, int8_t* window) {
  const thaw_conv2d* conv = l->conv;
  const int32_t channels = conv->input_channels;
  const int32_t width = conv->dilation_width == 1 ? conv->kernel_width : 1;  // taps copied together
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
    for (int32_t kx = 0; kx < conv->kernel_width; kx += width, window += width * channels) {
      const int32_t in_x = thaw_conv2d_input_x(conv, x, kx);
      const bool outside = in_y < 0 || in_y >= conv->input_height;
      const int32_t begin = outside ? width : thaw_sat32(-in_x, 0, width);
      const int32_t end = thaw_sat32(conv->input_width - in_x, begin, width);
      if (begin > 0) thaw_row_fill(window, conv->input_zero_point, begin * channels);
      if (end > begin) {
        const int8_t* from = l->input + (in_y * conv->input_width + in_x + begin) * channels;
        thaw_row_copy(window + begin * channels, from, (end - begin) * channels);
      }
      if (end < width)
        thaw_row_fill(window + end * channels, conv->input_zero_point, (width - end) * channels);
    }
  }
}

// Its trained channels in the order of the trained weights.
static void read_trained(const layer* l, int32_t y, int32_t x, int8_t* window) {
  const thaw_conv2d* conv = l->conv;
  const int32_t taps = thaw_conv2d_taps(conv);
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx, ++window) {
      const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
      const int32_t in_x = thaw_conv2d_input_x(conv, x, kx);
      const bool inside = thaw_conv2d_inside(conv, in_y, in_x);
      const int8_t* pixel =
          inside ? l->input + (in_y * conv->input_width + in_x) * conv->input_channels : NULL;
      for (int32_t j = 0; j < l->trained->count; ++j)
        window[j * taps] = inside ? pixel[l->trained->channels[j]] : (int8_t)conv->input_zero_point;
    }
  }
}

static void read_windows(const layer* l, const windows* w, int32_t first, int32_t count) {
  int32_t y = first / l->conv->output_width;
  int32_t x = first % l->conv->output_width;
  for (int32_t p = 0; p < count; ++p) {
    if (w->products > 0) read_window(l, y, x, w->frozen + p * w->products);
    if (w->trained_products > 0) read_trained(l, y, x, w->trained + p * w->trained_products);
    if (++x < l->conv->output_width) continue;
    x = 0;
    ++y;
  }
}

// Adds the products of a row of weights with four windows.
static inline void add_products(const int8_t* row, const int8_t* rows, int32_t count,
                                int32_t sums[THAW_LANES]) {
  if (count == 0) return;
  thaw_row_dots(row, rows, rows + count, rows + 2 * count, rows + 3 * count, count, sums);
}

static const int8_t* frozen_row(const layer* l, const windows* w, int32_t o) {
  return w->products > 0 ? l->weights + o * w->products : NULL;
}

static const int8_t* trained_row(const layer* l, const windows* w, int32_t o) {
  return w->trained_products > 0 ? l->trained->weights + o * w->trained_products : NULL;
}

// Channel o of positions first .. first + count - 1, for any channel.
THAW_APART static void any_positions(const layer* l, int32_t o, int32_t weight_sum, const int32_t* sums,
                                     int32_t first, int32_t count) {
  const thaw_channel channel = channel_of(l, o, weight_sum);
  thaw_channel_any(&channel, sums, first, count);
}

// Channels begin .. end - 1 of positions first .. first + count - 1; `masked` and `limited` are constants.
THAW_INSIDE void make_positions(const layer* layer_, const windows* windows_, bool masked, bool limited,
                                int32_t begin, int32_t end, int32_t first, int32_t count) {
  const layer l = *layer_;  // a store of bytes could change what is behind a pointer
  const windows w = *windows_;
  for (int32_t o = begin; o < end; ++o) {
    const thaw_channel channel = channel_of(&l, o, w.sums[o - begin]);
    int32_t sums[THAW_LANES] = {0, 0, 0, 0};
    add_products(frozen_row(&l, &w, o), w.frozen, w.products, sums);
    add_products(trained_row(&l, &w, o), w.trained, w.trained_products, sums);
    if (channel.usual && count == THAW_LANES)
      thaw_channel_four(&channel, masked, limited, sums, first);
    else
      any_positions(&l, o, w.sums[o - begin], sums, first, count);
  }
}

static void by_windows(const layer* l, int32_t* scratch) {
  const windows w = windows_of(l, scratch);
  const bool limited = l->conv->clamp_low == INT8_MIN && l->conv->clamp_high == INT8_MAX;
  const int32_t positions = l->conv->output_height * l->conv->output_width;
  for (int32_t begin = 0; begin < l->conv->output_channels; begin += w.channels) {
    const int32_t left = l->conv->output_channels - begin;
    const int32_t end = begin + (left < w.channels ? left : w.channels);
    for (int32_t o = begin; o < end; ++o) {
      w.sums[o - begin] = w.products > 0 ? thaw_row_sum(frozen_row(l, &w, o), w.products) : 0;
      if (w.trained_products > 0)
        w.sums[o - begin] += thaw_row_sum(trained_row(l, &w, o), w.trained_products);
    }
    for (int32_t p = 0; p < positions; p += THAW_LANES) {
      const int32_t left_positions = positions - p;
      const int32_t count = left_positions < THAW_LANES ? left_positions : THAW_LANES;
      // The last four may have been made before: they come out the same.
      const int32_t first = count < THAW_LANES && positions >= THAW_LANES ? positions - THAW_LANES : p;
      const int32_t made = positions < THAW_LANES ? count : THAW_LANES;
      read_windows(l, &w, first, made);
      if (l->mask)
        make_positions(l, &w, true, false, begin, end, first, made);
      else if (limited)
        make_positions(l, &w, false, true, begin, end, first, made);
      else
        make_positions(l, &w, false, false, begin, end, first, made);
    }
  }
}

void thaw_conv2d_s8(const thaw_conv2d* conv, const int8_t* input, const int8_t* weights,
                    const thaw_trained_channels* trained, const int32_t* bias, const int32_t* multipliers,
                    const int8_t* shifts, int8_t* output, uint8_t* mask, int32_t* scratch) {
  const layer l = {conv, input, weights, trained, bias, multipliers, shifts, output, mask};
  thaw_mask_clear(mask, conv->output_height * conv->output_width * conv->output_channels);
  if (is_image(conv) || thaw_conv2d_is_one_pixel(conv))
    by_pixels(&l, (int8_t*)scratch);
  else
    by_windows(&l, scratch);
}
