#include "sim/exec/host/operand_packing.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/exec/host/operand_packing.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thaw {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Word = hn::CappedTag<uint32_t, kColumnBlock>;
constexpr Word kWord;
constexpr int32_t kWordLanes = static_cast<int32_t>(hn::MaxLanes(Word()));

void flip_bytes(const int8_t* values, int64_t count, uint8_t flip, uint8_t* bytes) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto* from = reinterpret_cast<const uint8_t*>(values);
  const auto mask = hn::Set(d, flip);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::Xor(hn::LoadU(d, from + i), mask), d, bytes + i);
  for (; i < count; ++i) bytes[i] = from[i] ^ flip;
}

void widen(const int8_t* values, int64_t count, int32_t zero_point, int16_t* wide) {
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<int8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Set(d, static_cast<int16_t>(zero_point));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::Sub(hn::PromoteTo(d, hn::LoadU(d8, values + i)), zero), d, wide + i);
  for (; i < count; ++i) wide[i] = static_cast<int16_t>(values[i] - zero_point);
}

void widen_to_floats(const int8_t* values, int64_t count, int32_t zero_point, float* floats) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> d32;
  const hn::Rebind<int8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Set(d32, zero_point);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::ConvertTo(d, hn::Sub(hn::PromoteTo(d32, hn::LoadU(d8, values + i)), zero)), d, floats + i);
  for (; i < count; ++i) floats[i] = static_cast<float>(values[i] - zero_point);
}

// How values of each kind become parts of a word.
struct Quads {
  using Value = uint8_t;
  static constexpr int kRows = 4;
  uint32_t flip;  // of all four bytes

  HWY_INLINE hn::Vec<Word> operator()(const Value* const rows[kRows], int64_t i) const {
    const hn::Rebind<uint8_t, Word> d8;
    const auto part = [&](int r) { return hn::PromoteTo(kWord, hn::LoadU(d8, rows[r] + i)); };
    const auto low = hn::Or(part(0), hn::ShiftLeft<8>(part(1)));
    const auto high = hn::Or(hn::ShiftLeft<16>(part(2)), hn::ShiftLeft<24>(part(3)));
    return hn::Xor(hn::Or(low, high), hn::Set(kWord, flip));
  }
};

struct WidePairs {
  using Value = int16_t;
  static constexpr int kRows = 2;

  HWY_INLINE hn::Vec<Word> operator()(const Value* const rows[kRows], int64_t i) const {
    const hn::Rebind<uint16_t, Word> d16;
    const auto part = [&](int r) {
      return hn::PromoteTo(kWord, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(rows[r]) + i));
    };
    return hn::Or(part(0), hn::ShiftLeft<16>(part(1)));
  }
};

struct NarrowPairs {
  using Value = int8_t;
  static constexpr int kRows = 2;
  int32_t zero_point;

  HWY_INLINE hn::Vec<Word> operator()(const Value* const rows[kRows], int64_t i) const {
    const hn::Rebind<int8_t, Word> d8;
    const hn::Rebind<int32_t, Word> d32;
    const auto zero = hn::Set(d32, zero_point);
    const auto part = [&](int r) {
      return hn::BitCast(kWord, hn::Sub(hn::PromoteTo(d32, hn::LoadU(d8, rows[r] + i)), zero));
    };
    return hn::Or(hn::And(part(0), hn::Set(kWord, 0xFFFF)), hn::ShiftLeft<16>(part(1)));
  }
};

struct Floats {
  using Value = int8_t;
  static constexpr int kRows = 1;
  int32_t zero_point;

  HWY_INLINE hn::Vec<Word> operator()(const Value* const rows[kRows], int64_t i) const {
    const hn::Rebind<int8_t, Word> d8;
    const hn::Rebind<int32_t, Word> d32;
    const hn::Rebind<float, Word> d_float;
    const auto value = hn::Sub(hn::PromoteTo(d32, hn::LoadU(d8, rows[0] + i)), hn::Set(d32, zero_point));
    return hn::BitCast(kWord, hn::ConvertTo(d_float, value));
  }
};

