// See resize.h.
#include "engine/kernels/resize.h"

#include "engine/kernels/fixed_point.h"

void thaw_resize_nearest_s8(const thaw_resize* resize, const int32_t* rows, const int32_t* columns,
                            const int8_t* input, int8_t* output) {
  for (int32_t y = 0; y < resize->input_height; ++y)
    for (int32_t x = 0; x < resize->input_width; ++x) {
      const int8_t* pixel = input + (y * resize->input_width + x) * resize->channels;
      for (int32_t to_y = rows[y]; to_y < rows[y + 1]; ++to_y)
        for (int32_t to_x = columns[x]; to_x < columns[x + 1]; ++to_x) {
          int8_t* to = output + (to_y * resize->output_width + to_x) * resize->channels;
          for (int32_t c = 0; c < resize->channels; ++c) to[c] = pixel[c];
        }
    }
}

void thaw_resize_bilinear_s8(const thaw_resize* resize, const int32_t* rows, const int32_t* columns,
                             const int8_t* input, int8_t* output) {
  const int32_t row_bytes = resize->input_width * resize->channels;
  for (int32_t y = 0; y < resize->output_height; ++y) {
    const int32_t* row = rows + 3 * y;
    const int8_t* upper = input + row[0] * row_bytes;
    const int8_t* lower = input + row[1] * row_bytes;
    for (int32_t x = 0; x < resize->output_width; ++x) {
      const int32_t* column = columns + 3 * x;
      const int32_t left = column[0] * resize->channels;
      const int32_t right = column[1] * resize->channels;
      for (int32_t c = 0; c < resize->channels; ++c) {
        const int32_t above = upper[left + c] * (1024 - column[2]) + upper[right + c] * column[2];
        const int32_t below = lower[left + c] * (1024 - column[2]) + lower[right + c] * column[2];
        *output++ = (int8_t)thaw_rdbpot(above * (1024 - row[2]) + below * row[2], 20);
      }
    }
  }
}
