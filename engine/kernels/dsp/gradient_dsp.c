// See gradient.h. Where the layer that reads the target is a convolution, four channels at a time: their
// columns of the weights are packed once and multiplied with the gradient of every position (1x1 kernels
// here, larger ones in gradient_windows.h). Where it is a depthwise convolution, four channels at a time as
// in its forward pass, with the kernel turned round and split by the stride. Everything else goes position by
// position.
// It is longer than 400 lines because it takes the place of one file, gradient.c: both ways store through the
// same inlined assembler, and a call between files would cost each value of a gradient.
#include "engine/kernels/hot.h"

#include "engine/kernels/gradient.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/column_group.h"
#include "engine/kernels/columns.h"
#include "engine/kernels/dsp/depthwise_pairs.h"
#include "engine/kernels/dsp/gradient_windows.h"
#include "engine/kernels/fixed_point.h"
#include "engine/kernels/gradient_pass.h"
#include "engine/kernels/gradient_rows.h"
#include "engine/kernels/tile.h"

// Scales, masks, saturates and stores `count` values of one channel; value i is the sum of the scaled
// parts[j][i * step], and goes to element index + i * stride. Returns the OR of their magnitudes.
THAW_NOINLINE static uint32_t store_channel(const thaw_gradient_target* target,
                                            const thaw_gradient_pass* pass, int32_t channel,
                                            const int32_t* const parts[THAW_GRADIENT_SOURCES], int32_t step,
                                            int32_t count, int32_t index, int32_t stride) {
  const uint8_t* mask = target->mask;
  const bool same_bit = stride % 8 == 0;  // of each mask byte
  const uint32_t bit = 1u << (index % 8);
  const int32_t first_mantissa = thaw_channel_mantissa(&pass->scales[0], channel);
  const int32_t first_half = INT32_C(1) << (pass->shifts[0] - 33);
  const int32_t first_shift = pass->shifts[0] - 32;
  const int32_t* values = parts[0];
  uint32_t magnitudes = 0;
  for (int32_t i = 0; i < count; ++i, index += stride, values += step) {
    if (mask && !(same_bit ? (mask[index / 8] & bit) != 0 : thaw_mask_get(mask, index))) {
      if (pass->bits == 7)
        ((int8_t*)target->values)[index] = 0;
      else
        ((int16_t*)target->values)[index] = 0;
      continue;
    }
    // thaw_gscale
    const int32_t high = (int32_t)thaw_asr64((int64_t)*values * first_mantissa, 32);
    int32_t v = thaw_asr32(high + first_half, first_shift);
    if (parts[1])
      v += thaw_gscale(parts[1][i * step], thaw_channel_mantissa(&pass->scales[1], channel), pass->shifts[1]);
    magnitudes |= (uint32_t)(v ^ thaw_asr32(v, 31));
    if (pass->bits == 7)
      ((int8_t*)target->values)[index] = (int8_t)thaw_ssat8(v);
    else
      ((int16_t*)target->values)[index] = (int16_t)thaw_ssat(v, pass->bits);
  }
  return magnitudes;
}

// How a block's values are scaled and stored.
typedef struct block_scale {
  const thaw_gradient_target* target;
  const thaw_gradient_pass* pass;
  int32_t count;
  int32_t mantissas[THAW_PAIR_CHANNELS];
  int32_t half, shift;  // what thaw_gscale adds to the high word, and shifts it by
} block_scale;

static block_scale block_scale_of(const thaw_gradient_target* target, const thaw_gradient_pass* pass,
                                  int32_t source, int32_t first, int32_t count) {
  const int32_t shift = pass->shifts[source] - 32;
  block_scale scale = {target, pass, count, {0, 0, 0, 0}, INT32_C(1) << (shift - 1), shift};
  for (int32_t k = 0; k < count; ++k)
    scale.mantissas[k] = thaw_channel_mantissa(&pass->scales[source], first + k);
  return scale;
}

