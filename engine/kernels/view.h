// Where the elements of an operator's input went in its output, for operators that take, move, repeat or drop
// elements: MEAN, TRANSPOSE, PAD, slices, CONCATENATION.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { THAW_VIEW_AXES = 5 };

/// Element (i0, ..., i4) of the input, of shape `dims`, went nowhere unless every i - begin is one of 0,
/// step, ..., (taken - 1) * step; then t = (i - begin) / step, and it went to element offset + sum of t *
/// stride.
typedef struct thaw_view {
  int32_t dims[THAW_VIEW_AXES];  // unused leading ones are 1
  int32_t begin[THAW_VIEW_AXES];
  int32_t step[THAW_VIEW_AXES];  // at least 1
  int32_t taken[THAW_VIEW_AXES];
  int32_t stride[THAW_VIEW_AXES];  // 0: one output element comes from all of this axis
  int32_t offset;
} thaw_view;

/// Where element `element` of the input went, or -1.
static inline int32_t thaw_view_place(const thaw_view* view, int32_t element) {
  int32_t place = view->offset;
  for (int32_t axis = THAW_VIEW_AXES - 1; axis >= 0; --axis) {
    const int32_t from_begin = element % view->dims[axis] - view->begin[axis];
    element /= view->dims[axis];
    if (from_begin < 0 || from_begin % view->step[axis] != 0) return -1;
    const int32_t taken = from_begin / view->step[axis];
    if (taken >= view->taken[axis]) return -1;
    place += taken * view->stride[axis];
  }
  return place;
}

/// Writes each element of `input` to where it goes in `output`; other elements of `output` stay as they are.
void thaw_view_s8(const thaw_view* view, const int8_t* input, int8_t* output);

#ifdef __cplusplus
}
#endif
