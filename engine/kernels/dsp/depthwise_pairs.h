// Four channels of a depthwise convolution as SMLAD takes them: a word holds one channel at one column of two
// rows below each other. Pairs of rows lie in a ring: rows 2 p and 2 p + 1 of the padded plane are in slot
// p % slots. Windows begin at even and at odd rows, so a kernel lies there twice, as pairs of its rows
// (0, 1), (2, 3) .. and as (-, 0), (1, 2) ...
// Used by the *_dsp.c kernels of depthwise convolutions and of their input gradients.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/depthwise_conv2d.h"
#include "engine/kernels/dsp/dsp.h"
#include "engine/kernels/gradient_values.h"
#include "engine/kernels/tile.h"

enum { THAW_PAIR_CHANNELS = 4 };

/// The plane of four channels, padding included.
typedef struct thaw_pairs {
  int32_t slots;    // pairs of rows under a window
  int32_t columns;  // of the plane
  uint32_t* words;  // [slots][columns][4]
} thaw_pairs;

/// The channels of a block, 1 to 4 of them.
typedef struct thaw_pair_block {
  int32_t count;
  int32_t offsets[THAW_PAIR_CHANNELS];  // of their values in a pixel
  bool adjacent;                        // four values side by side
} thaw_pair_block;

/// Channels first .. first + 3 as far as there are so many, `each` of which share one in the pixel.
static inline thaw_pair_block thaw_pair_block_of(int32_t first, int32_t channels, int32_t each) {
  const int32_t left = channels - first;
  thaw_pair_block block = {left < THAW_PAIR_CHANNELS ? left : THAW_PAIR_CHANNELS, {0, 0, 0, 0}, false};
  block.adjacent = block.count == THAW_PAIR_CHANNELS && each == 1;
  for (int32_t k = 0; k < block.count; ++k) block.offsets[k] = (first + k) / each;
  return block;
}

/// Zeros left and right of columns at .. at + width - 1, which is where thaw_pairs_read writes.
static inline void thaw_pairs_clear_sides(const thaw_pairs* pairs, int32_t at, int32_t width) {
  for (int32_t slot = 0; slot < pairs->slots; ++slot) {
    uint32_t* row = pairs->words + slot * pairs->columns * THAW_PAIR_CHANNELS;
    for (int32_t i = 0; i < at * THAW_PAIR_CHANNELS; ++i) row[i] = 0;
    for (int32_t i = (at + width) * THAW_PAIR_CHANNELS; i < pairs->columns * THAW_PAIR_CHANNELS; ++i)
      row[i] = 0;
  }
}

/// Fills columns at .. at + width - 1 of pair `pair` from two rows of pixels that are `step` values wide and
/// begin at elements `above` and `below`; -1 = a row of padding.
THAW_NOINLINE static void thaw_pairs_read(const thaw_pairs* pairs, const thaw_pair_block* block,
                                          thaw_gradient_values from, int32_t above, int32_t below,
                                          int32_t step, int32_t width, int32_t zero_point, int32_t pair,
                                          int32_t at) {
  uint32_t* to = pairs->words + (pair % pairs->slots * pairs->columns + at) * THAW_PAIR_CHANNELS;
  if (block->adjacent && !from.is_16) {
    const uint32_t minus = thaw_twice(-zero_point);
    const uint32_t padding = ((uint32_t)zero_point & 0xFFu) * UINT32_C(0x01010101);
    const int8_t* values = (const int8_t*)from.values + block->offsets[0];
    const int8_t* upper = above < 0 ? (const int8_t*)&padding : values + above;
    const int8_t* lower = below < 0 ? (const int8_t*)&padding : values + below;
    const int32_t upper_step = above < 0 ? 0 : step;
    const int32_t lower_step = below < 0 ? 0 : step;
    for (const uint32_t* end = to + width * THAW_PAIR_CHANNELS; to != end;
         upper += upper_step, lower += lower_step, to += THAW_PAIR_CHANNELS)
      thaw_tile_put(thaw_load_word(upper), thaw_load_word(lower), minus, to);
    return;
  }
  for (int32_t x = 0; x < width; ++x, to += THAW_PAIR_CHANNELS) {
    for (int32_t k = 0; k < block->count; ++k) {
      const int32_t offset = x * step + block->offsets[k];
      const int32_t upper = above < 0 ? 0 : thaw_gradient_at(from, above + offset) - zero_point;
      const int32_t lower = below < 0 ? 0 : thaw_gradient_at(from, below + offset) - zero_point;
      to[k] = thaw_pack_low((uint32_t)upper, (uint32_t)lower);
    }
  }
}

