// See conv2d.h. Four output positions at a time: their windows are spread to 16 bits, zero point subtracted,
// into four interleaved columns of scratch, which every output channel then multiplies with its row of
// weights (the partial im2col of Lai, Suda and Chandra, "CMSIS-NN", 2018, with the columns in the order in
// which SXTB16 takes bytes apart, so that weights need no reordering).
#include "engine/kernels/conv2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/dsp.h"
#include "engine/kernels/requantizer.h"

enum { POSITIONS = 4 };

// Where the columns of frozen and of trained weights lie, and room for one window as bytes.
typedef struct columns {
  uint32_t* frozen;   // [group of 4 products][0: products 0 and 2, 1: products 1 and 3][POSITIONS]
  uint32_t* trained;  // the same for the products with trained weights
  int8_t* window;
} columns;

// Writes one of the interleaved columns.
static void write_column(const int8_t* values, int32_t count, uint32_t zero_points, uint32_t* column) {
  for (; count >= 4; count -= 4, values += 4, column += 2 * POSITIONS) {
    const uint32_t word = thaw_load_word(values);
    column[0] = thaw_ssub16(thaw_sxtb16(word), zero_points);
    column[POSITIONS] = thaw_ssub16(thaw_sxtb16_odd(word), zero_points);
  }
  if (count > 0) {
    const uint32_t word = thaw_load_bytes(values, count);
    column[0] = thaw_ssub16(thaw_sxtb16(word), zero_points);
    column[POSITIONS] = thaw_ssub16(thaw_sxtb16_odd(word), zero_points);
  }
}

// The input pixel under tap (ky, kx) of output (y, x), NULL in the padding.
static const int8_t* pixel_at(const thaw_conv2d* conv, const int8_t* input, int32_t y, int32_t x, int32_t ky,
                              int32_t kx) {
  const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
  const int32_t in_x = thaw_conv2d_input_x(conv, x, kx);
  if (!thaw_conv2d_inside(conv, in_y, in_x)) return NULL;
  return input + (in_y * conv->input_width + in_x) * conv->input_channels;
}

// The window of one output in the order of the frozen weights; padding is the zero point.
static void read_window(const thaw_conv2d* conv, const int8_t* input, int32_t y, int32_t x, int8_t* window) {
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
      const int8_t* pixel = pixel_at(conv, input, y, x, ky, kx);
      for (int32_t i = 0; i < conv->input_channels; ++i)
        *window++ = pixel ? pixel[i] : (int8_t)conv->input_zero_point;
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
                           const thaw_trained_channels* trained, columns to, int32_t y, int32_t x,
                           int32_t p) {
  const int32_t products = thaw_conv2d_taps(conv) * conv->input_channels;
  const uint32_t zero_points = thaw_twice(conv->input_zero_point);
  const int8_t* pixel =
      thaw_conv2d_taps(conv) == 1 ? pixel_at(conv, input, y, x, 0, 0) : NULL;  // the window itself
  if (to.frozen) {
    if (!pixel) read_window(conv, input, y, x, to.window);
    write_column(pixel ? pixel : to.window, products, zero_points, to.frozen + p);
  }
  if (to.trained) {
    const bool whole = pixel && trained->count == conv->input_channels;
    if (!whole) read_trained(conv, input, trained, y, x, to.window);
    write_column(whole ? pixel : to.window, trained->count * thaw_conv2d_taps(conv), zero_points,
                 to.trained + p);
  }
}

// Adds four weights' products with the four columns at *column and moves both pointers on. The compiler would
// not load four words at once.
static inline void add_group(const uint32_t** column, const int8_t** weights, uint32_t sums[POSITIONS]) {
#ifdef THAW_DSP_INSTRUCTION
  uint32_t word;
  uint32_t pair;
  __asm__("ldr %[word], [%[weights]], #4\n\t"
          "ldmia %[column]!, {r4, r5, r6, r8}\n\t"
          "sxtb16 %[pair], %[word]\n\t"
          "smlad %[a], %[pair], r4, %[a]\n\t"
          "smlad %[b], %[pair], r5, %[b]\n\t"
          "smlad %[c], %[pair], r6, %[c]\n\t"
          "smlad %[d], %[pair], r8, %[d]\n\t"
          "ldmia %[column]!, {r4, r5, r6, r8}\n\t"
          "sxtb16 %[pair], %[word], ror #8\n\t"
          "smlad %[a], %[pair], r4, %[a]\n\t"
          "smlad %[b], %[pair], r5, %[b]\n\t"
          "smlad %[c], %[pair], r6, %[c]\n\t"
          "smlad %[d], %[pair], r8, %[d]"
          : [column] "+r"(*column), [weights] "+r"(*weights), [a] "+r"(sums[0]), [b] "+r"(sums[1]),
            [c] "+r"(sums[2]), [d] "+r"(sums[3]), [word] "=&r"(word), [pair] "=&r"(pair)
          :
          : "r4", "r5", "r6", "r8", "memory");
#else
  const uint32_t word = thaw_load_word(*weights);
  for (int32_t p = 0; p < POSITIONS; ++p) {
    sums[p] = thaw_smlad(thaw_sxtb16(word), (*column)[p], sums[p]);
    sums[p] = thaw_smlad(thaw_sxtb16_odd(word), (*column)[POSITIONS + p], sums[p]);
  }
  *weights += 4;
  *column += 2 * POSITIONS;
#endif
}

