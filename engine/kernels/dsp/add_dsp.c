// See add.h. Products in one instruction, without the saturations that these factors never need.
#include "engine/kernels/hot.h"

#include "engine/kernels/add.h"

#include <stdbool.h>

#include "engine/kernels/dsp/dsp.h"
#include "engine/kernels/fixed_point.h"

// thaw_mbqm with a multiplier below 2^31 and a shift of at most 0.
typedef struct scale {
  int32_t multiplier;
  int32_t half;  // of 2^right, 0 where that is 1
  int32_t sign;  // all bits where halves of negative numbers are to be rounded down, that is where right > 0
  int32_t right;
} scale;

static scale scale_of(int32_t multiplier, int32_t shift) {
  const scale s = {multiplier, shift < 0 ? INT32_C(1) << (-shift - 1) : 0, shift < 0 ? -1 : 0, -shift};
  return s;
}

// Scales half of `doubled`, which fits: |values| < 2^30. The high word of twice a product, halves up, is that
// of the product with one factor doubled.
static inline int32_t scaled(int32_t doubled, scale s) {
  const int32_t x = thaw_high_rounded(doubled, s.multiplier);
  return thaw_asr32(x + thaw_asr32(x & s.sign, 31) + s.half, s.right);
}

enum { DOUBLED = THAW_ADD_LEFT_SHIFT + 1 };

// What all elements share.
typedef struct addition {
  scale first, second, last;
  uint32_t first_zero, second_zero;
  int32_t zero_point, low, high;
} addition;

// The output of two values before the clamp.
static inline int32_t sum_of(const addition* a, int8_t input1, int8_t input2) {
  const int32_t sum = scaled((int32_t)(((uint32_t)input1 << DOUBLED) - a->first_zero), a->first) +
                      scaled((int32_t)(((uint32_t)input2 << DOUBLED) - a->second_zero), a->second);
  return scaled(2 * sum, a->last) + a->zero_point;
}

// All elements without a mask; `int8`: the clamp is that of int8.
static inline void add_all(addition a, bool int8, int32_t elements, const int8_t* input1,
                           const int8_t* input2, int8_t* output) {
  for (const int8_t* end = output + elements; output != end; ++output) {
    const int32_t value = sum_of(&a, *input1++, *input2++);
    *output = (int8_t)(int8 ? thaw_ssat8(value) : thaw_sat32(value, a.low, a.high));
  }
}

// The same with a mask.
static inline void add_masked(addition a, bool int8, int32_t elements, const int8_t* input1,
                              const int8_t* input2, int8_t* output, uint8_t* mask) {
  while (elements > 0) {
    const uint32_t end = elements < 8 ? 1u << elements : 1u << 8;
    uint32_t bits = 0;
    for (uint32_t bit = 1; bit != end; bit <<= 1) {
      const int32_t value = sum_of(&a, *input1++, *input2++);
      const int32_t clamped = int8 ? thaw_ssat8(value) : thaw_sat32(value, a.low, a.high);
      *output++ = (int8_t)clamped;
      if (clamped == value) bits |= bit;
    }
    *mask++ = (uint8_t)bits;
    elements -= 8;
  }
}

void thaw_add_s8(const thaw_add* add, const int8_t* input1, const int8_t* input2, int8_t* output,
                 uint8_t* mask) {
  const addition a = {scale_of(add->input1_multiplier, add->input1_shift),
                      scale_of(add->input2_multiplier, add->input2_shift),
                      scale_of(add->output_multiplier, add->output_shift),
                      (uint32_t)add->input1_zero_point << DOUBLED,
                      (uint32_t)add->input2_zero_point << DOUBLED,
                      add->output_zero_point,
                      add->clamp_low,
                      add->clamp_high};
  const bool int8 = add->clamp_low == INT8_MIN && add->clamp_high == INT8_MAX;
  if (mask && int8)
    add_masked(a, true, add->elements, input1, input2, output, mask);
  else if (mask)
    add_masked(a, false, add->elements, input1, input2, output, mask);
  else if (int8)
    add_all(a, true, add->elements, input1, input2, output);
  else
    add_all(a, false, add->elements, input1, input2, output);
}
