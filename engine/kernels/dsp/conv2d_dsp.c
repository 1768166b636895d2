// See conv2d.h. Four output positions at a time: their windows are spread to 16 bits, zero point subtracted,
// into four interleaved columns of scratch, which every output channel then multiplies with its row of
// weights (the partial im2col of Lai, Suda and Chandra, "CMSIS-NN", 2018, with the columns in the order in
// which SXTB16 takes bytes apart, so that weights need no reordering).
#include "engine/kernels/hot.h"

#include "engine/kernels/conv2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/column_group.h"
#include "engine/kernels/columns.h"
#include "engine/kernels/dsp/dsp.h"
#include "engine/kernels/fixed_point.h"
#include "engine/kernels/requantizer.h"

enum {
  POSITIONS = THAW_COLUMNS,
  BLOCK = 16  // output channels whose sums are kept on the stack
};

// Where the columns of frozen and of trained weights lie, and room for one window as bytes.
typedef struct columns {
  uint32_t* frozen;   // [group of 4 products][0: products 0 and 2, 1: products 1 and 3][POSITIONS]
  uint32_t* trained;  // the same for the products with trained weights
  int8_t* window;
} columns;

// Writes one of the interleaved columns.
static void write_column(const int8_t* values, int32_t count, uint32_t minus, uint32_t* column) {
  const int8_t* end = values + count;
  for (const int8_t* whole = values + count / 4 * 4; values != whole; values += 4, column += 2 * POSITIONS) {
    const uint32_t word = thaw_load_word(values);
    column[0] = thaw_sxtab16(minus, word);
    column[POSITIONS] = thaw_sxtab16_odd(minus, word);
  }
  if (values != end) {
    const uint32_t word = thaw_columns_rest(end, count);
    column[0] = thaw_sxtab16(minus, word);
    column[POSITIONS] = thaw_sxtab16_odd(minus, word);
  }
}

// Whether output position p reads pixel p of the image and nothing else.
static bool is_image(const thaw_conv2d* conv) {
  return thaw_conv2d_taps(conv) == 1 && conv->stride_height == 1 && conv->stride_width == 1 &&
         conv->pad_top == 0 && conv->pad_left == 0 && conv->output_width == conv->input_width &&
         conv->output_height <= conv->input_height;
}

// Writes all four columns from four pixels side by side.
THAW_NOINLINE static void write_pixels(const int8_t* pixel, int32_t channels, int32_t zero_point,
                                       uint32_t* column) {
  const uint32_t minus = thaw_twice(-zero_point);
  int32_t left = channels;
  for (; left >= 4; left -= 4, pixel += 4, column += 2 * POSITIONS) {
    for (int32_t p = 0; p < POSITIONS; ++p) {
      const uint32_t word = thaw_load_word(pixel + p * channels);
      column[p] = thaw_sxtab16(minus, word);
      column[POSITIONS + p] = thaw_sxtab16_odd(minus, word);
    }
  }
  for (int32_t p = 0; left > 0 && p < POSITIONS; ++p, pixel += channels)
    write_column(pixel, left, minus, column + p);
}

// The input pixel under tap (ky, kx) of output (y, x), NULL in the padding.
static const int8_t* pixel_at(const thaw_conv2d* conv, const int8_t* input, int32_t y, int32_t x, int32_t ky,
                              int32_t kx) {
  const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
  const int32_t in_x = thaw_conv2d_input_x(conv, x, kx);
  if (!thaw_conv2d_inside(conv, in_y, in_x)) return NULL;
  return input + (in_y * conv->input_width + in_x) * conv->input_channels;
}

// `count` bytes of a value, or copied; the end of them. Counts are too small for memset and memcpy to pay.
static inline int8_t* repeated(int8_t* to, int8_t value, int32_t count) {
  for (; count > 0; --count) {
    *to++ = value;
    THAW_KEEP_LOOP;
  }
  return to;
}
static inline int8_t* copied(int8_t* to, const int8_t* from, int32_t count) {
  for (const int8_t* end = from + count / 4 * 4; from != end; to += 4, from += 4) {
    const uint32_t word = thaw_load_word(from);
    __builtin_memcpy(to, &word, sizeof word);
  }
  for (count %= 4; count > 0; --count) {
    *to++ = *from++;
    THAW_KEEP_LOOP;
  }
  return to;
}

