// See add.h.
#include "engine/kernels/add.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"

void thaw_add_s8(const thaw_add* add, const int8_t* input1, const int8_t* input2, int8_t* output,
                 uint8_t* mask) {
  const int32_t unit = INT32_C(1) << THAW_ADD_LEFT_SHIFT;
  thaw_mask_clear(mask, add->elements);
  for (int32_t i = 0; i < add->elements; ++i) {
    const int32_t a =
        thaw_mbqm((input1[i] - add->input1_zero_point) * unit, add->input1_multiplier, add->input1_shift);
    const int32_t b =
        thaw_mbqm((input2[i] - add->input2_zero_point) * unit, add->input2_multiplier, add->input2_shift);
    const int32_t value =
        thaw_mbqm(a + b, add->output_multiplier, add->output_shift) + add->output_zero_point;
    const int32_t clamped = thaw_sat32(value, add->clamp_low, add->clamp_high);
    output[i] = (int8_t)clamped;
    if (mask && clamped == value) thaw_mask_set(mask, i);
  }
}