// Scales, masks, saturates and stores the channels of one position; the first is element `index`. Returns the
// OR of their magnitudes.
static inline uint32_t store_position(const block_scale* scale, const uint32_t sums[THAW_PAIR_CHANNELS],
                                      int32_t index) {
  const thaw_gradient_target* target = scale->target;
  const int32_t bits = scale->pass->bits;
  uint32_t magnitudes = 0;
  for (int32_t k = 0; k < scale->count; ++k, ++index) {
    int32_t v = 0;
    if (thaw_mask_get(target->mask, index))
      v = thaw_gscale((int32_t)sums[k], scale->mantissas[k], scale->pass->shifts[0]);
    magnitudes |= (uint32_t)(v ^ thaw_asr32(v, 31));
    if (bits == 7)
      ((int8_t*)target->values)[index] = (int8_t)thaw_ssat8(v);
    else
      ((int16_t*)target->values)[index] = (int16_t)thaw_ssat(v, bits);
  }
  return magnitudes;
}

// Whether a tensor is int8 and the mask bits of four of its channels lie in one byte.
static bool is_usual(const thaw_gradient_target* target) {
  return target->bits == 7 && target->channels % THAW_PAIR_CHANNELS == 0;
}

// Mask bits 0 .. 3 of four of its channels, the first being element `index`.
static inline uint32_t mask_bits(const thaw_gradient_target* target, int32_t index) {
  return target->mask ? (uint32_t)target->mask[(uint32_t)index / 8] >> (index & 4) : 15;
}

// thaw_gscale of a value of channel k of the block.
static inline int32_t scaled_value(const block_scale* scale, int32_t k, uint32_t value) {
  const int32_t high = (int32_t)thaw_asr64((int64_t)(int32_t)value * scale->mantissas[k], 32);
  return thaw_asr32(high + scale->half, scale->shift);
}

// The usual case of the same: four channels of such a tensor. Returns `magnitudes` with theirs.
static inline uint32_t store_four(const block_scale* scale, uint32_t sums[THAW_PAIR_CHANNELS], int32_t index,
                                  uint32_t magnitudes) {
  const uint32_t bits = mask_bits(scale->target, index);
  int8_t* values = (int8_t*)scale->target->values + index;
#ifdef THAW_DSP_INSTRUCTION
#define THAW_STORE_CHANNEL(sum, channel)           \
  "asr %[" sum "], %[" sum                         \
  "], %[shift]\n\t"                                \
  "sbfx %[other], %[bits], #" channel              \
  ", #1\n\t"                                       \
  "and %[" sum "], %[" sum                         \
  "], %[other]\n\t"                                \
  "eor %[other], %[" sum "], %[" sum               \
  "], asr #31\n\t"                                 \
  "orr %[magnitudes], %[magnitudes], %[other]\n\t" \
  "ssat %[" sum "], #8, %[" sum                    \
  "]\n\t"                                          \
  "strb %[" sum "], [%[values], #" channel "]\n\t"
  uint32_t first;
  uint32_t other;
  __asm__ volatile(
      "ldrd %[first], %[other], [%[mantissas]]\n\t"
      "smmla %[a], %[a], %[first], %[half]\n\t"
      "smmla %[b], %[b], %[other], %[half]\n\t"
      THAW_STORE_CHANNEL("a", "0")
      THAW_STORE_CHANNEL("b", "1")
      "ldrd %[first], %[other], [%[mantissas], #8]\n\t"
      "smmla %[c], %[c], %[first], %[half]\n\t"
      "smmla %[d], %[d], %[other], %[half]\n\t"
      THAW_STORE_CHANNEL("c", "2")
      THAW_STORE_CHANNEL("d", "3")
      : [a] "+r"(sums[0]), [b] "+r"(sums[1]), [c] "+r"(sums[2]), [d] "+r"(sums[3]), [first] "=&r"(first),
        [other] "=&r"(other), [magnitudes] "+r"(magnitudes)
      : [mantissas] "r"(scale->mantissas), [half] "r"(scale->half), [shift] "r"(scale->shift), [bits] "r"(bits),
        [values] "r"(values)
      : "memory");
#undef THAW_STORE_CHANNEL
#else
  for (int32_t k = 0; k < THAW_PAIR_CHANNELS; ++k) {
    const int32_t v = scaled_value(scale, k, sums[k]) & -(int32_t)(bits >> k & 1);
    magnitudes |= (uint32_t)(v ^ thaw_asr32(v, 31));
    values[k] = (int8_t)thaw_ssat8(v);
  }
#endif
  return magnitudes;
}

// ---- convolutions, four channels at a time ----------------------------------------------------------------

static bool is_pointwise(const thaw_conv2d* conv) {
  return thaw_conv2d_taps(conv) == 1 && conv->stride_height == 1 && conv->stride_width == 1 &&
         conv->pad_top == 0 && conv->pad_left == 0 && conv->output_height == conv->input_height &&
         conv->output_width == conv->input_width;
}

