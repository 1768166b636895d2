#include "sim/exec/host/update_kernels.h"

#include "engine/kernels/random.h"
#include "engine/kernels/trained_weight.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/exec/host/update_kernels.cpp"
#include <hwy/foreach_target.h>

#include "sim/exec/host/fixed_point-inl.h"

HWY_BEFORE_NAMESPACE();
namespace thaw {
namespace HWY_NAMESPACE {
namespace {

constexpr Int32 kInt32;
constexpr int32_t kLanes = static_cast<int32_t>(hn::MaxLanes(Int32()));
using Int16 = hn::Rebind<int16_t, Int32>;

void random16(uint32_t key, int64_t count, uint16_t* out) {
  // Word j holds numbers 2j (low half) and 2j + 1: on a little-endian machine, the numbers in order.
  const hn::RebindToUnsigned<Int32> d;
  const auto gamma = hn::Set(d, 0x9E3779B9U);
  auto counter = hn::Add(hn::Set(d, key), hn::Mul(hn::Iota(d, 0), gamma));
  const auto step = hn::Set(d, static_cast<uint32_t>(kLanes) * 0x9E3779B9U);
  auto* words = reinterpret_cast<uint32_t*>(out);
  for (int64_t i = 0; i < count; i += 2 * kLanes, words += kLanes) {
    auto x = counter;
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    x = hn::Mul(x, hn::Set(d, 0x7feb352dU));
    x = hn::Xor(x, hn::ShiftRight<15>(x));
    x = hn::Mul(x, hn::Set(d, 0x846ca68bU));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    hn::StoreU(x, d, words);
    counter = hn::Add(counter, step);
  }
}

thaw_trained_weights weights_of(const int8_t* high, const uint8_t* low, int32_t fraction_bits) {
  return {nullptr, 0, fraction_bits, const_cast<int8_t*>(high), const_cast<uint8_t*>(low)};
}

void unpack_weights(const int8_t* high, const uint8_t* low, int32_t fraction_bits, int64_t count,
                    int16_t* fixed) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<int8_t, decltype(d)> d8;
  const hn::RebindToUnsigned<decltype(d8)> du8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; i + lanes <= count; i += lanes) {
    auto v = hn::PromoteTo(d, hn::LoadU(d8, high + i));
    if (fraction_bits == 8) {
      v = hn::Add(hn::ShiftLeft<8>(v),
                  hn::PromoteTo(d, hn::LoadU(d8, reinterpret_cast<const int8_t*>(low) + i)));
    } else if (fraction_bits == 4) {
      // Each byte twice in a row, as a pair of 16-bit lanes; the even lane keeps the low half.
      const hn::Half<decltype(du8)> half;
      const hn::Rebind<uint16_t, decltype(half)> half16;
      const auto bytes = hn::PromoteTo(half16, hn::LoadU(half, low + i / 2));
      const auto nibbles = hn::Or(hn::And(bytes, hn::Set(half16, 0x0F)),
                                  hn::ShiftLeft<4>(hn::And(bytes, hn::Set(half16, 0xF0))));
      const auto signed_nibbles = hn::PromoteTo(d, hn::BitCast(d8, nibbles));
      const auto eight = hn::Set(d, 8);
      v = hn::Add(hn::ShiftLeft<4>(v), hn::Sub(hn::Xor(signed_nibbles, eight), eight));
    }
    hn::StoreU(v, d, fixed + i);
  }
#endif
  const thaw_trained_weights weights = weights_of(high, low, fraction_bits);
  for (; i < count; ++i) fixed[i] = static_cast<int16_t>(thaw_weight_read(&weights, static_cast<int32_t>(i)));
}

void pack_weights(const int16_t* fixed, int32_t fraction_bits, int64_t count, int8_t* high, uint8_t* low) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<int8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; i + lanes <= count; i += lanes) {
    const auto v = hn::LoadU(d, fixed + i);
    if (fraction_bits == 8) {
      const auto rounded = hn::ShiftRight<8>(hn::Add(v, hn::Set(d, 128)));
      hn::StoreU(hn::DemoteTo(d8, rounded), d8, high + i);
      // v - rounded * 256: the low byte as two's complement.
      hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<8>(hn::ShiftLeft<8>(v))), d8,
                 reinterpret_cast<int8_t*>(low) + i);
    } else if (fraction_bits == 4) {
      const auto rounded = hn::ShiftRight<4>(hn::Add(v, hn::Set(d, 8)));
      hn::StoreU(hn::DemoteTo(d8, rounded), d8, high + i);
      // The low halves of two neighbours become one byte.
      const auto nibbles = hn::DemoteTo(d8, hn::And(v, hn::Set(d, 15)));
      const hn::Repartition<uint16_t, decltype(d8)> pairs16;
      const auto pairs = hn::BitCast(pairs16, nibbles);
      const auto bytes = hn::And(hn::Or(pairs, hn::ShiftRight<4>(pairs)), hn::Set(pairs16, 0xFF));
      const hn::Rebind<uint8_t, decltype(pairs16)> half;
      const hn::RebindToSigned<decltype(pairs16)> signed16;
      hn::StoreU(hn::DemoteTo(half, hn::BitCast(signed16, bytes)), half, low + i / 2);
    } else {
      hn::StoreU(hn::DemoteTo(d8, v), d8, high + i);
    }
  }
