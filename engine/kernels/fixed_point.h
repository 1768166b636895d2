// Fixed-point primitives of the integer contract: shifts, roundings, saturations (docs/arithmetic.md,
// section 1). All results are exact; nothing here overflows inside the stated ranges.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define THAW_STATIC_ASSERT static_assert
#else
#define THAW_STATIC_ASSERT _Static_assert
#endif

// C11 leaves >> of a negative number to the implementation. Only the two functions below use it, and a
// compiler that does not shift arithmetically is refused here.
THAW_STATIC_ASSERT((INT32_C(-5) >> 1) == -3 && (INT64_C(-5) >> 1) == -3,
                   "right shift of a negative number must be arithmetic");

/// floor(x / 2^shift), also for negative x; 0 <= shift <= 31.
static inline int32_t thaw_asr32(int32_t x, int32_t shift) {
  return x >> shift;
}

/// floor(x / 2^shift), also for negative x; 0 <= shift <= 63.
static inline int64_t thaw_asr64(int64_t x, int32_t shift) {
  return x >> shift;
}

/// x limited to low..high.
static inline int32_t thaw_sat32(int32_t x, int32_t low, int32_t high) {
  return x < low ? low : x > high ? high : x;
}

/// x limited to low..high, 64 bits.
static inline int64_t thaw_sat64(int64_t x, int64_t low, int64_t high) {
  return x < low ? low : x > high ? high : x;
}

/// x limited to the range of int32.
static inline int32_t thaw_sat_to_32(int64_t x) {
  return (int32_t)thaw_sat64(x, INT32_MIN, INT32_MAX);
}

/// x limited to -2^bits .. 2^bits - 1; 0 <= bits <= 30.
static inline int32_t thaw_ssat(int32_t x, int32_t bits) {
  const int32_t limit = INT32_C(1) << bits;
  return thaw_sat32(x, -limit, limit - 1);
}

/// x / 2^shift to the nearest integer, halves up; 1 <= shift <= 62, |x| <= 2^62.
static inline int64_t thaw_rshu(int64_t x, int32_t shift) {
  return thaw_asr64(x + (INT64_C(1) << (shift - 1)), shift);
}

/// x / 2^exponent to the nearest integer, halves away from zero; 0 <= exponent <= 31.
static inline int32_t thaw_rdbpot(int32_t x, int32_t exponent) {
  if (exponent == 0) return x;
  const int64_t half = INT64_C(1) << (exponent - 1);
  return (int32_t)thaw_asr64((int64_t)x + half - (x < 0 ? 1 : 0), exponent);
}

/// The high word of 2*a*b, that is a*b / 2^31 to the nearest integer, halves up. The one product that does
/// not fit (both -2^31) gives 2^31 - 1.
static inline int32_t thaw_srdhm(int32_t a, int32_t b) {
  return thaw_sat_to_32(thaw_rshu((int64_t)a * b, 31));
}

/// x * multiplier * 2^(shift - 31), rounded twice as TFLite does; -31 <= shift <= 30. The contract keeps
/// x * 2^shift inside int32; a model that breaks it saturates there instead of wrapping.
static inline int32_t thaw_mbqm(int32_t x, int32_t multiplier, int32_t shift) {
  if (shift <= 0) return thaw_rdbpot(thaw_srdhm(x, multiplier), -shift);
  return thaw_srdhm(thaw_sat_to_32((int64_t)x * (INT64_C(1) << shift)), multiplier);
}

/// rshu(a * mantissa, shift) for 0 <= mantissa < 2^31 and 33 <= shift <= 62; |result| <= 2^30. It needs the
/// high word of the product only: the low word cannot change the rounding.
static inline int32_t thaw_gscale(int32_t a, int32_t mantissa, int32_t shift) {
  const int32_t high = (int32_t)thaw_asr64((int64_t)a * mantissa, 32);
  return thaw_asr32(high + (INT32_C(1) << (shift - 33)), shift - 32);
}

/// Number of bits up to the highest set one; 0 for 0.
static inline int32_t thaw_bit_length(uint32_t x) {
  int32_t length = 0;
  for (; x != 0; x >>= 1) ++length;
  return length;
}