// Whether the source is a convolution of another kind.
static bool has_windows(const thaw_gradient_source* source) {
  return source->kind == THAW_SOURCE_CONV2D && !is_pointwise(source->conv);
}

// Whether the source has its values channel block by channel block of the target.
static bool has_blocks(const thaw_gradient_target* target, const thaw_gradient_source* source) {
  if (source->kind == THAW_SOURCE_DEPTHWISE || source->kind == THAW_SOURCE_ROWS) return false;
  return source->kind != THAW_SOURCE_CONV2D || source->conv->input_channels == target->channels;
}

// Whether read_four reads it.
static bool has_fours(const thaw_gradient_target* target, const thaw_gradient_source* source) {
  const bool stored = source->kind == THAW_SOURCE_CONV2D || source->kind == THAW_SOURCE_STORED;
  return has_blocks(target, source) && !(stored && source->gradient.is_16);
}

// Packs the weights of channels first .. first + count - 1.
static void fill_tile(const thaw_gradient_source* source, int32_t first, int32_t count, uint32_t* tile) {
  const thaw_conv2d* conv = source->conv;
  const thaw_trained_channels* trained = source->trained;
  if (!is_pointwise(conv)) {
    thaw_window_fill(source, first, count, tile);
    return;
  }
  const bool whole = trained && trained->count == conv->input_channels;  // laid out as frozen weights are
  const int8_t* weights = whole ? trained->weights : source->weights;
  const thaw_tile_source from = {weights, conv->output_channels, conv->input_channels, NULL, first, count, 0};
  thaw_tile_fill(&from, tile);
  if (!trained || whole) return;
  for (int32_t j = 0; j < trained->count; ++j) {
    const int32_t k = trained->channels[j] - first;
    if (k < 0 || k >= count) continue;
    for (int32_t o = 0; o < conv->output_channels; ++o)
      thaw_tile_add(tile, o, k, trained->weights[o * trained->count + j]);
  }
}

enum { POSITIONS = 16 };  // whose values are kept on the stack

// The values of a source at positions p .. p + positions - 1, channels first .. first + count - 1:
// [positions][4].
static void read_block(const thaw_gradient_source* source, const uint32_t* tile, int32_t channels, int32_t p,
                       int32_t positions, int32_t first, int32_t count, int32_t* values) {
  if (source->kind == THAW_SOURCE_CONV2D) {
    const int32_t outputs = source->conv->output_channels;
    uint32_t* sums = (uint32_t*)values;
    for (int32_t i = 0; i < THAW_COLUMNS * positions; ++i) sums[i] = 0;
    if (source->gradient.is_16 || !is_pointwise(source->conv))
      for (int32_t i = 0; i < positions; ++i)
        thaw_window_sums_at(source, tile, p + i, sums + THAW_COLUMNS * i);
    else
      thaw_columns_add(tile, (const int8_t*)source->gradient.values + p * outputs, outputs, positions, NULL,
                       sums);
    return;
  }
  const bool stored = source->kind == THAW_SOURCE_STORED;
  const int32_t step = source->kind == THAW_SOURCE_FEATURES ? 0 : channels;
  int32_t at = p * step + first;
  for (int32_t i = 0; i < positions; ++i, at += step, values += THAW_COLUMNS)
    for (int32_t k = 0; k < count; ++k)
      values[k] = stored ? thaw_gradient_at(source->gradient, at + k) * (INT32_C(1) << 16)
                         : source->accumulators[at + k];
}

// Where the tile of the second source lies.
static uint32_t* second_tile(const thaw_gradient_source* first, uint32_t* scratch) {
  return first->kind == THAW_SOURCE_CONV2D ? scratch + thaw_conv2d_gradient_words(first->conv) : scratch;
}

// Four channels of a whole int8 tensor from one convolution and its tile.
THAW_NOINLINE static uint32_t convolution_block(const thaw_gradient_source* source, const uint32_t* tile,
                                                const block_scale* scale, int32_t first) {
  const int32_t outputs = source->conv->output_channels;
  const int32_t channels = scale->target->channels;
  const int8_t* row = (const int8_t*)source->gradient.values;
  const int32_t end = scale->target->positions * channels + first;
  uint32_t magnitudes = 0;
  for (int32_t index = first; index != end; index += channels) {
    uint32_t sums[THAW_COLUMNS] = {0, 0, 0, 0};
    row = thaw_columns_add_row(tile, row, outputs, sums);
    magnitudes = store_four(scale, sums, index, magnitudes);
  }
  return magnitudes;
}

