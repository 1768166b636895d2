// Input gradients of convolutions whose kernels have several taps, a stride or a dilation, four input
// channels at a time: part of gradient_dsp.c. The weights of the four channels are packed once, for every
// kernel row in the order in which the outputs of a row meet its taps, so that all outputs of a row that read
// one input are a single run of bytes: that of a 1x1 convolution with more channels.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/column_group.h"
#include "engine/kernels/conv2d_input_gradient.h"
#include "engine/kernels/gradient.h"
#include "engine/kernels/tile.h"

/// The taps of a kernel row that reach an input column: `count` tiles from `place` on, the outputs beginning
/// at column `first`, each the next one.
typedef struct thaw_tap_run {
  int32_t first, count, place;
} thaw_tap_run;

// Taps of a kernel row among those of `remainder` by the stride.
static inline int32_t thaw_window_taps_of(const thaw_conv2d* conv, int32_t remainder) {
  return remainder < conv->kernel_width ? (conv->kernel_width - 1 - remainder) / conv->stride_width + 1 : 0;
}

/// Place of column `kx` of a kernel row among its tiles: by the remainder by the stride, then backwards.
/// Dilated taps lie in their own order.
static inline int32_t thaw_window_place(const thaw_conv2d* conv, int32_t kx) {
  if (conv->dilation_width != 1) return kx;
  const int32_t remainder = kx % conv->stride_width;
  int32_t place = 0;
  for (int32_t r = 0; r < remainder; ++r) place += thaw_window_taps_of(conv, r);
  return place + thaw_window_taps_of(conv, remainder) - 1 - kx / conv->stride_width;
}

/// The run for input column x; of kernels that are not dilated.
static inline thaw_tap_run thaw_window_run(const thaw_conv2d* conv, int32_t x) {
  const int32_t column = x + conv->pad_left;
  const int32_t remainder = column % conv->stride_width;
  const int32_t last = column / conv->stride_width;  // output under tap `remainder`
  const int32_t taps = thaw_window_taps_of(conv, remainder);
  thaw_tap_run run = {last - taps + 1, taps, 0};
  for (int32_t r = 0; r < remainder; ++r) run.place += thaw_window_taps_of(conv, r);
  if (run.first < 0) {
    run.count += run.first;
    run.place -= run.first;
    run.first = 0;
  }
  if (run.count > conv->output_width - run.first) run.count = conv->output_width - run.first;
  return run;
}

// Adds trained weights of channels first .. first + count - 1 to the tiles.
static void thaw_window_add_trained(const thaw_gradient_source* source, int32_t first, int32_t count,
                                    uint32_t* tiles) {
  const thaw_conv2d* conv = source->conv;
  const thaw_trained_channels* trained = source->trained;
  const int32_t taps = thaw_conv2d_taps(conv);
  const int32_t words = thaw_columns_words(conv->output_channels);
  for (int32_t j = 0; j < trained->count; ++j) {
    const int32_t k = trained->channels[j] - first;
    if (k < 0 || k >= count) continue;
    for (int32_t tap = 0; tap < taps; ++tap) {
      const int32_t row = tap / conv->kernel_width * conv->kernel_width;
      uint32_t* tile = tiles + (row + thaw_window_place(conv, tap - row)) * words;
      const int8_t* weights = trained->weights + j * taps + tap;
      for (int32_t o = 0; o < conv->output_channels; ++o, weights += trained->count * taps)
        thaw_tile_add(tile, o, k, *weights);
    }
  }
}

/// Packs the weights of channels first .. first + count - 1: thaw_conv2d_gradient_words.
THAW_NOINLINE static void thaw_window_fill(const thaw_gradient_source* source, int32_t first, int32_t count,
                                           uint32_t* tiles) {
  const thaw_conv2d* conv = source->conv;
  const int32_t taps = thaw_conv2d_taps(conv);
  const int32_t words = thaw_columns_words(conv->output_channels);
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
      const int32_t row = ky * conv->kernel_width;
      uint32_t* tile = tiles + (row + thaw_window_place(conv, kx)) * words;
      if (!source->weights) {
        for (int32_t i = 0; i < words; ++i) tile[i] = 0;
        continue;
      }
      const int8_t* weights = source->weights + (row + kx) * conv->input_channels;
      const thaw_tile_source from = {
          weights, conv->output_channels, taps * conv->input_channels, NULL, first, count, 0};
      thaw_tile_fill(&from, tile);
    }
  }
  if (source->trained) thaw_window_add_trained(source, first, count, tiles);
}

// Adds the products of int16 gradients of one output with a tile; columns.h has no such rows.
static void thaw_window_add_wide(const int16_t* gradient, int32_t outputs, const uint32_t* tile,
                                 uint32_t sums[THAW_COLUMNS]) {
  for (int32_t o = 0; o < outputs; ++o, ++gradient) {
    const uint32_t* words = tile + o / 4 * 8 + o % 2 * 4;
    const uint32_t value = o % 4 < 2 ? thaw_pack_ends((uint32_t)*gradient, 0) : (uint32_t)*gradient << 16;
    for (int32_t k = 0; k < THAW_COLUMNS; ++k) sums[k] = thaw_smlad(words[k], value, sums[k]);
  }
}