/// Writes the kernel of a block as words of four channels, [reach height][reach width], 0 between dilated
/// taps: frozen weights (or NULL) of channels first .. plus the taps of trained channels (or NULLs).
THAW_NOINLINE static void thaw_pairs_read_taps(const thaw_conv2d* conv, const thaw_pair_block* block,
                                               const int8_t* weights,
                                               const int8_t* const trained[THAW_PAIR_CHANNELS], int32_t first,
                                               uint32_t* words) {
  const int32_t taps = thaw_conv2d_taps(conv);
  const int32_t step = conv->output_channels;
  const bool dilated = conv->dilation_height != 1 || conv->dilation_width != 1;
  const bool frozen = !trained[0] && !trained[1] && !trained[2] && !trained[3];
  if (frozen && !dilated && weights && block->count == THAW_PAIR_CHANNELS) {
    weights += first;
    for (const uint32_t* end = words + taps; words != end; weights += step)
      *words++ = thaw_load_word(weights);
    return;
  }
  const int32_t width = thaw_conv2d_reach_width(conv);
  for (int32_t i = 0; i < thaw_conv2d_reach_height(conv) * width; ++i) words[i] = 0;
  for (int32_t tap = 0; tap < taps; ++tap) {
    uint32_t* word = words + tap / conv->kernel_width * conv->dilation_height * width +
                     tap % conv->kernel_width * conv->dilation_width;
    for (int32_t k = 0; k < block->count; ++k) {
      const int32_t weight =
          (weights ? weights[tap * step + first + k] : 0) + (trained[k] ? trained[k][tap] : 0);
      *word |= ((uint32_t)weight & 0xFFu) << (8 * k);
    }
  }
}

/// The trained taps of the block's channels, NULL where a channel is frozen; `rank` is that of the next
/// trained channel and moves on.
static inline void thaw_pairs_trained(const thaw_trained_channels* trained, const thaw_pair_block* block,
                                      int32_t taps, int32_t first, int32_t* rank,
                                      const int8_t* kernels[THAW_PAIR_CHANNELS]) {
  for (int32_t k = 0; k < THAW_PAIR_CHANNELS; ++k) {
    kernels[k] = NULL;
    if (trained && k < block->count && *rank < trained->count && trained->channels[*rank] == first + k)
      kernels[k] = trained->weights + (*rank)++ * taps;
  }
}

/// Which of a kernel's taps, in one direction, meet `count` neighbours of the plane: `begin`, then `step`
/// more.
typedef struct thaw_pair_taps {
  int32_t begin, step, count;
} thaw_pair_taps;

/// Writes pairs of kernel rows [(odd + rows.count + 1) / 2][columns.count][4], for windows that begin at odd
/// rows or not; words as thaw_pairs_read_taps writes them, `width` a row. Returns the end.
static inline uint32_t* thaw_pairs_set_kernel(const uint32_t* words, int32_t width, thaw_pair_taps rows,
                                              thaw_pair_taps columns, int32_t odd, uint32_t* to) {
  for (int32_t row = -odd; row < rows.count; row += 2) {
    const uint32_t* upper = words + (rows.begin + row * rows.step) * width + columns.begin;
    const uint32_t* lower = upper + rows.step * width;
    const bool has_upper = row >= 0;
    const bool has_lower = row + 1 < rows.count;
    for (int32_t i = 0; i < columns.count; ++i, to += THAW_PAIR_CHANNELS)
      thaw_tile_put(has_upper ? upper[i * columns.step] : 0, has_lower ? lower[i * columns.step] : 0, 0, to);
  }
  return to;
}

/// The pairs of a window that begins at row `first` of the padded plane, without those outside the image.
typedef struct thaw_pair_window {
  const uint32_t* row;     // the first pair
  int32_t before_end;      // pairs up to the ring's end, where it goes on at its beginning
  int32_t count;           // pairs
  const uint32_t* kernel;  // of the first pair
  int32_t second;          // words from the first pair to the second
} thaw_pair_window;