// The same for a convolution with any window.
THAW_NOINLINE static uint32_t window_block(const thaw_gradient_source* source, const uint32_t* tiles,
                                           const block_scale* scale, int32_t first) {
  const thaw_conv2d* conv = source->conv;
  const bool usual = thaw_window_is_usual(source);
  uint32_t magnitudes = 0;
  int32_t index = first;
  for (int32_t y = 0; y < conv->input_height; ++y) {
    const thaw_tap_rows rows = thaw_window_rows(source, tiles, y);
    for (int32_t x = 0; x < conv->input_width; ++x, index += conv->input_channels) {
      uint32_t sums[THAW_COLUMNS];
      if (usual)
        thaw_window_sums(&rows, thaw_window_run(conv, x), conv->output_channels, sums);
      else
        thaw_window_any_sums(source, tiles, y, x, sums);
      magnitudes = store_four(scale, sums, index, magnitudes);
    }
  }
  return magnitudes;
}

// Four values of a source at one position: element `index` and those after it, channel `first` and so on.
static inline void read_four(const thaw_gradient_source* source, bool windows, const uint32_t* tile,
                             int32_t position, int32_t first, int32_t index, uint32_t values[THAW_COLUMNS]) {
  if (windows) {
    thaw_window_sums_at(source, tile, position, values);
  } else if (source->kind == THAW_SOURCE_CONV2D) {
    const int32_t outputs = source->conv->output_channels;
    for (int32_t k = 0; k < THAW_COLUMNS; ++k) values[k] = 0;
    thaw_columns_add_row(tile, (const int8_t*)source->gradient.values + position * outputs, outputs, values);
  } else if (source->kind == THAW_SOURCE_STORED) {
    const uint32_t word = thaw_load_word((const int8_t*)source->gradient.values + index);
    const uint32_t even = thaw_sxtb16(word);
    const uint32_t odd = thaw_sxtb16_odd(word);
    values[0] = even << 16;
    values[1] = odd << 16;
    values[2] = even & 0xFFFF0000u;
    values[3] = odd & 0xFFFF0000u;
  } else {
    const int32_t* from = source->accumulators + (source->kind == THAW_SOURCE_FEATURES ? first : index);
    for (int32_t k = 0; k < THAW_COLUMNS; ++k) values[k] = (uint32_t)from[k];
  }
}

// Four channels of a usual tensor from one or two sources.
THAW_NOINLINE static uint32_t block_of_four(const thaw_gradient_source* sources, int32_t count,
                                            uint32_t* const tiles[THAW_GRADIENT_SOURCES],
                                            const block_scale scales[THAW_GRADIENT_SOURCES], int32_t first) {
  const thaw_gradient_target* target = scales[0].target;
  const bool windows = has_windows(&sources[0]);
  const bool more_windows = has_windows(&sources[count - 1]);
  uint32_t magnitudes = 0;
  int32_t index = first;
  for (int32_t p = 0; p < target->positions; ++p, index += target->channels) {
    uint32_t values[THAW_COLUMNS];
    read_four(&sources[0], windows, tiles[0], p, first, index, values);
    if (count == 1) {
      magnitudes = store_four(&scales[0], values, index, magnitudes);
      continue;
    }
    uint32_t more[THAW_COLUMNS];
    read_four(&sources[1], more_windows, tiles[1], p, first, index, more);
    const uint32_t bits = mask_bits(target, index);
    for (int32_t k = 0; k < THAW_COLUMNS; ++k) {
      const int32_t v = (scaled_value(&scales[0], k, values[k]) + scaled_value(&scales[1], k, more[k])) &
                        -(int32_t)(bits >> k & 1);
      magnitudes |= (uint32_t)(v ^ thaw_asr32(v, 31));
      ((int8_t*)target->values)[index + k] = (int8_t)thaw_ssat8(v);
    }
  }
  return magnitudes;
}

