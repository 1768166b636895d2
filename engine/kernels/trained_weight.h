// Access to one trained weight: its int8 part and its packed fraction bits as one fixed-point number.
#pragma once

#include <stdint.h>

#include "engine/kernels/random.h"
#include "engine/kernels/update.h"
#include "engine/kernels/update_rule.h"

/// Weight `index` as hi * 2^F + lo.
static inline int32_t thaw_weight_read(const thaw_trained_weights* trained, int32_t index) {
  const int32_t high = trained->high[index];
  if (trained->fraction_bits == 8) {
    const int32_t low = trained->low[index];
    return high * 256 + (low < 128 ? low : low - 256);
  }
  if (trained->fraction_bits == 4) {
    const int32_t low = (trained->low[index / 2] >> (index % 2 * 4)) & 15;
    return high * 16 + (low < 8 ? low : low - 16);
  }
  return high;
}

/// Stores weight `index`.
static inline void thaw_weight_write(const thaw_trained_weights* trained, int32_t index, int32_t fixed) {
  const int32_t high = thaw_fixed_high(fixed, trained->fraction_bits);
  const int32_t low = fixed - high * (INT32_C(1) << trained->fraction_bits);
  trained->high[index] = (int8_t)high;
  if (trained->fraction_bits == 8) {
    trained->low[index] = (uint8_t)(low & 255);
  } else if (trained->fraction_bits == 4) {
    const int32_t other = trained->low[index / 2] & (index % 2 == 0 ? 0xF0 : 0x0F);
    trained->low[index / 2] = (uint8_t)(other | ((low & 15) << (index % 2 * 4)));
  }
}

/// Moves weight `index` by a sum of gradients; `key` is the key of its random stream.
static inline void thaw_weight_step(const thaw_trained_weights* trained, int32_t index, int32_t sum,
                                    int32_t multiplier, int32_t shift, uint32_t key) {
  const int32_t amount = thaw_update_amount(sum, multiplier, shift);
  const int32_t fixed = thaw_update_fixed(thaw_weight_read(trained, index), amount,
                                          thaw_r16(key, (uint32_t)index), trained->fraction_bits);
  thaw_weight_write(trained, index, fixed);
}
