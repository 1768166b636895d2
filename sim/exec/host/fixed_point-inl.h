// Vector forms of engine/kernels/fixed_point.h, lane for lane the same results. Included once for each
// instruction set by Highway's multiple inclusion; see the files that include it.
#if defined(THAW_FIXED_POINT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef THAW_FIXED_POINT_INL_H
#undef THAW_FIXED_POINT_INL_H
#else
#define THAW_FIXED_POINT_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace thaw {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// As many int32 lanes as fit a vector, at most one column block of 16.
using Int32 = hn::CappedTag<int32_t, 16>;
using Int32V = hn::Vec<Int32>;

// High words of the 64-bit products.
HWY_INLINE Int32V mul_high(Int32V a, Int32V b) {
  const Int32 d;
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(d, static_cast<int32_t>((int64_t{hn::GetLane(a)} * hn::GetLane(b)) >> 32));
#else
  const hn::RepartitionToWide<Int32> d64;
  const auto a64 = hn::BitCast(d64, a);
  const auto b64 = hn::BitCast(d64, b);
  const auto even = hn::MulEven(a, b);
  const auto odd =
      hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(a64)), hn::BitCast(d, hn::ShiftRight<32>(b64)));
  return hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
#endif
}

// thaw_srdhm for b >= 0.
HWY_INLINE Int32V rounding_doubling_high(Int32V a, Int32V b) {
  const Int32 d;
#if HWY_TARGET == HWY_SCALAR
  const int64_t product = int64_t{hn::GetLane(a)} * hn::GetLane(b);
  return hn::Set(d, static_cast<int32_t>((product + (int64_t{1} << 30)) >> 31));
#else
  const hn::RepartitionToWide<Int32> d64;
  const auto half = hn::Set(d64, int64_t{1} << 30);
  const auto a64 = hn::BitCast(d64, a);
  const auto b64 = hn::BitCast(d64, b);
  const auto even = hn::Add(hn::MulEven(a, b), half);
  const auto odd = hn::Add(
      hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(a64)), hn::BitCast(d, hn::ShiftRight<32>(b64))), half);
  return hn::OddEven(hn::BitCast(d, hn::ShiftLeft<1>(odd)), hn::BitCast(d, hn::ShiftRight<31>(even)));
#endif
}

// thaw_rdbpot: x / 2^exponent, halves away from zero, without leaving int32.
HWY_INLINE Int32V rounding_shift_right(Int32V x, Int32V exponent) {
  const Int32 d;
  const auto one = hn::Set(d, 1);
  const auto low_bits = hn::Sub(hn::Shl(one, exponent), one);
  const auto remainder = hn::And(x, low_bits);
  // Half of 2^exponent, less one for x >= 0: a remainder above it rounds up.
  const auto threshold = hn::Sub(hn::ShiftRight<1>(low_bits), hn::ShiftRight<31>(x));
  const auto up = hn::VecFromMask(d, hn::Gt(remainder, threshold));
  return hn::Sub(hn::Shr(x, exponent), up);
}

// x * 2^shift, limited to int32; 0 <= shift <= 30.
HWY_INLINE Int32V saturating_shift_left(Int32V x, Int32V shift) {
  const Int32 d;
  const auto shifted = hn::Shl(x, shift);
  const auto fits = hn::Eq(hn::Shr(shifted, shift), x);
  const auto limit = hn::Xor(hn::ShiftRight<31>(x), hn::Set(d, INT32_MAX));
  return hn::IfThenElse(fits, shifted, limit);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace thaw
HWY_AFTER_NAMESPACE();
#endif