// A usual tensor from usual sources, in blocks of four channels.
static uint32_t by_fours(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                         const thaw_gradient_pass* pass, uint32_t* scratch) {
  const int32_t count = pass->source_count;
  uint32_t* const tiles[THAW_GRADIENT_SOURCES] = {scratch, second_tile(&sources[0], scratch)};
  uint32_t magnitudes = 0;
  for (int32_t first = 0; first < target->channels; first += THAW_COLUMNS) {
    const block_scale scales[THAW_GRADIENT_SOURCES] = {
        block_scale_of(target, pass, 0, first, THAW_COLUMNS),
        block_scale_of(target, pass, count - 1, first, THAW_COLUMNS)};
    for (int32_t j = 0; j < count; ++j)
      if (sources[j].kind == THAW_SOURCE_CONV2D) fill_tile(&sources[j], first, THAW_COLUMNS, tiles[j]);
    if (count == 2 || sources[0].kind != THAW_SOURCE_CONV2D)
      magnitudes |= block_of_four(sources, count, tiles, scales, first);
    else if (has_windows(&sources[0]))
      magnitudes |= window_block(&sources[0], tiles[0], &scales[0], first);
    else
      magnitudes |= convolution_block(&sources[0], tiles[0], &scales[0], first);
  }
  return magnitudes;
}

static uint32_t by_blocks(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                          const thaw_gradient_pass* pass, uint32_t* scratch) {
  uint32_t magnitudes = 0;
  const int32_t channels = target->channels;
  int32_t values[THAW_GRADIENT_SOURCES][POSITIONS * THAW_COLUMNS];
  uint32_t* const tiles[THAW_GRADIENT_SOURCES] = {scratch, second_tile(&sources[0], scratch)};
  for (int32_t first = 0; first < channels; first += THAW_COLUMNS) {
    const int32_t count = channels - first < THAW_COLUMNS ? channels - first : THAW_COLUMNS;
    for (int32_t j = 0; j < pass->source_count; ++j)
      if (sources[j].kind == THAW_SOURCE_CONV2D) fill_tile(&sources[j], first, count, tiles[j]);
    for (int32_t p = 0; p < target->positions; p += POSITIONS) {
      const int32_t positions = target->positions - p < POSITIONS ? target->positions - p : POSITIONS;
      for (int32_t j = 0; j < pass->source_count; ++j)
        read_block(&sources[j], tiles[j], channels, p, positions, first, count, values[j]);
      for (int32_t k = 0; k < count; ++k) {
        const int32_t* parts[THAW_GRADIENT_SOURCES] = {values[0] + k,
                                                       pass->source_count == 2 ? values[1] + k : NULL};
        magnitudes |= store_channel(target, pass, first + k, parts, THAW_COLUMNS, positions,
                                    p * channels + first + k, channels);
      }
    }
  }
  return magnitudes;
}

// ---- depthwise convolutions, four channels at a time ------------------------------------------------------

// The taps, turned round, under which inputs at place `place` of the padded image lie: one of the `stride`
// kernels into which the stride splits the layer's.
static thaw_pair_taps taps_at(int32_t place, int32_t stride, int32_t kernel) {
  const int32_t first = place % stride;
  const int32_t count = first < kernel ? (kernel - 1 - first) / stride + 1 : 0;
  const thaw_pair_taps taps = {first + (count - 1) * stride, -stride, count};
  return taps;
}

// The plane of the gradient, and the kernels of a block.
typedef struct depthwise_source {
  const thaw_gradient_source* source;
  const thaw_conv2d* conv;
  thaw_pairs pairs;
  int32_t pad_top, pad_left;  // of the plane
  uint32_t* words;            // kernel as thaw_pairs_read_taps writes it
  uint32_t* kernels;          // [remainder of the row][odd][remainder of the column], each a turned kernel
} depthwise_source;

static depthwise_source depthwise_source_of(const thaw_gradient_source* source, uint32_t* scratch) {
  const thaw_conv2d* conv = &source->depthwise->conv;
  const int32_t above = (conv->kernel_height - 1) / conv->stride_height;
  depthwise_source from = {
      source,
      conv,
      {thaw_pairs_slots(above + 1), thaw_depthwise_gradient_columns(conv), scratch + thaw_conv2d_taps(conv)},
      above,
      (conv->kernel_width - 1) / conv->stride_width,
      scratch,
      NULL};
  from.kernels = from.pairs.words + from.pairs.slots * from.pairs.columns * THAW_PAIR_CHANNELS;
  return from;
}

