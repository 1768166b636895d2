// The scalar rules by which a sum of gradients changes a weight or a bias (docs/arithmetic.md, section 8).
#pragma once

#include <stdint.h>

#include "engine/kernels/channel_scale.h"
#include "engine/kernels/fixed_point.h"
#include "engine/kernels/training_step.h"

/// Channel factor times learning rate: a mantissa below 2^31.
static inline int32_t thaw_update_multiplier(const thaw_channel_scale* scale, int32_t channel,
                                             const thaw_training_step* step) {
  return (int32_t)thaw_rshu((int64_t)thaw_channel_mantissa(scale, channel) * step->rate_mantissa, 15);
}

/// The right shift that goes with it, for gradients of exponent `gradient_exponent`: the update then counts
/// in 2^-16 of the parameter's unit. May be negative.
static inline int32_t thaw_update_shift(const thaw_channel_scale* scale, int32_t gradient_exponent,
                                        const thaw_training_step* step) {
  return 15 - (gradient_exponent + scale->exponent + step->rate_exponent);
}

/// Update of a weight in 2^-16 of an int8 step; |result| < 2^30, except -2^30 at the limits.
static inline int32_t thaw_update_amount(int32_t sum, int32_t multiplier, int32_t shift) {
  const int32_t s = thaw_sat32(shift, 2, 62);
  if (s < 32) sum = thaw_sat32(sum, -(INT32_C(1) << (s - 1)), (int32_t)((UINT32_C(1) << (s - 1)) - 1));
  return (int32_t)thaw_asr64((int64_t)sum * multiplier, s);
}

/// The new value of a weight with `fraction_bits` F in {0, 4, 8}: fixed = hi * 2^F + lo, inside +-127 * 2^F.
/// `random` (0..65535) rounds stochastically.
static inline int32_t thaw_update_fixed(int32_t fixed, int32_t amount, int32_t random,
                                        int32_t fraction_bits) {
  const int32_t change = thaw_asr32(amount + thaw_asr32(random, fraction_bits), 16 - fraction_bits);
  const int32_t limit = INT32_C(127) << fraction_bits;
  return thaw_sat32(fixed - change, -limit, limit);
}

/// hi: the int8 weight that the forward pass reads.
static inline int32_t thaw_fixed_high(int32_t fixed, int32_t fraction_bits) {
  return fraction_bits == 0 ? fixed : thaw_asr32(fixed + (INT32_C(1) << (fraction_bits - 1)), fraction_bits);
}

/// The new value of an int32 bias; |result| <= limit. Everything in int64.
static inline int32_t thaw_update_bias(int32_t bias, int32_t sum, int32_t multiplier, int32_t shift,
                                       int32_t random, int32_t limit) {
  const int64_t product = (int64_t)sum * multiplier;
  const int64_t most = INT64_C(1) << 42;
  const int64_t amount = shift >= 0
                             ? thaw_asr64(product, thaw_sat32(shift, 0, 62))
                             : thaw_sat64(product, -most, most) * (INT64_C(1) << thaw_sat32(-shift, 0, 20));
  return (int32_t)thaw_sat64(bias - thaw_asr64(amount + random, 16), -limit, limit);
}
