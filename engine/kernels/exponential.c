// See exponential.h.
#include "engine/kernels/exponential.h"

#include "engine/kernels/fixed_point.h"

// exp(x - 1/8) in Q0.31 by the Taylor polynomial of degree 4 around -1/8; x in Q0.31, |x| <= 1/8.
static int32_t exp_around_minus_eighth(int32_t x) {
  const int32_t exp_of_minus_eighth = 1895147668;
  const int32_t one_third = 715827883;
  const int32_t x2 = thaw_srdhm(x, x);
  const int32_t x3 = thaw_srdhm(x2, x);
  const int32_t x4 = thaw_srdhm(x2, x2);
  // (x^4/4 + x^3)/3 + x^2, all over 2: the terms of degree 2 to 4.
  const int32_t tail = thaw_rdbpot(thaw_srdhm(thaw_rdbpot(x4, 2) + x3, one_third) + x2, 1);
  return exp_of_minus_eighth + thaw_srdhm(exp_of_minus_eighth, x + tail);
}

int32_t thaw_exp_on_negative_q5_26(int32_t u) {
  if (u == 0) return INT32_MAX;
  // u = fraction - rest with fraction in [-1/4, 0) and rest a non-negative multiple of 1/4.
  const int32_t quarter = INT32_C(1) << 24;
  const int32_t fraction = (u & (quarter - 1)) - quarter;
  const int64_t rest = (int64_t)fraction - u;
  // exp(-2^(i-2)) in Q0.31, for the bits 24 + i of the rest.
  static const int32_t powers[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  int32_t result = exp_around_minus_eighth(32 * fraction + (INT32_C(1) << 28));
  for (int32_t i = 0; i < 7; ++i)
    if ((thaw_asr64(rest, 24 + i) & 1) != 0) result = thaw_srdhm(result, powers[i]);
  return result;
}

int32_t thaw_one_over_one_plus_q0_31(int32_t v) {
  // Newton's method for 1/d with d = (1 + v)/2 in [1/2, 1); y is in Q2.29, the start 48/17 - 32/17 d.
  const int32_t half_denominator = (int32_t)(((int64_t)v + INT64_C(2147483648)) / 2);
  int32_t y = 1515870810 + thaw_srdhm(half_denominator, -1010580540);
  for (int32_t i = 0; i < 3; ++i) {
    const int32_t error = (INT32_C(1) << 29) - thaw_srdhm(half_denominator, y);
    y += thaw_sat_to_32((int64_t)thaw_srdhm(y, error) * 4);
  }
  return thaw_sat_to_32((int64_t)y * 2);
}
