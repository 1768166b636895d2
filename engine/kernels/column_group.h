// The innermost loop of the *_dsp.c kernels: a row of bytes times the four columns of columns.h.
#pragma once

#include <stdint.h>

#include "engine/kernels/columns.h"
#include "engine/kernels/dsp/dsp.h"

/// Adds the products of four bytes of a row with the four columns at *column and moves both pointers on. The
/// compiler would not load four words at once.
static inline void thaw_columns_add_group(const uint32_t** column, const int8_t** row,
                                          uint32_t sums[THAW_COLUMNS]) {
#ifdef THAW_DSP_INSTRUCTION
  uint32_t word;
  uint32_t pair;
  __asm__(
      "ldr %[word], [%[row]], #4\n\t"
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
      : [column] "+r"(*column), [row] "+r"(*row), [a] "+r"(sums[0]), [b] "+r"(sums[1]), [c] "+r"(sums[2]),
        [d] "+r"(sums[3]), [word] "=&r"(word), [pair] "=&r"(pair)
      :
      : "r4", "r5", "r6", "r8", "memory");
#else
  const int32_t bytes[4] = {(*row)[0], (*row)[1], (*row)[2], (*row)[3]};
  for (int32_t p = 0; p < THAW_COLUMNS; ++p) {
    const uint32_t even = (*column)[p];
    const uint32_t odd = (*column)[THAW_COLUMNS + p];
    sums[p] += (uint32_t)(bytes[0] * (int16_t)(even & 0xFFFFu)) +
               (uint32_t)(bytes[1] * (int16_t)(odd & 0xFFFFu)) +
               (uint32_t)(bytes[2] * (int16_t)(even >> 16)) + (uint32_t)(bytes[3] * (int16_t)(odd >> 16));
  }
  *row += 4;
  *column += 2 * THAW_COLUMNS;
#endif
}

/// Adds the products of a pair of 16-bit values with the next pairs of the four columns, and moves on to the
/// pairs behind those.
static inline void thaw_columns_add_pairs(const uint32_t** column, uint32_t pair,
                                          uint32_t sums[THAW_COLUMNS]) {
#ifdef THAW_DSP_INSTRUCTION
  __asm__(
      "ldmia %[column]!, {r4, r5, r6, r8}\n\t"
      "smlad %[a], %[pair], r4, %[a]\n\t"
      "smlad %[b], %[pair], r5, %[b]\n\t"
      "smlad %[c], %[pair], r6, %[c]\n\t"
      "smlad %[d], %[pair], r8, %[d]"
      : [column] "+r"(*column), [a] "+r"(sums[0]), [b] "+r"(sums[1]), [c] "+r"(sums[2]), [d] "+r"(sums[3])
      : [pair] "r"(pair)
      : "r4", "r5", "r6", "r8", "memory");
#else
  for (int32_t k = 0; k < THAW_COLUMNS; ++k) sums[k] = thaw_smlad(pair, (*column)[k], sums[k]);
  *column += THAW_COLUMNS;
#endif
}

/// The last bytes of a row of `length` (at least 1), as many as are left over from groups of four; `end` is
/// behind them. It reads bytes of the row only.
static inline uint32_t thaw_columns_rest(const int8_t* end, int32_t length) {
  if (length < 4) return thaw_load_bytes(end - length, length);
  return thaw_load_word(end - 4) >> (8 * (4 - length % 4));
}

/// Adds the products of a row, whose length is a multiple of four, with the four columns. Returns the end of
/// the row.
static inline const int8_t* thaw_columns_add_whole_row(const uint32_t* columns, const int8_t* row,
                                                       int32_t length, uint32_t sums[THAW_COLUMNS]) {
  const int8_t* end = row + length;
  if ((length & 4) != 0) thaw_columns_add_group(&columns, &row, sums);
  while (row != end) {
    thaw_columns_add_group(&columns, &row, sums);
    thaw_columns_add_group(&columns, &row, sums);
  }
  return end;
}

/// The same for any length.
static inline const int8_t* thaw_columns_add_row(const uint32_t* columns, const int8_t* row, int32_t length,
                                                 uint32_t sums[THAW_COLUMNS]) {
  const int8_t* end = row + length;
  const int8_t* whole = thaw_columns_add_whole_row(columns, row, length / 4 * 4, sums);
  if (whole == end) return end;
  const uint32_t* last = columns + length / 4 * 8;
  const uint32_t word = thaw_columns_rest(end, length);
  for (int32_t k = 0; k < THAW_COLUMNS; ++k)
    sums[k] = thaw_smlad(thaw_sxtb16_odd(word), last[THAW_COLUMNS + k],
                         thaw_smlad(thaw_sxtb16(word), last[k], sums[k]));
  return end;
}