// The window of one output whose kernel rows lie side by side in the image, without padding left and right.
static void read_inner_window(const thaw_conv2d* conv, const int8_t* input, int32_t y, int32_t x,
                              int8_t* window) {
  const int32_t row = conv->kernel_width * conv->input_channels;
  const int32_t column = thaw_conv2d_input_x(conv, x, 0);
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
    if (in_y >= 0 && in_y < conv->input_height)
      window = copied(window, input + (in_y * conv->input_width + column) * conv->input_channels, row);
    else
      window = repeated(window, (int8_t)conv->input_zero_point, row);
  }
}

// The window of one output in the order of the frozen weights; padding is the zero point. The taps of a
// kernel row lie side by side in the image unless they are dilated.
static void read_window(const thaw_conv2d* conv, const int8_t* input, int32_t y, int32_t x, int8_t* window) {
  const int32_t channels = conv->input_channels;
  const int32_t left = thaw_conv2d_input_x(conv, x, 0);
  if (conv->dilation_width == 1 && left >= 0 && left + conv->kernel_width <= conv->input_width) {
    read_inner_window(conv, input, y, x, window);
    return;
  }
  const int32_t width = conv->dilation_width == 1 ? conv->kernel_width : 1;  // taps copied together
  const int8_t zero_point = (int8_t)conv->input_zero_point;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
    for (int32_t kx = 0; kx < conv->kernel_width; kx += width) {
      const int32_t in_x = thaw_conv2d_input_x(conv, x, kx);
      const int32_t begin = thaw_sat32(-in_x, 0, width);
      const int32_t end = thaw_sat32(conv->input_width - in_x, begin, width);
      if (in_y < 0 || in_y >= conv->input_height) {
        window = repeated(window, zero_point, width * channels);
        continue;
      }
      window = repeated(window, zero_point, begin * channels);
      const int8_t* from = input + (in_y * conv->input_width + in_x + begin) * channels;
      window = copied(window, from, (end - begin) * channels);
      window = repeated(window, zero_point, (width - end) * channels);
    }
  }
}

// Its trained channels in the order of the trained weights.
static void read_trained(const thaw_conv2d* conv, const int8_t* input, const thaw_trained_channels* trained,
                         int32_t y, int32_t x, int8_t* window) {
  const int32_t taps = thaw_conv2d_taps(conv);
  int32_t tap = 0;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx, ++tap) {
      const int8_t* pixel = pixel_at(conv, input, y, x, ky, kx);
      for (int32_t j = 0; j < trained->count; ++j)
        window[j * taps + tap] = pixel ? pixel[trained->channels[j]] : (int8_t)conv->input_zero_point;
    }
  }
}

// Writes the columns of output position (y, x); `p` is its place among the four.
THAW_NOINLINE static void write_position(const thaw_conv2d* conv, const int8_t* input,
                                         const thaw_trained_channels* trained, columns to, int32_t y,
                                         int32_t x, int32_t p) {
  const int32_t products = thaw_conv2d_taps(conv) * conv->input_channels;
  const uint32_t minus = thaw_twice(-conv->input_zero_point);
  const int8_t* pixel =
      thaw_conv2d_taps(conv) == 1 ? pixel_at(conv, input, y, x, 0, 0) : NULL;  // the window itself
  if (to.frozen) {
    if (!pixel) read_window(conv, input, y, x, to.window);
    write_column(pixel ? pixel : to.window, products, minus, to.frozen + p);
  }
  if (to.trained) {
    const bool whole = pixel && trained->count == conv->input_channels;
    if (!whole) read_trained(conv, input, trained, y, x, to.window);
    write_column(whole ? pixel : to.window, trained->count * thaw_conv2d_taps(conv), minus, to.trained + p);
  }
}

// The parameters of the output channels.
typedef struct layer {
  const int8_t* weights;
  const int8_t* trained_weights;
  int32_t products, trained_products;
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
} layer;

