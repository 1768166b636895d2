// A real factor per channel as the plan stores it: one exponent for the tensor, a mantissa per channel
// (docs/arithmetic.md, section 2, `chan`).
#pragma once

#include <stdint.h>

/// C[c] = mantissa(c) * 2^(exponent - 31), 0 <= mantissa < 2^31. `count` is the number of channels, or 1 when
/// one mantissa serves all.
typedef struct thaw_channel_scale {
  const int32_t* mantissas;
  int32_t count;
  int32_t exponent;
} thaw_channel_scale;

static inline int32_t thaw_channel_mantissa(const thaw_channel_scale* scale, int32_t channel) {
  return scale->mantissas[scale->count == 1 ? 0 : channel];
}