/// Sums of the four channels at input position (y, x), tap by tap: for any gradient and any kernel.
THAW_NOINLINE static void thaw_window_any_sums(const thaw_gradient_source* source, const uint32_t* tiles,
                                               int32_t y, int32_t x, uint32_t sums[THAW_COLUMNS]) {
  const thaw_conv2d* conv = source->conv;
  const int32_t outputs = conv->output_channels;
  const int32_t words = thaw_columns_words(outputs);
  for (int32_t k = 0; k < THAW_COLUMNS; ++k) sums[k] = 0;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
      int32_t out_y;
      int32_t out_x;
      if (!thaw_conv2d_output_y(conv, y, ky, &out_y) || !thaw_conv2d_output_x(conv, x, kx, &out_x)) continue;
      const uint32_t* tile = tiles + (ky * conv->kernel_width + thaw_window_place(conv, kx)) * words;
      const int32_t at = (out_y * conv->output_width + out_x) * outputs;
      if (source->gradient.is_16)
        thaw_window_add_wide((const int16_t*)source->gradient.values + at, outputs, tile, sums);
      else
        thaw_columns_add_row(tile, (const int8_t*)source->gradient.values + at, outputs, sums);
    }
  }
}

/// Whether thaw_window_sums can: an int8 gradient whose taps side by side are one run.
static inline bool thaw_window_is_usual(const thaw_gradient_source* source) {
  const thaw_conv2d* conv = source->conv;
  return !source->gradient.is_16 && conv->dilation_height == 1 && conv->dilation_width == 1 &&
         conv->output_channels % 4 == 0;
}

/// The kernel rows that reach an input row: `count`, each `tile_step` words behind the one before and of the
/// output row above its; the first has its tiles at `tiles` and its outputs at `gradient`.
typedef struct thaw_tap_rows {
  const uint32_t* tiles;
  const int8_t* gradient;
  int32_t count, tile_step, gradient_step;
} thaw_tap_rows;

/// The rows for input row y.
static inline thaw_tap_rows thaw_window_rows(const thaw_gradient_source* source, const uint32_t* tiles,
                                             int32_t y) {
  const thaw_conv2d* conv = source->conv;
  const int32_t words = thaw_columns_words(conv->output_channels) * conv->kernel_width;
  const int32_t row = conv->output_width * conv->output_channels;
  int32_t ky = (y + conv->pad_top) % conv->stride_height;
  int32_t out_y = (y + conv->pad_top) / conv->stride_height;
  if (out_y >= conv->output_height) {
    ky += (out_y - conv->output_height + 1) * conv->stride_height;
    out_y = conv->output_height - 1;
  }
  int32_t count = ky < conv->kernel_height ? (conv->kernel_height - 1 - ky) / conv->stride_height + 1 : 0;
  if (count > out_y + 1) count = out_y + 1;
  const thaw_tap_rows rows = {tiles + ky * words, (const int8_t*)source->gradient.values + out_y * row, count,
                              conv->stride_height * words, row};
  return rows;
}

/// The sums of the four channels for such a source at an input row and the column of `run`.
THAW_NOINLINE static void thaw_window_sums(const thaw_tap_rows* rows, thaw_tap_run run, int32_t outputs,
                                           uint32_t sums[THAW_COLUMNS]) {
  uint32_t total[THAW_COLUMNS] = {0, 0, 0, 0};
  const uint32_t* tile = rows->tiles + run.place * thaw_columns_words(outputs);
  const int8_t* row = rows->gradient + run.first * outputs;
  const int32_t length = run.count * outputs;
  for (int32_t left = length > 0 ? rows->count : 0; left > 0; --left) {
    thaw_columns_add_whole_row(tile, row, length, total);
    tile += rows->tile_step;
    row -= rows->gradient_step;
  }
  // A loop would become memcpy, and the sums would then live in memory.
  sums[0] = total[0];
  sums[1] = total[1];
  sums[2] = total[2];
  sums[3] = total[3];
}

/// The sums at position `position` of the target, for any source.
static inline void thaw_window_sums_at(const thaw_gradient_source* source, const uint32_t* tiles,
                                       int32_t position, uint32_t sums[THAW_COLUMNS]) {
  const thaw_conv2d* conv = source->conv;
  const int32_t y = position / conv->input_width;
  const int32_t x = position % conv->input_width;
  if (!thaw_window_is_usual(source)) {
    thaw_window_any_sums(source, tiles, y, x, sums);
    return;
  }
  const thaw_tap_rows rows = thaw_window_rows(source, tiles, y);
  thaw_window_sums(&rows, thaw_window_run(conv, x), conv->output_channels, sums);
}
