// What all updates of one training step share.
#pragma once

#include <stdint.h>

enum { THAW_RATES = 128 };  // of a schedule

/// Which of a schedule's rates the step has that comes after `passed` of `steps` steps; the last one
/// afterwards.
static inline uint32_t thaw_rate_entry(uint32_t passed, uint32_t steps) {
  return passed < steps ? (uint32_t)((uint64_t)passed * THAW_RATES / steps) : THAW_RATES - 1;
}

/// Learning rate = rate_mantissa * 2^(rate_exponent - 15), 2^14 <= rate_mantissa < 2^15, or 0 for rate 0.
/// Random numbers are a function of seed and step.
typedef struct thaw_training_step {
  int32_t rate_mantissa, rate_exponent;
  uint32_t seed;
  uint32_t step;
} thaw_training_step;