/// `rows` of the window; the image has rows pad .. pad + height - 1 of the padded plane; `kernel` fits
/// `first`.
static inline thaw_pair_window thaw_pairs_window(const thaw_pairs* pairs, int32_t first, int32_t rows,
                                                 int32_t columns, int32_t pad, int32_t height,
                                                 const uint32_t* kernel) {
  int32_t begin = first / 2;
  int32_t end = rows > 0 ? (first + rows + 1) / 2 : begin;
  const int32_t image_end = (pad + height + 1) / 2;
  int32_t skipped = 0;
  if (begin < pad / 2) skipped = pad / 2 - begin;
  if (begin + skipped > end) skipped = end - begin;
  begin += skipped;
  if (end > image_end) end = image_end;
  const int32_t slot = begin % pairs->slots;
  const int32_t words = pairs->columns * THAW_PAIR_CHANNELS;
  const thaw_pair_window window = {pairs->words + slot * words, pairs->slots - slot,
                                   end > begin ? end - begin : 0,
                                   kernel + skipped * columns * THAW_PAIR_CHANNELS,
                                   slot + 1 == pairs->slots ? words - pairs->slots * words : words};
  return window;
}

// Adds the products of one column of a pair of rows, for four channels, and moves both pointers on. The
// compiler would not load four words at once.
static inline void thaw_pairs_add_column(const uint32_t** column, const uint32_t** kernel, uint32_t sums[4]) {
#ifdef THAW_DSP_INSTRUCTION
  uint32_t first;
  uint32_t second;
  __asm__(
      "ldmia %[column]!, {r4, r5, r6, r8}\n\t"
      "ldrd %[first], %[second], [%[kernel]], #8\n\t"
      "smlad %[a], %[first], r4, %[a]\n\t"
      "smlad %[b], %[second], r5, %[b]\n\t"
      "ldrd %[first], %[second], [%[kernel]], #8\n\t"
      "smlad %[c], %[first], r6, %[c]\n\t"
      "smlad %[d], %[second], r8, %[d]"
      : [column] "+r"(*column), [kernel] "+r"(*kernel), [a] "+r"(sums[0]), [b] "+r"(sums[1]),
        [c] "+r"(sums[2]), [d] "+r"(sums[3]), [first] "=&r"(first), [second] "=&r"(second)
      :
      : "r4", "r5", "r6", "r8", "memory");
#else
  for (int32_t k = 0; k < THAW_PAIR_CHANNELS; ++k) sums[k] = thaw_smlad((*column)[k], (*kernel)[k], sums[k]);
  *column += THAW_PAIR_CHANNELS;
  *kernel += THAW_PAIR_CHANNELS;
#endif
}

/// Adds to the sums of four channels the products of the window at column x of the plane with its kernel,
/// `columns` wide.
static inline void thaw_pairs_add(const thaw_pairs* pairs, const thaw_pair_window* window, int32_t x,
                                  int32_t columns, uint32_t sums[THAW_PAIR_CHANNELS]) {
  const uint32_t* column = window->row + x * THAW_PAIR_CHANNELS;
  const uint32_t* kernel = window->kernel;
  uint32_t part[THAW_PAIR_CHANNELS] = {sums[0], sums[1], sums[2], sums[3]};
  if (columns == 3 && window->count == 2) {  // a 3x3 kernel, with no loop at all
    const uint32_t* second = column + window->second;
    for (int32_t i = 0; i < 3; ++i) thaw_pairs_add_column(&column, &kernel, part);
    for (int32_t i = 0; i < 3; ++i) thaw_pairs_add_column(&second, &kernel, part);
  } else {
    const int32_t words = pairs->columns * THAW_PAIR_CHANNELS;
    int32_t before_end = window->before_end;
    for (int32_t pair = window->count; pair > 0; --pair) {
      for (int32_t i = 0; i < columns; ++i) thaw_pairs_add_column(&column, &kernel, part);
      column += words - columns * THAW_PAIR_CHANNELS;
      if (--before_end == 0) column -= pairs->slots * words;
    }
  }
  for (int32_t k = 0; k < THAW_PAIR_CHANNELS; ++k) sums[k] = part[k];
}