template <class Parts>
HWY_INLINE void interleave_block(const Parts& parts, const typename Parts::Value* const rows[Parts::kRows],
                                 int64_t i, uint32_t* words) {
  for (int32_t lane = 0; lane < kColumnBlock; lane += kWordLanes)
    hn::StoreU(parts(rows, i + lane), kWord, words + lane);
}

// `absent` is the value that becomes zero in a word.
template <class Parts, class Value>
void interleave(const Parts& parts, const Value* const* rows, size_t count, Value absent,
                const InterleavedRows& to) {
  using Stored = typename Parts::Value;
  constexpr int kRows = Parts::kRows;
  const int32_t whole = to.columns / kColumnBlock * kColumnBlock;
  const auto rest = static_cast<size_t>(to.columns - whole);
  for (size_t r = 0; r < count; r += kRows) {
    uint32_t* words = to.words + static_cast<int64_t>(r) / kRows * to.word_stride;
    const Stored* from[kRows];
    bool all_present = true;
    for (int j = 0; j < kRows; ++j) {
      from[j] = reinterpret_cast<const Stored*>(rows[r + static_cast<size_t>(j)]);
      all_present = all_present && from[j] != nullptr;
    }
    if (all_present)
      for (int32_t c = 0; c < whole; c += kColumnBlock)
        interleave_block(parts, from, c, words + c / kColumnBlock * to.block_stride);
    if (all_present && rest == 0) continue;
    for (int32_t c = all_present ? whole : 0; c < to.columns; c += kColumnBlock) {
      const auto present = static_cast<size_t>(std::min(kColumnBlock, to.columns - c));
      HWY_ALIGN Value copy[kRows][kColumnBlock];
      const Stored* copied[kRows];
      for (int j = 0; j < kRows; ++j) {
        std::fill_n(copy[j], kColumnBlock, absent);
        if (from[j] != nullptr) std::memcpy(copy[j], from[j] + c, present * sizeof(Value));
        copied[j] = reinterpret_cast<const Stored*>(copy[j]);
      }
      interleave_block(parts, copied, 0, words + c / kColumnBlock * to.block_stride);
    }
  }
}

void quads(const int8_t* const* rows, size_t count, uint8_t flip, const InterleavedRows& to) {
  interleave(Quads{flip * 0x01010101U}, rows, count, static_cast<int8_t>(flip), to);
}
void narrow_pairs(const int8_t* const* rows, size_t count, int32_t zero_point, const InterleavedRows& to) {
  interleave(NarrowPairs{zero_point}, rows, count, static_cast<int8_t>(zero_point), to);
}
void wide_pairs(const int16_t* const* rows, size_t count, const InterleavedRows& to) {
  interleave(WidePairs{}, rows, count, int16_t{0}, to);
}

void floats(const int8_t* const* rows, size_t count, int32_t zero_point, const InterleavedRows& to) {
  interleave(Floats{zero_point}, rows, count, static_cast<int8_t>(zero_point), to);
}

void flat_pairs(const int16_t* const* rows, int64_t count, uint32_t* words) {
  for (int64_t i = 0; i < count; i += kWordLanes) hn::StoreU(WidePairs{}(rows, i), kWord, words + i);
}
void flat_quads(const uint8_t* const* rows, int64_t count, uint32_t* words) {
  const Quads parts{0};
  for (int64_t i = 0; i < count; i += kWordLanes) hn::StoreU(parts(rows, i), kWord, words + i);
}

