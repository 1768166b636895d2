// See columns.h.
#include "engine/kernels/hot.h"

#include "engine/kernels/columns.h"

#include <stddef.h>

#include "engine/kernels/column_group.h"
#include "engine/kernels/dsp/dsp.h"

// Where the sums of a row start from.
static inline void begin(const int32_t* start, const uint32_t* sums, uint32_t part[THAW_COLUMNS]) {
  for (int32_t k = 0; k < THAW_COLUMNS; ++k) part[k] = start ? (uint32_t)*start : sums[k];
}

static inline void add_all(const uint32_t* columns, const int8_t* row, int32_t length, int32_t count,
                           const int32_t* start, uint32_t* sums) {
  for (const uint32_t* end = sums + THAW_COLUMNS * count; sums != end; sums += THAW_COLUMNS) {
    uint32_t part[THAW_COLUMNS];
    begin(start, sums, part);
    if (start) ++start;
    row = thaw_columns_add_row(columns, row, length, part);
    for (int32_t k = 0; k < THAW_COLUMNS; ++k) sums[k] = part[k];
  }
}

void thaw_columns_add(const uint32_t* columns, const int8_t* rows, int32_t length, int32_t count,
                      const int32_t* start, uint32_t* sums) {
  if (start)
    add_all(columns, rows, length, count, start, sums);
  else
    add_all(columns, rows, length, count, NULL, sums);
}
