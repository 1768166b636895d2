#include "sim/exec/host/row_kernels.h"

#include <algorithm>
#include <cstring>

#include "sim/exec/host/integer_dot.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/exec/host/row_kernels.cpp"
#include <hwy/foreach_target.h>

#include "sim/exec/host/fixed_point-inl.h"

HWY_BEFORE_NAMESPACE();
namespace thaw {
namespace HWY_NAMESPACE {
namespace {

constexpr Int32 kInt32;
constexpr int32_t kLanes = static_cast<int32_t>(hn::MaxLanes(Int32()));
using Int8 = hn::Rebind<int8_t, Int32>;
using Int16 = hn::Rebind<int16_t, Int32>;

// ---- masks ---------------------------------------------------------------------------------------------

void expand_mask(const uint8_t* bits, int64_t elements, uint8_t* bytes) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  // Loading mask bits may read 8 bytes.
  for (; i + std::max<int64_t>(lanes, 64) <= elements; i += lanes)
    hn::StoreU(hn::VecFromMask(d, hn::LoadMaskBits(d, bits + i / 8)), d, bytes + i);
#endif
  for (; i < elements; ++i) bytes[i] = ((bits[i / 8] >> (i % 8)) & 1) != 0 ? 0xFF : 0;
}

void pack_mask(const uint8_t* bytes, int64_t elements, uint8_t* bits) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d);
  for (; i + lanes <= elements; i += lanes)
    hn::StoreMaskBits(d, hn::Ne(hn::LoadU(d, bytes + i), zero), bits + i / 8);
#endif
  for (; i < elements; i += 8) {
    uint32_t byte = 0;
    for (int64_t j = 0; j < 8 && i + j < elements; ++j) byte |= (bytes[i + j] & 1U) << j;
    bits[i / 8] = static_cast<uint8_t>(byte);
  }
}

// ---- requantisation ------------------------------------------------------------------------------------

template <bool kLeftShift, bool kMask>
void requantize(const RequantizeRows& r) {
  const Int8 d8;
  const auto zero_point = hn::Set(kInt32, r.output_zero_point);
  const auto low = hn::Set(kInt32, r.low);
  const auto high = hn::Set(kInt32, r.high);
  const bool whole = r.channels % kColumnBlock == 0;
  const int32_t padded = padded_columns(r.channels);
  constexpr int32_t kRowBuffer = 1024;
  HWY_ALIGN int8_t buffer[kRowBuffer];
  for (int32_t p = 0; p < r.positions; ++p) {
    for (int32_t begin = 0; begin < padded; begin += kRowBuffer) {
      const int32_t end = std::min(padded, begin + kRowBuffer);
      const int32_t* sums = r.sums + p * r.sum_stride;
      int8_t* row = r.output + int64_t{p} * r.channels + begin;
      int8_t* out = whole ? row : buffer;
      uint8_t* passed = kMask ? r.passed + int64_t{p} * r.channels + begin : nullptr;
      for (int32_t c = begin; c < end; c += kLanes) {
        auto x = hn::LoadU(kInt32, sums + c);
        if constexpr (kLeftShift) x = saturating_shift_left(x, hn::LoadU(kInt32, r.left_shifts + c));
        x = rounding_doubling_high(x, hn::LoadU(kInt32, r.multipliers + c));
        x = rounding_shift_right(x, hn::LoadU(kInt32, r.right_shifts + c));
        x = hn::Add(x, zero_point);
        const auto y = hn::Min(hn::Max(x, low), high);
        hn::StoreU(hn::DemoteTo(d8, y), d8, out + (c - begin));
        if constexpr (kMask) {
          // A byte mask may run into the next row: that one is written later.
          const auto same = hn::VecFromMask(kInt32, hn::Eq(x, y));
          hn::StoreU(hn::DemoteTo(d8, same), d8, reinterpret_cast<int8_t*>(passed) + (c - begin));
        }
      }
      if (!whole) std::memcpy(row, buffer, static_cast<size_t>(std::min(r.channels, end) - begin));
    }
  }
}

void requantize_rows(const RequantizeRows& r) {
  if (r.left_shifts != nullptr)
    r.passed != nullptr ? requantize<true, true>(r) : requantize<true, false>(r);
  else
    r.passed != nullptr ? requantize<false, true>(r) : requantize<false, false>(r);
}

// ---- gradients -----------------------------------------------------------------------------------------

HWY_INLINE Int32V scaled(const GradientRows::Source& source, int64_t position, int32_t c, Int32V half) {
  const auto value = hn::LoadU(kInt32, source.values + position * source.stride + c);
  const auto high = mul_high(value, hn::LoadU(kInt32, source.mantissas + c));
  return hn::ShiftRightSame(hn::Add(high, half), source.shift - 32);
}

