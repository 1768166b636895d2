// See add.h. The multiplications without the saturations that a product of these factors never needs.
#include "engine/kernels/add.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"

// thaw_mbqm for 0 <= multiplier < 2^31 and shift <= 0. Adding the sign before halves are rounded up rounds
// them away from zero; x cannot leave int32 by it, for |x| < 2^31.
static inline int32_t scaled(int32_t value, int32_t multiplier, int32_t shift) {
  const int32_t x = (int32_t)thaw_asr64((int64_t)value * multiplier + (INT64_C(1) << 30), 31);
  if (shift == 0) return x;
  return thaw_asr32(thaw_asr32(x + thaw_asr32(x, 31), -shift - 1) + 1, 1);
}

void thaw_add_s8(const thaw_add* add, const int8_t* input1, const int8_t* input2, int8_t* output,
                 uint8_t* mask) {
  const thaw_add a = *add;
  uint32_t bits = 0;
  for (int32_t i = 0; i < a.elements; ++i) {
    const int32_t first = (int32_t)((uint32_t)(input1[i] - a.input1_zero_point) << THAW_ADD_LEFT_SHIFT);
    const int32_t second = (int32_t)((uint32_t)(input2[i] - a.input2_zero_point) << THAW_ADD_LEFT_SHIFT);
    const int32_t sum = scaled(first, a.input1_multiplier, a.input1_shift) +
                        scaled(second, a.input2_multiplier, a.input2_shift);
    const int32_t value = scaled(sum, a.output_multiplier, a.output_shift) + a.output_zero_point;
    const int32_t clamped = thaw_sat32(value, a.clamp_low, a.clamp_high);
    output[i] = (int8_t)clamped;
    if (!mask) continue;
    if (clamped == value) bits |= 1u << (i % 8);
    if (i % 8 == 7 || i == a.elements - 1) {
      mask[i / 8] = (uint8_t)bits;
      bits = 0;
    }
  }
}
