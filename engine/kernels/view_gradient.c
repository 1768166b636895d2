// See view_gradient.h.
#include "engine/kernels/view_gradient.h"

void thaw_view_gradient(const thaw_gradient_source* source, int32_t first, int32_t count, int32_t* row) {
  const thaw_view* view = (const thaw_view*)source->parameters;
  const int32_t unit = INT32_C(1) << source->left_shift;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t place = thaw_view_place(view, first + i);
    row[i] = place < 0 ? 0 : thaw_gradient_at(source->gradient, place) * unit;
  }
}
