// See resize_gradient.h.
#include "engine/kernels/resize_gradient.h"

void thaw_resize_nearest_gradient(const thaw_gradient_source* source, int32_t first, int32_t count,
                                  int32_t* row) {
  const thaw_resize_source* from = (const thaw_resize_source*)source->parameters;
  const thaw_resize* resize = &from->resize;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t position = (first + i) / resize->channels;
    const int32_t channel = (first + i) % resize->channels;
    const int32_t y = position / resize->input_width;
    const int32_t x = position % resize->input_width;
    int32_t sum = 0;
    for (int32_t to_y = from->rows[y]; to_y < from->rows[y + 1]; ++to_y)
      for (int32_t to_x = from->columns[x]; to_x < from->columns[x + 1]; ++to_x)
        sum += thaw_gradient_at(source->gradient,
                                (to_y * resize->output_width + to_x) * resize->channels + channel);
    row[i] = sum * (INT32_C(1) << source->left_shift);
  }
}
