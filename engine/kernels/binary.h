// Element-wise operators on two int8 tensors, one of which may be repeated along axes (broadcast): TFLite's
// ADD, SUB, MUL, MAXIMUM, MINIMUM and PRELU.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  THAW_BINARY_AXES = 5,
  THAW_BINARY_LEFT_SHIFT = 20  // of differences from the zero point, before their factors (ADD, SUB)
};

typedef enum thaw_binary_function {
  THAW_BINARY_ADD,
  THAW_BINARY_SUB,
  THAW_BINARY_MUL,
  THAW_BINARY_MAXIMUM,
  THAW_BINARY_MINIMUM,
  THAW_BINARY_PRELU
} thaw_binary_function;

/// ADD, SUB: each input is multiplied by its factor, the sum by the output's: (m, s) = quantised multipliers
/// of S_i / t and t / (2^20 * S_out), t = 2 * max(S_1, S_2). MUL: the product is multiplied by the output's,
/// S_1 * S_2 / S_out. MAXIMUM, MINIMUM: all scales are one, no factor is read. PRELU: below zero as MUL, else
/// the first input times its factor, S_1 / S_out; the second's are those of binary_gradient.h.
typedef struct thaw_binary {
  thaw_binary_function function;
  int32_t dims[THAW_BINARY_AXES];          // of the output; unused leading ones are 1
  int32_t first_stride[THAW_BINARY_AXES];  // elements from one step along the axis to the next; 0: repeated
  int32_t second_stride[THAW_BINARY_AXES];
  int32_t first_zero_point, first_multiplier, first_shift;
  int32_t second_zero_point, second_multiplier, second_shift;
  int32_t output_zero_point, output_multiplier, output_shift;
  int32_t clamp_low, clamp_high;
} thaw_binary;

/// Output elements.
static inline int32_t thaw_binary_elements(const thaw_binary* binary) {
  int32_t elements = 1;
  for (int32_t axis = 0; axis < THAW_BINARY_AXES; ++axis) elements *= binary->dims[axis];
  return elements;
}

/// Element of the input with these strides that output element `element` reads.
static inline int32_t thaw_binary_place(const thaw_binary* binary, const int32_t stride[THAW_BINARY_AXES],
                                        int32_t element) {
  int32_t place = 0;
  for (int32_t axis = THAW_BINARY_AXES - 1; axis >= 0; --axis) {
    place += element % binary->dims[axis] * stride[axis];
    element /= binary->dims[axis];
  }
  return place;
}

/// `mask` (see clamp_mask.h) has a bit an output element; it may be NULL. `output` may be one of the inputs
/// where that one is not repeated.
void thaw_binary_s8(const thaw_binary* binary, const int8_t* first, const int8_t* second, int8_t* output,
                    uint8_t* mask);

#ifdef __cplusplus
}
#endif
