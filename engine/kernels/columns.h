// Rows of bytes times four columns of 16-bit values: what the DSP kernels of convolutions and of their
// gradients have in common. The columns are interleaved in the order in which SXTB16 takes four bytes of a
// row apart: for each group of four rows the pairs (0, 2) of the four columns, then the pairs (1, 3).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { THAW_COLUMNS = 4 };

/// Words of four columns of `length` values; those beyond a length that is no multiple of four may hold
/// anything.
static inline int32_t thaw_columns_words(int32_t length) {
  return (length + 3) / 4 * 8;
}

/// sums[r][k] = start[r] + the product of row r with column k, modulo 2^32; rows [count][length], columns
/// [thaw_columns_words(length)], sums [count][4]. start NULL: the product is added to what sums hold.
void thaw_columns_add(const uint32_t* columns, const int8_t* rows, int32_t length, int32_t count,
                      const int32_t* start, uint32_t* sums);

#ifdef __cplusplus
}
#endif