template <class Value, int kSources, bool kMask>
uint32_t gradient(const GradientRows& r) {
  const hn::Rebind<Value, Int32> d_value;
  const Int8 d8;
  const auto low = hn::Set(kInt32, -(1 << r.bits));
  const auto high = hn::Set(kInt32, (1 << r.bits) - 1);
  const auto half0 = hn::Set(kInt32, static_cast<int32_t>(uint32_t{1} << (r.sources[0].shift - 33)));
  const auto half1 = hn::Set(kInt32, static_cast<int32_t>(uint32_t{1} << (r.sources[1].shift - 33)));
  const bool whole = r.channels % kColumnBlock == 0;
  const int32_t padded = padded_columns(r.channels);
  constexpr int32_t kRowBuffer = 1024;
  HWY_ALIGN Value buffer[kRowBuffer];
  auto magnitudes = hn::Zero(kInt32);
  for (int32_t p = 0; p < r.positions; ++p) {
    for (int32_t begin = 0; begin < padded; begin += kRowBuffer) {
      const int32_t end = std::min(padded, begin + kRowBuffer);
      Value* row = static_cast<Value*>(r.values) + int64_t{p} * r.channels + begin;
      Value* out = whole ? row : buffer;
      const uint8_t* passed = kMask ? r.passed + int64_t{p} * r.channels + begin : nullptr;
      for (int32_t c = begin; c < end; c += kLanes) {
        auto v = scaled(r.sources[0], p, c, half0);
        if constexpr (kSources == 2) v = hn::Add(v, scaled(r.sources[1], p, c, half1));
        if constexpr (kMask) {
          const auto bytes = hn::LoadU(d8, reinterpret_cast<const int8_t*>(passed) + (c - begin));
          v = hn::And(v, hn::PromoteTo(kInt32, bytes));
        }
        magnitudes = hn::Or(magnitudes, hn::Xor(v, hn::ShiftRight<31>(v)));
        const auto y = hn::Min(hn::Max(v, low), high);
        hn::StoreU(hn::DemoteTo(d_value, y), d_value, out + (c - begin));
      }
      if (!whole)
        std::memcpy(row, buffer, static_cast<size_t>(std::min(r.channels, end) - begin) * sizeof(Value));
    }
  }
  int32_t lanes[kLanes];
  hn::StoreU(magnitudes, kInt32, lanes);
  uint32_t result = 0;
  for (int32_t lane : lanes) result |= static_cast<uint32_t>(lane);
  return result;
}

template <class Value>
uint32_t gradient_of(const GradientRows& r) {
  if (r.source_count == 2)
    return r.passed != nullptr ? gradient<Value, 2, true>(r) : gradient<Value, 2, false>(r);
  return r.passed != nullptr ? gradient<Value, 1, true>(r) : gradient<Value, 1, false>(r);
}

uint32_t gradient_rows(const GradientRows& r) {
  return r.bits == 7 ? gradient_of<int8_t>(r) : gradient_of<int16_t>(r);
}

template <class Value>
void stored_rows(const Value* in, int32_t positions, int32_t channels, int64_t stride, int32_t* out) {
  const hn::Rebind<Value, Int32> d_value;
  for (int32_t p = 0; p < positions; ++p) {
    int32_t c = 0;
    for (; c + kLanes <= channels; c += kLanes)
      hn::StoreU(hn::ShiftLeft<16>(hn::PromoteTo(kInt32, hn::LoadU(d_value, in + c))), kInt32, out + c);
    for (; c < channels; ++c) out[c] = in[c] * (int32_t{1} << 16);
    in += channels;
    out += stride;
  }
}

void stored_rows_s8(const int8_t* in, int32_t positions, int32_t channels, int64_t stride, int32_t* out) {
  stored_rows(in, positions, channels, stride, out);
}
void stored_rows_s16(const int16_t* in, int32_t positions, int32_t channels, int64_t stride, int32_t* out) {
  stored_rows(in, positions, channels, stride, out);
}

// ---- residual addition ---------------------------------------------------------------------------------

// thaw_mbqm with one multiplier and a shift <= 0 for all lanes.
HWY_INLINE Int32V rescaled(Int32V x, Int32V multiplier, Int32V right_shift) {
  return rounding_shift_right(rounding_doubling_high(x, multiplier), right_shift);
}

