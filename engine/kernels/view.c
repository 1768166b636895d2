// See view.h.
#include "engine/kernels/view.h"

void thaw_view_s8(const thaw_view* view, const int8_t* input, int8_t* output) {
  int32_t elements = 1;
  for (int32_t axis = 0; axis < THAW_VIEW_AXES; ++axis) elements *= view->dims[axis];
  for (int32_t element = 0; element < elements; ++element) {
    const int32_t place = thaw_view_place(view, element);
    if (place >= 0) output[place] = input[element];
  }
}
