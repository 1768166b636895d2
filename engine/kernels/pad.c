// See pad.h. The output is written front to back; an element inside the input's box is the next input
// element.
#include "engine/kernels/pad.h"

#include <stdbool.h>

// Whether output coordinate `position` of dimension d lies in the input.
static bool inside(const thaw_pad* pad, int32_t d, int32_t position) {
  return position >= pad->before[d] && position < pad->before[d] + pad->dims[d];
}

void thaw_pad_s8(const thaw_pad* pad, const int8_t* input, int8_t* output) {
  int32_t size[4];
  for (int32_t d = 0; d < 4; ++d) size[d] = pad->before[d] + pad->dims[d] + pad->after[d];
  for (int32_t a = 0; a < size[0]; ++a) {
    for (int32_t b = 0; b < size[1]; ++b) {
      for (int32_t c = 0; c < size[2]; ++c) {
        const bool row_inside = inside(pad, 0, a) && inside(pad, 1, b) && inside(pad, 2, c);
        for (int32_t d = 0; d < size[3]; ++d)
          *output++ = row_inside && inside(pad, 3, d) ? *input++ : (int8_t)pad->value;
      }
    }
  }
}