// All channels of four positions, the first output of which is *output, for layers with biases whose weights
// are frozen. All shifts are at most -2 and the clamp is that of int8. `whole`: rows of weights are multiples
// of four.
static inline void plain_outputs(const uint32_t* from, const layer* l, int32_t zero_point, int32_t stride,
                                 bool whole, int8_t* output) {
  const int32_t offset = 2 * zero_point + 1;
  const int32_t length = l->products;
  const int8_t* weights = l->weights;
  const int32_t* bias = l->bias;
  const int32_t* multipliers = l->multipliers;
  const int8_t* shifts = l->shifts;
  for (int32_t o = 0; o < stride; ++o) {
    const uint32_t start = (uint32_t)bias[o];
    uint32_t sums[POSITIONS] = {start, start, start, start};
    weights = whole ? thaw_columns_add_whole_row(from, weights, length, sums)
                    : thaw_columns_add_row(from, weights, length, sums);
    thaw_requantize_plain(multipliers[o], shifts[o], offset, sums, stride, output + o);
  }
}

THAW_NOINLINE static void plain_whole_outputs(const uint32_t* from, const layer* l, int32_t zero_point,
                                              int32_t stride, int8_t* output) {
  plain_outputs(from, l, zero_point, stride, true, output);
}

THAW_NOINLINE static void plain_odd_outputs(const uint32_t* from, const layer* l, int32_t zero_point,
                                            int32_t stride, int8_t* output) {
  plain_outputs(from, l, zero_point, stride, false, output);
}

// The same for any weights and with `mask` (or NULL), the byte of the first output; the channels come in
// groups of eight then.
THAW_NOINLINE static void masked_outputs(columns from, const layer* l, int32_t zero_point, int32_t stride,
                                         int8_t* output, uint8_t* mask) {
  const int32_t offset = 2 * zero_point + 1;
  const int8_t* weights = l->weights;
  const int8_t* trained_weights = l->trained_weights;
  uint32_t bits = 0;  // a byte for each position
  for (int32_t o = 0; o < stride; ++o) {
    const uint32_t start = l->bias ? (uint32_t)l->bias[o] : 0;
    uint32_t sums[POSITIONS] = {start, start, start, start};
    if (l->products > 0) weights = thaw_columns_add_row(from.frozen, weights, l->products, sums);
    if (l->trained_products > 0)
      trained_weights = thaw_columns_add_row(from.trained, trained_weights, l->trained_products, sums);
    bits = thaw_requantize_masked(l->multipliers[o], l->shifts[o], offset, sums, stride, output + o, bits,
                                  1u << (o & 7));
    if (!mask || (o & 7) != 7) continue;
    for (int32_t p = 0; p < POSITIONS; ++p) mask[(uint32_t)(p * stride + o) / 8] = (uint8_t)(bits >> (8 * p));
    bits = 0;
  }
}

// Whether all of these channels have shifts of at most -2.
static bool shifts_right(const int8_t* shifts, int32_t channels) {
  for (int32_t o = 0; o < channels; ++o)
    if (shifts[o] > -2) return false;
  return true;
}

// All channels of `count` positions, for any layer.
THAW_NOINLINE static void any_outputs(const thaw_conv2d* conv, columns from, const layer* l, int32_t first,
                                      int32_t count, int8_t* output, uint8_t* mask) {
  const int32_t stride = conv->output_channels;
  for (int32_t o = 0; o < stride; o += BLOCK) {
    const int32_t channels = stride - o < BLOCK ? stride - o : BLOCK;
    uint32_t sums[BLOCK * POSITIONS];
    const int32_t* start = l->bias ? l->bias + o : NULL;
    if (!start)
      for (int32_t i = 0; i < POSITIONS * channels; ++i) sums[i] = 0;
    if (l->products > 0) {
      thaw_columns_add(from.frozen, l->weights + o * l->products, l->products, channels, start, sums);
      start = NULL;
    }
    if (l->trained_products > 0)
      thaw_columns_add(from.trained, l->trained_weights + o * l->trained_products, l->trained_products,
                       channels, start, sums);
    const int32_t index = first * stride + o;
    for (int32_t c = 0; c < channels; ++c) {
      const thaw_requantizer r = {l->multipliers[o + c], l->shifts[o + c], conv->output_zero_point};
      thaw_requantize_positions(conv, &r, sums + POSITIONS * c, count, stride, output + index + c, mask,
                                index + c);
    }
  }
}