static void set_kernels(const depthwise_source* from) {
  const thaw_conv2d* conv = from->conv;
  uint32_t* to = from->kernels;
  for (int32_t y = 0; y < conv->stride_height && y < conv->kernel_height; ++y)
    for (int32_t odd = 0; odd < 2; ++odd)
      for (int32_t x = 0; x < conv->stride_width; ++x)
        to = thaw_pairs_set_kernel(from->words, conv->kernel_width,
                                   taps_at(y, conv->stride_height, conv->kernel_height),
                                   taps_at(x, conv->stride_width, conv->kernel_width), odd, to);
}

// Words of the kernels of one row of windows, for all columns.
static int32_t kernel_words(const thaw_conv2d* conv, int32_t rows, int32_t odd) {
  return rows == 0 ? 0 : (odd + rows + 1) / 2 * conv->kernel_width * THAW_PAIR_CHANNELS;
}

// Columns of the gradient that windows reach.
static int32_t columns_read(const depthwise_source* from) {
  const int32_t room = from->pairs.columns - from->pad_left;
  return from->conv->output_width < room ? from->conv->output_width : room;
}

// Reads pair `pair` of the padded plane of the gradient.
static void read_pair(const depthwise_source* from, const thaw_pair_block* block, int32_t pair) {
  const thaw_conv2d* conv = from->conv;
  const int32_t y = 2 * pair - from->pad_top;
  const int32_t row = conv->output_width * conv->output_channels;
  const int32_t above = y >= 0 && y < conv->output_height ? y * row : -1;
  const int32_t below = y + 1 >= 0 && y + 1 < conv->output_height ? (y + 1) * row : -1;
  thaw_pairs_read(&from->pairs, block, from->source->gradient, above, below, conv->output_channels,
                  columns_read(from), 0, pair, from->pad_left);
}

// Values `step` elements apart, from element `index` up to `end`, whose windows begin at column `x` of the
// plane and those after it; `columns` is the kernel's width.
static inline uint32_t make_row(const thaw_pairs* pairs, const thaw_pair_window* window, int32_t columns,
                                const block_scale* scale, int32_t x, int32_t index, int32_t end,
                                int32_t step) {
  const bool four = is_usual(scale->target);
  uint32_t magnitudes = 0;
  for (; index < end; ++x, index += step) {
    uint32_t sums[THAW_PAIR_CHANNELS] = {0, 0, 0, 0};
    thaw_pairs_add(pairs, window, x, columns, sums);
    if (four)
      magnitudes = store_four(scale, sums, index, magnitudes);
    else
      magnitudes |= store_position(scale, sums, index);
  }
  return magnitudes;
}

// The compiler makes one loop for each usual width.
THAW_NOINLINE static uint32_t make_any_row(const thaw_pairs* pairs, const thaw_pair_window* window,
                                           int32_t columns, const block_scale* scale, int32_t x,
                                           int32_t index, int32_t end, int32_t step) {
  if (columns == 3) return make_row(pairs, window, 3, scale, x, index, end, step);
  if (columns == 5) return make_row(pairs, window, 5, scale, x, index, end, step);
  return make_row(pairs, window, columns, scale, x, index, end, step);
}

// The kernels for input row y, which begin at odd rows of the plane or not.
static const uint32_t* kernels_at(const depthwise_source* from, int32_t y, int32_t odd) {
  const thaw_conv2d* conv = from->conv;
  const int32_t remainder = (y + conv->pad_top) % conv->stride_height;
  const uint32_t* kernels = from->kernels;
  for (int32_t r = 0; r <= remainder; ++r) {
    const int32_t rows = taps_at(r, conv->stride_height, conv->kernel_height).count;
    if (r < remainder) kernels += kernel_words(conv, rows, 0) + kernel_words(conv, rows, 1);
    if (r == remainder && odd != 0) kernels += kernel_words(conv, rows, 0);
  }
  return kernels;
}

