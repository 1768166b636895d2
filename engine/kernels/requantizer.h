// The output stage of a convolution for one channel: TFLite's two roundings, the zero point and the clamp in
// about eight instructions where the shift allows it.
#pragma once

#include <stdint.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/conv2d.h"
#include "engine/kernels/dsp.h"
#include "engine/kernels/fixed_point.h"

/// What one channel's outputs share.
typedef struct thaw_requantizer {
  int32_t multiplier, shift;  // as thaw_mbqm takes them
  int32_t zero_point;
} thaw_requantizer;

/// thaw_mbqm(sum, multiplier, shift) + zero point, for shift <= -2 and any int32 sum. Both roundings come out
/// of one 64-bit number: with n = 1 where sum < 0, floor((sum * multiplier + 2^30 - n 2^31) / 2^31) is the
/// first rounding minus n (off by one only where that rounding gives 0, which the second then hides), and
/// (floor(that / 2^(-shift - 1)) + 1) / 2 rounds it with halves away from zero.
static inline int32_t thaw_requantize_right(thaw_requantizer r, int32_t sum) {
  const int32_t sign = thaw_asr32(sum, 31);
  const uint32_t low = UINT32_C(0x40000000) ^ ((uint32_t)sign << 31);
  const int64_t start = (int64_t)((uint64_t)(uint32_t)sign << 32 | low);
  const int32_t high = (int32_t)thaw_asr64(start + (int64_t)sum * r.multiplier, 32);
  return thaw_asr32(thaw_asr32(high, -r.shift - 2) + (2 * r.zero_point + 1), 1);
}

/// The same for any shift.
static inline int32_t thaw_requantize_any(thaw_requantizer r, int32_t sum) {
  return r.shift <= -2 ? thaw_requantize_right(r, sum)
                       : thaw_mbqm(sum, r.multiplier, r.shift) + r.zero_point;
}

/// Whether outputs need neither a mask nor another clamp than that of int8, so that
/// thaw_requantize_plain does for channels whose shift is at most -2.
static inline bool thaw_requantize_is_plain(const thaw_conv2d* conv, const uint8_t* mask) {
  return !mask && conv->clamp_low == INT8_MIN && conv->clamp_high == INT8_MAX;
}

/// Stores the outputs of one channel at four positions, `stride` bytes apart.
static inline void thaw_requantize_plain(thaw_requantizer r, const uint32_t sums[4], int32_t stride,
                                         int8_t* output) {
  for (int32_t p = 0; p < 4; ++p, output += stride)
    *output = (int8_t)thaw_ssat8(thaw_requantize_right(r, (int32_t)sums[p]));
}

/// Outputs of one channel at 1 to 4 positions: requantises and clamps the sums and stores output[p * stride];
/// mask (or NULL) gets the bits `index` + p * stride of those that are not clamped.
static inline void thaw_requantize_positions(const thaw_conv2d* conv, thaw_requantizer r,
                                             const uint32_t sums[4], int32_t count, int32_t stride,
                                             int8_t* output, uint8_t* mask, int32_t index) {
  for (int32_t p = 0; p < count; ++p, output += stride, index += stride) {
    const int32_t value = thaw_requantize_any(r, (int32_t)sums[p]);
    const int32_t clamped = thaw_sat32(value, conv->clamp_low, conv->clamp_high);
    *output = (int8_t)clamped;
    if (mask && clamped == value) thaw_mask_set(mask, index);
  }
}
