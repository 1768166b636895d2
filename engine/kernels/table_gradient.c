// See table_gradient.h.
#include "engine/kernels/table_gradient.h"

void thaw_table_gradient(const thaw_gradient_source* source, int32_t first, int32_t count, int32_t* row) {
  const thaw_table_source* from = (const thaw_table_source*)source->parameters;
  const int32_t unit = INT32_C(1) << source->left_shift;
  for (int32_t i = 0; i < count; ++i)
    row[i] =
        thaw_gradient_at(source->gradient, first + i) * from->slopes[from->input[first + i] + 128] * unit;
}