// Adds the products of a row of weights with four columns.
static inline void add_products(const uint32_t* column, const int8_t* weights, int32_t count,
                                uint32_t sums[POSITIONS]) {
  for (const int8_t* end = weights + count / 4 % 2 * 4; weights != end;) add_group(&column, &weights, sums);
  for (const int8_t* end = weights + count / 8 * 8; weights != end;) {
    add_group(&column, &weights, sums);
    add_group(&column, &weights, sums);
  }
  if (count % 4 != 0) {
    const uint32_t word = thaw_load_bytes(weights, count % 4);
    const uint32_t even = thaw_sxtb16(word);
    const uint32_t odd = thaw_sxtb16_odd(word);
    for (int32_t p = 0; p < POSITIONS; ++p)
      sums[p] = thaw_smlad(odd, column[POSITIONS + p], thaw_smlad(even, column[p], sums[p]));
  }
}

THAW_NOINLINE static void add_row(const uint32_t* column, const int8_t* weights, int32_t count,
                                  uint32_t sums[POSITIONS]) {
  add_products(column, weights, count, sums);
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

// All channels of four positions, where one set of columns and no mask make the loop short. Returns the
// channel it stopped at, the first with a shift above -2.
THAW_NOINLINE static int32_t plain_outputs(const thaw_conv2d* conv, const uint32_t* column, const int8_t* row,
                                           const layer* l, int8_t* output) {
  const int32_t channels = conv->output_channels;
  const int32_t products = l->products + l->trained_products;
  const int32_t zero_point = conv->output_zero_point;
  for (int32_t o = 0; o < channels; ++o, row += products) {
    const thaw_requantizer r = {l->multipliers[o], l->shifts[o], zero_point};
    if (r.shift > -2) return o;
    const uint32_t start = (uint32_t)l->bias[o];
    uint32_t sums[POSITIONS] = {start, start, start, start};
    add_products(column, row, products, sums);
    thaw_requantize_plain(r, sums, channels, output + o);
  }
  return channels;
}

// Channels from o on of `count` positions, in any case.
static void outputs(const thaw_conv2d* conv, columns from, const layer* l, int32_t first, int32_t count,
                    int32_t o, int8_t* output, uint8_t* mask) {
  const int32_t channels = conv->output_channels;
  for (; o < channels; ++o) {
    const uint32_t start = l->bias ? (uint32_t)l->bias[o] : 0;
    uint32_t sums[POSITIONS] = {start, start, start, start};
    if (l->products > 0) add_row(from.frozen, l->weights + o * l->products, l->products, sums);
    if (l->trained_products > 0)
      add_row(from.trained, l->trained_weights + o * l->trained_products, l->trained_products, sums);
    const thaw_requantizer r = {l->multipliers[o], l->shifts[o], conv->output_zero_point};
    const int32_t index = first * channels + o;
    thaw_requantize_positions(conv, r, sums, count, channels, output + index, mask, index);
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
  uint32_t* const words = (uint32_t*)scratch;
  uint32_t* const trained_words = words + thaw_conv2d_column_words(l.products);
  const columns to = {l.products > 0 ? words : NULL, l.trained_products > 0 ? trained_words : NULL,
                      (int8_t*)(trained_words + thaw_conv2d_column_words(l.trained_products))};
  const bool plain = thaw_requantize_is_plain(conv, mask) && bias && !(to.frozen && to.trained);
  const int32_t positions = conv->output_height * conv->output_width;
  thaw_mask_clear(mask, positions * conv->output_channels);
  int32_t y = 0;
  int32_t x = 0;
  for (int32_t first = 0; first < positions; first += POSITIONS) {
    const int32_t count = positions - first < POSITIONS ? positions - first : POSITIONS;
    for (int32_t p = 0; p < count; ++p) {
      write_position(conv, input, trained, to, y, x, p);
      if (++x == conv->output_width) {
        x = 0;
        ++y;
      }
    }
    int32_t o = 0;
    if (plain && count == POSITIONS)
      o = plain_outputs(conv, to.frozen ? to.frozen : to.trained, to.frozen ? weights : l.trained_weights, &l,
                        output + first * conv->output_channels);
    outputs(conv, to, &l, first, count, o, output, mask);
  }
}