// The sum of (pixel + minus) * weights, four products at a time as they lie in memory.
static uint32_t pixel_sum(const int8_t* pixel, const int8_t* weights, int32_t count, uint32_t minus,
                          uint32_t sum) {
  const int8_t* end = weights + count;
  for (const int8_t* whole = weights + count / 4 * 4; weights != whole; weights += 4, pixel += 4) {
    const uint32_t x = thaw_load_word(pixel);
    const uint32_t w = thaw_load_word(weights);
    sum = thaw_smlad(thaw_sxtb16(w), thaw_sxtab16(minus, x), sum);
    sum = thaw_smlad(thaw_sxtb16_odd(w), thaw_sxtab16_odd(minus, x), sum);
  }
  if (weights != end) {
    const uint32_t x = thaw_columns_rest(pixel + (end - weights), count);
    const uint32_t w = thaw_columns_rest(end, count);  // 0 behind the row
    sum = thaw_smlad(thaw_sxtb16(w), thaw_sxtab16(minus, x), sum);
    sum = thaw_smlad(thaw_sxtb16_odd(w), thaw_sxtab16_odd(minus, x), sum);
  }
  return sum;
}

// One position that reads one pixel, without trained channels: three of four columns would be empty.
THAW_NOINLINE static void one_pixel(const thaw_conv2d* conv, const layer* l, const int8_t* pixel,
                                    int8_t* output, uint8_t* mask) {
  const uint32_t minus = thaw_twice(-conv->input_zero_point);
  const int32_t channels = conv->output_channels;
  for (int32_t o = 0; o < channels; ++o) {
    const uint32_t start = l->bias ? (uint32_t)l->bias[o] : 0;
    const uint32_t sums[POSITIONS] = {
        pixel_sum(pixel, l->weights + o * l->products, l->products, minus, start)};
    const thaw_requantizer r = {l->multipliers[o], l->shifts[o], conv->output_zero_point};
    thaw_requantize_positions(conv, &r, sums, 1, channels, output + o, mask, o);
  }
}

void thaw_conv2d_s8(const thaw_conv2d* conv, const int8_t* input, const int8_t* weights,
                    const thaw_trained_channels* trained, const int32_t* bias, const int32_t* multipliers,
                    const int8_t* shifts, int8_t* output, uint8_t* mask, int32_t* scratch) {
  const int32_t taps = thaw_conv2d_taps(conv);
  const layer l = {weights,
                   trained ? trained->weights : NULL,
                   weights ? taps * conv->input_channels : 0,
                   trained ? taps * trained->count : 0,
                   bias,
                   multipliers,
                   shifts};
  if (!trained && thaw_conv2d_is_one_pixel(conv)) {
    thaw_mask_clear(mask, conv->output_channels);
    one_pixel(conv, &l, input, output, mask);
    return;
  }
  uint32_t* const words = (uint32_t*)scratch;
  uint32_t* const trained_words = words + thaw_columns_words(l.products);
  const columns to = {l.products > 0 ? words : NULL, l.trained_products > 0 ? trained_words : NULL,
                      (int8_t*)(trained_words + thaw_columns_words(l.trained_products))};
  const bool whole = thaw_requantize_is_plain(conv) && shifts_right(shifts, conv->output_channels) &&
                     (!mask || conv->output_channels % 8 == 0);
  const bool pixels = !trained && is_image(conv);
  const int32_t positions = conv->output_height * conv->output_width;
  const int32_t channels = conv->output_channels;
  thaw_mask_clear(mask, positions * channels);
  for (int32_t first = 0; first < positions; first += POSITIONS) {
    const int32_t count = positions - first < POSITIONS ? positions - first : POSITIONS;
    if (pixels && count == POSITIONS) {
      write_pixels(input + first * conv->input_channels, conv->input_channels, conv->input_zero_point,
                   to.frozen);
    } else {
      int32_t y = first / conv->output_width;
      int32_t x = first % conv->output_width;
      for (int32_t p = 0; p < count; ++p) {
        write_position(conv, input, trained, to, y, x, p);
        if (++x == conv->output_width) {
          x = 0;
          ++y;
        }
      }
    }
    if (!whole || count < POSITIONS)
      any_outputs(conv, to, &l, first, count, output, mask);
    else if (mask || trained || !bias)
      masked_outputs(to, &l, conv->output_zero_point, channels, output + first * channels,
                     mask ? mask + first * channels / 8 : NULL);
    else if (l.products % 4 == 0)
      plain_whole_outputs(to.frozen, &l, conv->output_zero_point, channels, output + first * channels);
    else
      plain_odd_outputs(to.frozen, &l, conv->output_zero_point, channels, output + first * channels);
  }
}
