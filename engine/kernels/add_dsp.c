// See add.h. Products in one instruction, without the saturations that these factors never need.
#include "engine/kernels/add.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/dsp.h"
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

static inline void add_all(const thaw_add* add, const int8_t* input1, const int8_t* input2, int8_t* output,
                           uint8_t* mask) {
  const scale first = scale_of(add->input1_multiplier, add->input1_shift);
  const scale second = scale_of(add->input2_multiplier, add->input2_shift);
  const scale last = scale_of(add->output_multiplier, add->output_shift);
  const uint32_t first_zero = (uint32_t)add->input1_zero_point << DOUBLED;
  const uint32_t second_zero = (uint32_t)add->input2_zero_point << DOUBLED;
  const int32_t zero_point = add->output_zero_point;
  const int32_t low = add->clamp_low;
  const int32_t high = add->clamp_high;
  const int32_t elements = add->elements;
  uint32_t bits = 0;
  for (int32_t i = 0; i < elements; ++i) {
    const int32_t sum = scaled((int32_t)(((uint32_t)input1[i] << DOUBLED) - first_zero), first) +
                        scaled((int32_t)(((uint32_t)input2[i] << DOUBLED) - second_zero), second);
    const int32_t value = scaled(2 * sum, last) + zero_point;
    const int32_t clamped = thaw_sat32(value, low, high);
    output[i] = (int8_t)clamped;
    if (!mask) continue;
    if (clamped == value) bits |= 1u << (i & 7);
    if ((i & 7) == 7 || i == elements - 1) {
      mask[(uint32_t)i / 8] = (uint8_t)bits;
      bits = 0;
    }
  }
}

void thaw_add_s8(const thaw_add* add, const int8_t* input1, const int8_t* input2, int8_t* output,
                 uint8_t* mask) {
  if (mask)
    add_all(add, input1, input2, output, mask);
  else
    add_all(add, input1, input2, output, NULL);
}