#endif
  const thaw_trained_weights weights = weights_of(high, low, fraction_bits);
  for (; i < count; ++i) thaw_weight_write(&weights, static_cast<int32_t>(i), fixed[i]);
}

template <bool kHighWord>
void update(const WeightRow& r) {
  const Int16 d16;
  const hn::RebindToUnsigned<Int16> du16;
  const auto offset = hn::Set(kInt32, r.offset);
  const auto multiplier = hn::Set(kInt32, r.multiplier);
  // Below 32 the sum is limited so that the result fits; above, every int32 is inside.
  const int32_t bound = kHighWord ? 0 : static_cast<int32_t>((uint32_t{1} << (r.shift - 1)) - 1);
  const auto high = hn::Set(kInt32, bound);
  const auto low = hn::Set(kInt32, -bound - 1);
  const auto limit = hn::Set(kInt32, 127 << r.fraction_bits);
  const auto lower_limit = hn::Set(kInt32, -(127 << r.fraction_bits));
  const hn::RebindToUnsigned<Int32> du32;
  for (int32_t i = 0; i < r.count; i += kLanes) {
    auto sum = hn::Add(hn::LoadU(kInt32, r.sums + i), offset);
    Int32V amount;
    if constexpr (kHighWord) {
      amount = hn::ShiftRightSame(mul_high(sum, multiplier), r.shift - 32);
    } else {
      sum = hn::Min(hn::Max(sum, low), high);
      const auto low_word = hn::BitCast(du32, hn::Mul(sum, multiplier));
      amount = hn::Or(hn::ShiftLeftSame(mul_high(sum, multiplier), 32 - r.shift),
                      hn::BitCast(kInt32, hn::ShiftRightSame(low_word, r.shift)));
    }
    const auto random = hn::PromoteTo(kInt32, hn::LoadU(du16, r.random + i));
    const auto change = hn::ShiftRightSame(hn::Add(amount, hn::ShiftRightSame(random, r.fraction_bits)),
                                           16 - r.fraction_bits);
    const auto fixed = hn::Sub(hn::PromoteTo(kInt32, hn::LoadU(d16, r.fixed + i)), change);
    hn::StoreU(hn::DemoteTo(d16, hn::Min(hn::Max(fixed, lower_limit), limit)), d16, r.updated + i);
  }
}

void update_row(const WeightRow& row) {
  row.shift >= 32 ? update<true>(row) : update<false>(row);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace thaw
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thaw {

HWY_EXPORT(random16);
HWY_EXPORT(unpack_weights);
HWY_EXPORT(pack_weights);
HWY_EXPORT(update_row);

void random16(uint32_t key, int64_t count, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(random16)(key, count, out);
}
void unpack_weights(const int8_t* high, const uint8_t* low, int32_t fraction_bits, int64_t count,
                    int16_t* fixed) {
  HWY_DYNAMIC_DISPATCH(unpack_weights)(high, low, fraction_bits, count, fixed);
}
void pack_weights(const int16_t* fixed, int32_t fraction_bits, int64_t count, int8_t* high, uint8_t* low) {
  HWY_DYNAMIC_DISPATCH(pack_weights)(fixed, fraction_bits, count, high, low);
}
void update_row(const WeightRow& row) {
  HWY_DYNAMIC_DISPATCH(update_row)(row);
}

}  // namespace thaw
#endif
