// What all updates of one training step share.
#pragma once

#include <stdint.h>

/// Learning rate = rate_mantissa * 2^(rate_exponent - 15), 2^14 <= rate_mantissa < 2^15, or 0 for rate 0.
/// Random numbers are a function of seed and step.
typedef struct thaw_training_step {
  int32_t rate_mantissa, rate_exponent;
  uint32_t seed;
  uint32_t step;
} thaw_training_step;
