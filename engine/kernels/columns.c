// See columns.h.
#include "engine/kernels/columns.h"

#include <stddef.h>

#include "engine/kernels/dsp.h"

// Adds the products of four bytes of a row with the four columns at *column and moves both pointers on. The
// compiler would not load four words at once.
static inline void add_group(const uint32_t** column, const int8_t** row, uint32_t sums[THAW_COLUMNS]) {
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
  const uint32_t word = thaw_load_word(*row);
  for (int32_t p = 0; p < THAW_COLUMNS; ++p) {
    sums[p] = thaw_smlad(thaw_sxtb16(word), (*column)[p], sums[p]);
    sums[p] = thaw_smlad(thaw_sxtb16_odd(word), (*column)[THAW_COLUMNS + p], sums[p]);
  }
  *row += 4;
  *column += 2 * THAW_COLUMNS;
#endif
}

// Where the sums of a row start from.
static inline void begin(const int32_t* start, const uint32_t* sums, uint32_t part[THAW_COLUMNS]) {
  for (int32_t k = 0; k < THAW_COLUMNS; ++k) part[k] = start ? (uint32_t)*start : sums[k];
}

// The usual case: a length that is a multiple of four.
static inline void add_whole_rows(const uint32_t* columns, const int8_t* row, int32_t length, int32_t count,
                                  const int32_t* start, uint32_t* sums) {
  for (const uint32_t* end = sums + THAW_COLUMNS * count; sums != end; sums += THAW_COLUMNS) {
    const uint32_t* column = columns;
    uint32_t part[THAW_COLUMNS];
    begin(start, sums, part);
    if (start) ++start;
    const int8_t* row_end = row + length;
    if (length & 4) add_group(&column, &row, part);
    while (row != row_end) {
      add_group(&column, &row, part);
      add_group(&column, &row, part);
    }
    for (int32_t k = 0; k < THAW_COLUMNS; ++k) sums[k] = part[k];
  }
}

// Any length.
THAW_NOINLINE static void add_rows(const uint32_t* columns, const int8_t* row, int32_t length, int32_t count,
                                   const int32_t* start, uint32_t* sums) {
  for (const uint32_t* end = sums + THAW_COLUMNS * count; sums != end; sums += THAW_COLUMNS) {
    const uint32_t* column = columns;
    uint32_t part[THAW_COLUMNS];
    begin(start, sums, part);
    if (start) ++start;
    for (const int8_t* whole = row + length / 4 * 4; row != whole;) add_group(&column, &row, part);
    const uint32_t word = thaw_load_bytes(row, length % 4);
    row += length % 4;
    for (int32_t k = 0; k < THAW_COLUMNS; ++k)
      sums[k] = thaw_smlad(thaw_sxtb16_odd(word), column[THAW_COLUMNS + k],
                           thaw_smlad(thaw_sxtb16(word), column[k], part[k]));
  }
}

void thaw_columns_add(const uint32_t* columns, const int8_t* rows, int32_t length, int32_t count,
                      const int32_t* start, uint32_t* sums) {
  if (length % 4 != 0)
    add_rows(columns, rows, length, count, start, sums);
  else if (start)
    add_whole_rows(columns, rows, length, count, start, sums);
  else
    add_whole_rows(columns, rows, length, count, NULL, sums);
}