// Input row y of a block, the first element being `index`.
static uint32_t gradient_row(const depthwise_source* from, const block_scale* scale, int32_t y,
                             thaw_pair_taps rows, int32_t first, int32_t index) {
  const thaw_conv2d* conv = from->conv;
  const int32_t stride = conv->stride_width;
  const int32_t channels = conv->input_channels;
  const int32_t end = index + conv->input_width * channels;
  const uint32_t* kernels = kernels_at(from, y, first % 2);
  const int32_t pairs = kernel_words(conv, rows.count, first % 2) / (conv->kernel_width * THAW_PAIR_CHANNELS);
  uint32_t magnitudes = 0;
  for (int32_t remainder = 0; remainder < stride; ++remainder) {
    const int32_t columns = taps_at(remainder, stride, conv->kernel_width).count;
    const int32_t x = ((remainder - conv->pad_left) % stride + stride) % stride;  // the first in this place
    const int32_t column = (x + conv->pad_left) / stride - columns + 1 + from->pad_left;
    const thaw_pair_window window = thaw_pairs_window(&from->pairs, first, rows.count, columns, from->pad_top,
                                                      conv->output_height, kernels);
    magnitudes |= make_any_row(&from->pairs, &window, columns, scale, column, index + x * channels, end,
                               stride * channels);
    kernels += pairs * columns * THAW_PAIR_CHANNELS;
  }
  return magnitudes;
}

// All values of a block of channels, the first being element `index`.
static uint32_t gradient_block(const depthwise_source* from, const thaw_pair_block* block,
                               const block_scale* scale, int32_t index) {
  const thaw_conv2d* conv = from->conv;
  const int32_t plane_end = (from->pad_top + conv->output_height + 1) / 2;
  int32_t next = from->pad_top / 2;  // pair to read
  uint32_t magnitudes = 0;
  for (int32_t y = 0; y < conv->input_height; ++y, index += conv->input_width * conv->input_channels) {
    const int32_t place = y + conv->pad_top;
    const thaw_pair_taps rows = taps_at(place, conv->stride_height, conv->kernel_height);
    const int32_t first = place / conv->stride_height - rows.count + 1 + from->pad_top;
    if (next < first / 2) next = first / 2;
    for (; next < (first + rows.count + 1) / 2 && next < plane_end; ++next) read_pair(from, block, next);
    magnitudes |= gradient_row(from, scale, y, rows, first, index);
  }
  return magnitudes;
}

// Whether by_depthwise can.
static bool is_usual_depthwise(const thaw_gradient_target* target, const thaw_gradient_source* source) {
  if (source->kind != THAW_SOURCE_DEPTHWISE || source->depthwise->depth_multiplier != 1) return false;
  if (source->depthwise->conv.input_channels != target->channels) return false;
  return source->depthwise->conv.dilation_height == 1 && source->depthwise->conv.dilation_width == 1;
}

static uint32_t by_depthwise(const thaw_gradient_target* target, const thaw_gradient_source* source,
                             const thaw_gradient_pass* pass, uint32_t* scratch) {
  const depthwise_source from = depthwise_source_of(source, scratch);
  thaw_pairs_clear_sides(&from.pairs, from.pad_left, columns_read(&from));
  uint32_t magnitudes = 0;
  int32_t rank = 0;  // of the next trained channel
  for (int32_t c = 0; c < target->channels; c += THAW_PAIR_CHANNELS) {
    const thaw_pair_block block = thaw_pair_block_of(c, target->channels, 1);
    const block_scale scale = block_scale_of(target, pass, 0, c, block.count);
    const int8_t* trained[THAW_PAIR_CHANNELS];
    thaw_pairs_trained(source->trained, &block, thaw_conv2d_taps(from.conv), c, &rank, trained);
    thaw_pairs_read_taps(from.conv, &block, source->weights, trained, c, from.words);
    set_kernels(&from);
    magnitudes |= gradient_block(&from, &block, &scale, c);
  }
  return magnitudes;
}

int32_t thaw_gradient_tensor(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                             int32_t source_count, int32_t offset, thaw_gradient_state* state,
                             int32_t* scratch) {
  const thaw_gradient_pass pass = thaw_gradient_pass_of(target, sources, source_count, offset, *state);
  uint32_t* words = (uint32_t*)scratch;
  uint32_t magnitudes;
  if (is_usual(target) && has_fours(target, &sources[0]) &&
      (source_count == 1 || has_fours(target, &sources[1])))
    magnitudes = by_fours(target, sources, &pass, words);
  else if (has_blocks(target, &sources[0]) && (source_count == 1 || has_blocks(target, &sources[1])))
    magnitudes = by_blocks(target, sources, &pass, words);
  else if (source_count == 1 && is_usual_depthwise(target, &sources[0]))
    magnitudes = by_depthwise(target, sources, &pass, words);
  else
    magnitudes = thaw_gradient_by_rows(target, sources, &pass, scratch);
  *state = thaw_gradient_finish(*state, magnitudes, target->bits, pass.exponent - offset);
  return pass.exponent;
}
