// See binary.h.
#include "engine/kernels/binary.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"

static int32_t scaled(int32_t difference, int32_t multiplier, int32_t shift) {
  return thaw_mbqm(difference * (INT32_C(1) << THAW_BINARY_LEFT_SHIFT), multiplier, shift);
}

// The output value before the clamp.
static int32_t value_of(const thaw_binary* b, int32_t first, int32_t second) {
  if (b->function == THAW_BINARY_MAXIMUM) return first > second ? first : second;
  if (b->function == THAW_BINARY_MINIMUM) return first < second ? first : second;
  const int32_t x = first - b->first_zero_point;
  const int32_t y = second - b->second_zero_point;
  int32_t value = x * y;
  if (b->function == THAW_BINARY_PRELU && x >= 0)
    return thaw_mbqm(x, b->first_multiplier, b->first_shift) + b->output_zero_point;
  if (b->function == THAW_BINARY_ADD || b->function == THAW_BINARY_SUB) {
    const int32_t x_scaled = scaled(x, b->first_multiplier, b->first_shift);
    const int32_t y_scaled = scaled(y, b->second_multiplier, b->second_shift);
    value = b->function == THAW_BINARY_ADD ? x_scaled + y_scaled : x_scaled - y_scaled;
  }
  return thaw_mbqm(value, b->output_multiplier, b->output_shift) + b->output_zero_point;
}

void thaw_binary_s8(const thaw_binary* binary, const int8_t* first, const int8_t* second, int8_t* output,
                    uint8_t* mask) {
  const int32_t elements = thaw_binary_elements(binary);
  thaw_mask_clear(mask, elements);
  for (int32_t i = 0; i < elements; ++i) {
    const int32_t value = value_of(binary, first[thaw_binary_place(binary, binary->first_stride, i)],
                                   second[thaw_binary_place(binary, binary->second_stride, i)]);
    const int32_t clamped = thaw_sat32(value, binary->clamp_low, binary->clamp_high);
    output[i] = (int8_t)clamped;
    if (mask && clamped == value) thaw_mask_set(mask, i);
  }
}
