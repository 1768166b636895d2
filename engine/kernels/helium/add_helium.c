// See add.h. Four elements at a time.
#include "engine/kernels/hot.h"

#include "engine/kernels/add.h"

#include <stdbool.h>
#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"
#include "engine/kernels/helium/quad.h"

// The output of four elements before the clamp.
THAW_INSIDE thaw_quad sum_of(const thaw_add* add, const int8_t* input1, const int8_t* input2) {
  const thaw_quad a = thaw_quad_left_20(thaw_quad_plus(thaw_quad_bytes(input1), -add->input1_zero_point));
  const thaw_quad b = thaw_quad_left_20(thaw_quad_plus(thaw_quad_bytes(input2), -add->input2_zero_point));
  const thaw_quad sum = thaw_quad_add(thaw_quad_rescale(a, add->input1_multiplier, add->input1_shift),
                                      thaw_quad_rescale(b, add->input2_multiplier, add->input2_shift));
  return thaw_quad_plus(thaw_quad_rescale(sum, add->output_multiplier, add->output_shift),
                        add->output_zero_point);
}

// One element; its mask bit is in an open byte.
static void add_one(const thaw_add* add, const int8_t* input1, const int8_t* input2, int8_t* output,
                    uint8_t* mask, int32_t i) {
  const int32_t unit = INT32_C(1) << THAW_ADD_LEFT_SHIFT;
  const int32_t a =
      thaw_mbqm((input1[i] - add->input1_zero_point) * unit, add->input1_multiplier, add->input1_shift);
  const int32_t b =
      thaw_mbqm((input2[i] - add->input2_zero_point) * unit, add->input2_multiplier, add->input2_shift);
  const int32_t value = thaw_mbqm(a + b, add->output_multiplier, add->output_shift) + add->output_zero_point;
  const int32_t clamped = thaw_sat32(value, add->clamp_low, add->clamp_high);
  output[i] = (int8_t)clamped;
  if (mask && clamped == value) thaw_mask_set(mask, i);
}

// Whole groups of eight with a mask, of four without; returns the number of elements that were made.
THAW_INSIDE int32_t add_fours(const thaw_add* from, const int8_t* input1, const int8_t* input2,
                              int8_t* output, uint8_t* mask) {
  const thaw_add add = *from;  // a store of bytes could change what is behind a pointer
  const int32_t end = mask ? add.elements / 8 * 8 : add.elements / 4 * 4;
  for (int32_t i = 0; i < end; i += THAW_LANES) {
    const thaw_quad sum = sum_of(&add, input1 + i, input2 + i);
    const thaw_quad clamped = thaw_quad_clamp(sum, add.clamp_low, add.clamp_high);
    thaw_quad_put_bytes(clamped, output + i);
    if (!mask) continue;
    const uint32_t bits = thaw_quad_equal_bits(sum, clamped);
    mask[i / 8] = (uint8_t)(i % 8 == 0 ? bits : mask[i / 8] | bits << THAW_LANES);
  }
  return end;
}

void thaw_add_s8(const thaw_add* add, const int8_t* input1, const int8_t* input2, int8_t* output,
                 uint8_t* mask) {
  thaw_mask_clear(mask, add->elements);
  int32_t i =
      mask ? add_fours(add, input1, input2, output, mask) : add_fours(add, input1, input2, output, NULL);
  for (; i < add->elements; ++i) add_one(add, input1, input2, output, mask, i);
}
