// Four columns of a matrix of bytes in the order of columns.h, for the *_dsp.c kernels of backward passes,
// which sum over the matrix's rows.
#pragma once

#include <stdint.h>

#include "engine/kernels/columns.h"
#include "engine/kernels/dsp/dsp.h"

/// The matrix of a tile: bytes at values[row * stride + column]; `columns` names the `count` (1..4) columns,
/// NULL = those from `first` on.
typedef struct thaw_tile_source {
  const int8_t* values;
  int32_t rows, stride;
  const uint16_t* columns;
  int32_t first, count;
  int32_t zero_point;  // subtracted from every value
} thaw_tile_source;

static inline uint32_t thaw_tile_row(const thaw_tile_source* source, int32_t row) {
  if (row >= source->rows) return 0;
  const int8_t* values = source->values + row * source->stride;
  if (!source->columns && source->count == 4) return thaw_load_word(values + source->first);
  uint32_t word = 0;
  for (int32_t k = 0; k < source->count; ++k) {
    const int8_t value = values[source->columns ? source->columns[k] : source->first + k];
    word |= (uint32_t)(uint8_t)value << (8 * k);
  }
  return word;
}

// Two rows and the two below, a word each: rows r and r + 2 as pairs of the four columns.
static inline void thaw_tile_put(uint32_t above, uint32_t below, uint32_t minus, uint32_t* tile) {
  const uint32_t above_even = thaw_sxtab16(minus, above);
  const uint32_t above_odd = thaw_sxtab16_odd(minus, above);
  const uint32_t below_even = thaw_sxtab16(minus, below);
  const uint32_t below_odd = thaw_sxtab16_odd(minus, below);
  tile[0] = thaw_pack_low(above_even, below_even);
  tile[1] = thaw_pack_low(above_odd, below_odd);
  tile[2] = thaw_pack_high(above_even, below_even);
  tile[3] = thaw_pack_high(above_odd, below_odd);
}

/// Fills tile [thaw_columns_words(rows)]. Rows and columns beyond the last hold anything: the other factor is
/// 0 there, or nobody reads the sum.
THAW_NOINLINE static void thaw_tile_fill(const thaw_tile_source* source, uint32_t* tile) {
  const uint32_t minus = thaw_twice(-source->zero_point);
  int32_t row = 0;
  if (!source->columns && source->count == 4) {
    const int32_t stride = source->stride;
    const int8_t* values = source->values + source->first;
    for (; row + 3 < source->rows; row += 4, values += 4 * stride, tile += 8) {
      thaw_tile_put(thaw_load_word(values), thaw_load_word(values + 2 * stride), minus, tile);
      thaw_tile_put(thaw_load_word(values + stride), thaw_load_word(values + 3 * stride), minus, tile + 4);
    }
  }
  for (; row < source->rows; row += 4, tile += 8)
    for (int32_t odd = 0; odd < 2; ++odd)
      thaw_tile_put(thaw_tile_row(source, row + odd), thaw_tile_row(source, row + odd + 2), minus,
                    tile + 4 * odd);
}

/// Adds `value` to element (row, column) of a tile.
static inline void thaw_tile_add(uint32_t* tile, int32_t row, int32_t column, int32_t value) {
  uint32_t* word = tile + row / 4 * 8 + row % 2 * 4 + column;
  const uint32_t one = (uint32_t)value;
  *word = row % 4 < 2 ? thaw_pack_ends(*word + one, *word) : *word + (one << 16);
}