// Four positions in one pass: the sums stay in registers for a while.
template <class Value>
void add_columns(const Value* values, int32_t positions, int64_t stride, int32_t columns, int32_t* sums) {
  const hn::CappedTag<int32_t, kColumnBlock> d;
  const hn::Rebind<Value, decltype(d)> d_value;
  const auto lanes = static_cast<int32_t>(hn::Lanes(d));
  int32_t c = 0;
  for (; c + lanes <= columns; c += lanes) {
    auto even = hn::Zero(d);
    auto odd = hn::Zero(d);
    int32_t p = 0;
    const Value* value = values + c;
    for (; p + 2 <= positions; p += 2, value += 2 * stride) {
      even = hn::Add(even, hn::PromoteTo(d, hn::LoadU(d_value, value)));
      odd = hn::Add(odd, hn::PromoteTo(d, hn::LoadU(d_value, value + stride)));
    }
    if (p < positions) even = hn::Add(even, hn::PromoteTo(d, hn::LoadU(d_value, value)));
    hn::StoreU(hn::Add(even, odd), d, sums + c);
  }
  for (; c < columns; ++c) {
    int32_t sum = 0;
    for (int32_t p = 0; p < positions; ++p) sum += values[p * stride + c];
    sums[c] = sum;
  }
}

void column_sums_s8(const int8_t* values, int32_t positions, int64_t stride, int32_t columns, int32_t* sums) {
  add_columns(values, positions, stride, columns, sums);
}
void column_sums_s16(const int16_t* values, int32_t positions, int64_t stride, int32_t columns,
                     int32_t* sums) {
  add_columns(values, positions, stride, columns, sums);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace thaw
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thaw {

HWY_EXPORT(flip_bytes);
HWY_EXPORT(widen);
HWY_EXPORT(widen_to_floats);
HWY_EXPORT(quads);
HWY_EXPORT(narrow_pairs);
HWY_EXPORT(wide_pairs);
HWY_EXPORT(floats);
HWY_EXPORT(flat_pairs);
HWY_EXPORT(flat_quads);
HWY_EXPORT(column_sums_s8);
HWY_EXPORT(column_sums_s16);

void flip_bytes(const int8_t* values, int64_t count, uint8_t flip, uint8_t* bytes) {
  HWY_DYNAMIC_DISPATCH(flip_bytes)(values, count, flip, bytes);
}
void widen(const int8_t* values, int64_t count, int32_t zero_point, int16_t* wide) {
  HWY_DYNAMIC_DISPATCH(widen)(values, count, zero_point, wide);
}
void widen(const int8_t* values, int64_t count, int32_t zero_point, float* to) {
  HWY_DYNAMIC_DISPATCH(widen_to_floats)(values, count, zero_point, to);
}
void interleave_quads(std::span<const int8_t* const> rows, uint8_t flip, const InterleavedRows& to) {
  HWY_DYNAMIC_DISPATCH(quads)(rows.data(), rows.size(), flip, to);
}
void interleave_pairs(std::span<const int8_t* const> rows, int32_t zero_point, const InterleavedRows& to) {
  HWY_DYNAMIC_DISPATCH(narrow_pairs)(rows.data(), rows.size(), zero_point, to);
}
void interleave_pairs(std::span<const int16_t* const> rows, const InterleavedRows& to) {
  HWY_DYNAMIC_DISPATCH(wide_pairs)(rows.data(), rows.size(), to);
}
void interleave_floats(std::span<const int8_t* const> rows, int32_t zero_point, const InterleavedRows& to) {
  HWY_DYNAMIC_DISPATCH(floats)(rows.data(), rows.size(), zero_point, to);
}
void interleave_flat(const int16_t* const rows[2], int64_t count, uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(flat_pairs)(rows, count, words);
}
void interleave_flat(const uint8_t* const rows[4], int64_t count, uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(flat_quads)(rows, count, words);
}
void column_sums(const int8_t* values, int32_t positions, int64_t stride, int32_t columns, int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(column_sums_s8)(values, positions, stride, columns, sums);
}
void column_sums(const int16_t* values, int32_t positions, int64_t stride, int32_t columns, int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(column_sums_s16)(values, positions, stride, columns, sums);
}

}  // namespace thaw
#endif
