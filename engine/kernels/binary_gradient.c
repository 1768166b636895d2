// See binary_gradient.h.
#include "engine/kernels/binary_gradient.h"

// By what the gradient of output element `output` counts.
static int32_t weight_of(const thaw_binary_source* from, int32_t output) {
  const thaw_binary* b = &from->binary;
  if (b->function == THAW_BINARY_ADD) return 1;
  if (b->function == THAW_BINARY_SUB) return from->of_second ? -1 : 1;
  const int32_t first = from->first_values[thaw_binary_place(b, b->first_stride, output)];
  const int32_t second = from->second_values[thaw_binary_place(b, b->second_stride, output)];
  if (b->function == THAW_BINARY_PRELU && first >= b->first_zero_point) return b->second_multiplier;
  if (b->function == THAW_BINARY_PRELU)
    return (second - b->second_zero_point) * (INT32_C(1) << b->second_shift);
  if (b->function == THAW_BINARY_MUL)
    return from->of_second ? first - b->first_zero_point : second - b->second_zero_point;
  const bool takes_first = b->function == THAW_BINARY_MAXIMUM ? first >= second : first <= second;
  return takes_first != from->of_second ? 1 : 0;
}

// Elements from one step along each axis of the output to the next.
static void output_strides(const thaw_binary* b, int32_t strides[THAW_BINARY_AXES]) {
  strides[THAW_BINARY_AXES - 1] = 1;
  for (int32_t axis = THAW_BINARY_AXES - 1; axis > 0; --axis)
    strides[axis - 1] = strides[axis] * b->dims[axis];
}

// Goes on to the next output element that reads the same input element: odometer over the axes along which it
// is repeated. Returns false after the last.
static bool next_reader(const thaw_binary* b, const int32_t* own, const int32_t strides[THAW_BINARY_AXES],
                        int32_t at[THAW_BINARY_AXES], int32_t* output) {
  for (int32_t axis = THAW_BINARY_AXES - 1; axis >= 0; --axis) {
    if (own[axis] != 0) continue;
    *output += strides[axis];
    if (++at[axis] < b->dims[axis]) return true;
    *output -= b->dims[axis] * strides[axis];
    at[axis] = 0;
  }
  return false;
}

void thaw_binary_gradient(const thaw_gradient_source* source, int32_t first, int32_t count, int32_t* row) {
  const thaw_binary_source* from = (const thaw_binary_source*)source->parameters;
  const thaw_binary* b = &from->binary;
  const int32_t* own = from->of_second ? b->second_stride : b->first_stride;
  int32_t strides[THAW_BINARY_AXES];
  output_strides(b, strides);
  for (int32_t i = 0; i < count; ++i) {
    int32_t at[THAW_BINARY_AXES] = {0, 0, 0, 0, 0};
    int32_t output = 0;  // the first that reads the element
    int32_t rest = first + i;
    for (int32_t axis = THAW_BINARY_AXES - 1; axis >= 0; --axis) {
      if (own[axis] == 0) continue;
      output += rest % b->dims[axis] * strides[axis];
      rest /= b->dims[axis];
    }
    int32_t sum = 0;
    do sum += thaw_gradient_at(source->gradient, output) * weight_of(from, output);
    while (next_reader(b, own, strides, at, &output));
    row[i] = sum * (INT32_C(1) << source->left_shift);
  }
}