struct AddLanes {
  explicit AddLanes(const thaw_add& a)
      : zero1(hn::Set(kInt32, a.input1_zero_point)),
        zero2(hn::Set(kInt32, a.input2_zero_point)),
        zero_out(hn::Set(kInt32, a.output_zero_point)),
        multiplier1(hn::Set(kInt32, a.input1_multiplier)),
        multiplier2(hn::Set(kInt32, a.input2_multiplier)),
        multiplier_out(hn::Set(kInt32, a.output_multiplier)),
        shift1(hn::Set(kInt32, -a.input1_shift)),
        shift2(hn::Set(kInt32, -a.input2_shift)),
        shift_out(hn::Set(kInt32, -a.output_shift)),
        low(hn::Set(kInt32, a.clamp_low)),
        high(hn::Set(kInt32, a.clamp_high)) {}

  HWY_INLINE void operator()(const int8_t* first, const int8_t* second, int8_t* output,
                             uint8_t* passed) const {
    const Int8 d8;
    const auto x1 = hn::Sub(hn::PromoteTo(kInt32, hn::LoadU(d8, first)), zero1);
    const auto x2 = hn::Sub(hn::PromoteTo(kInt32, hn::LoadU(d8, second)), zero2);
    const auto sum = hn::Add(rescaled(hn::ShiftLeft<THAW_ADD_LEFT_SHIFT>(x1), multiplier1, shift1),
                             rescaled(hn::ShiftLeft<THAW_ADD_LEFT_SHIFT>(x2), multiplier2, shift2));
    const auto v = hn::Add(rescaled(sum, multiplier_out, shift_out), zero_out);
    const auto y = hn::Min(hn::Max(v, low), high);
    hn::StoreU(hn::DemoteTo(d8, y), d8, output);
    if (passed != nullptr)
      hn::StoreU(hn::DemoteTo(d8, hn::VecFromMask(kInt32, hn::Eq(v, y))), d8,
                 reinterpret_cast<int8_t*>(passed));
  }

  Int32V zero1, zero2, zero_out, multiplier1, multiplier2, multiplier_out, shift1, shift2, shift_out, low,
      high;
};

void add_rows(const thaw_add& add, const int8_t* first, const int8_t* second, int8_t* output,
              uint8_t* passed) {
  const AddLanes add_lanes(add);
  int32_t i = 0;
  for (; i + kLanes <= add.elements; i += kLanes)
    add_lanes(first + i, second + i, output + i, passed != nullptr ? passed + i : nullptr);
  const auto rest = static_cast<size_t>(add.elements - i);
  if (rest == 0) return;
  int8_t a[kLanes] = {};
  int8_t b[kLanes] = {};
  std::memcpy(a, first + i, rest);
  std::memcpy(b, second + i, rest);
  add_lanes(a, b, a, passed != nullptr ? passed + i : nullptr);
  std::memcpy(output + i, a, rest);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace thaw
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thaw {

HWY_EXPORT(expand_mask);
HWY_EXPORT(pack_mask);
HWY_EXPORT(requantize_rows);
HWY_EXPORT(gradient_rows);
HWY_EXPORT(stored_rows_s8);
HWY_EXPORT(stored_rows_s16);
HWY_EXPORT(add_rows);

void expand_mask(const uint8_t* bits, int64_t elements, uint8_t* bytes) {
  HWY_DYNAMIC_DISPATCH(expand_mask)(bits, elements, bytes);
}
void pack_mask(const uint8_t* bytes, int64_t elements, uint8_t* bits) {
  HWY_DYNAMIC_DISPATCH(pack_mask)(bytes, elements, bits);
}
void requantize_rows(const RequantizeRows& rows) {
  HWY_DYNAMIC_DISPATCH(requantize_rows)(rows);
}
uint32_t gradient_rows(const GradientRows& rows) {
  return HWY_DYNAMIC_DISPATCH(gradient_rows)(rows);
}
void stored_gradient_rows(const int8_t* in, int32_t positions, int32_t channels, int64_t stride,
                          int32_t* out) {
  HWY_DYNAMIC_DISPATCH(stored_rows_s8)(in, positions, channels, stride, out);
}
void stored_gradient_rows(const int16_t* in, int32_t positions, int32_t channels, int64_t stride,
                          int32_t* out) {
  HWY_DYNAMIC_DISPATCH(stored_rows_s16)(in, positions, channels, stride, out);
}
void add_rows(const thaw_add& add, const int8_t* first, const int8_t* second, int8_t* output,
              uint8_t* passed) {
  HWY_DYNAMIC_DISPATCH(add_rows)(add, first, second, output, passed);
}

}  // namespace thaw
#endif
