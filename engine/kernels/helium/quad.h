// Four sums of one channel at four positions, and what becomes of them: rounded, masked, clamped, stored.
// Part of the *_helium.c kernels.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/kernels/fixed_point.h"
#include "engine/kernels/helium/helium.h"

/// Four numbers.
THAW_INSIDE thaw_quad thaw_quad_of(const int32_t values[THAW_LANES]) {
#ifdef THAW_HELIUM
  thaw_quad quad;  // the compiler would go through memory
  __asm__("vmov %q[quad][2], %q[quad][0], %[a], %[c]\n\tvmov %q[quad][3], %q[quad][1], %[b], %[d]"
          : [quad] "=&w"(quad)
          : [a] "r"(values[0]), [b] "r"(values[1]), [c] "r"(values[2]), [d] "r"(values[3]));
#else
  const thaw_quad quad = {{values[0], values[1], values[2], values[3]}};
#endif
  return quad;
}

/// Each plus a number.
THAW_INSIDE thaw_quad thaw_quad_plus(thaw_quad a, int32_t b) {
#ifdef THAW_HELIUM
  return vaddq_n_s32(a, b);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) a.at[k] = (int32_t)((uint32_t)a.at[k] + (uint32_t)b);
  return a;
#endif
}

/// Each limited to low..high.
THAW_INSIDE thaw_quad thaw_quad_clamp(thaw_quad a, int32_t low, int32_t high) {
#ifdef THAW_HELIUM
  return vminq_s32(vmaxq_s32(a, vdupq_n_s32(low)), vdupq_n_s32(high));
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) a.at[k] = thaw_sat32(a.at[k], low, high);
  return a;
#endif
}

/// thaw_mbqm of each, shift <= -1. One rounding multiplication adds -1 where the sum is negative (off by one
/// only where the product rounds to 0, which the shift then hides), so that the shift, which rounds halves
/// up, rounds them away from zero.
THAW_INSIDE thaw_quad thaw_quad_requantize(thaw_quad a, int32_t multiplier, int32_t shift) {
#ifdef THAW_HELIUM
  return vrshlq_n_s32(vqrdmlahq_n_s32(vshrq_n_s32(a, 31), a, multiplier), shift);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) {
    const int32_t sum = a.at[k] < 0 ? -1 : 0;
    const int64_t first = sum + thaw_asr64((int64_t)a.at[k] * multiplier + (INT64_C(1) << 30), 31);
    a.at[k] = (int32_t)thaw_rshu(first, -shift);
  }
  return a;
#endif
}

/// thaw_mbqm of each, shift <= 0.
THAW_INSIDE thaw_quad thaw_quad_rescale(thaw_quad a, int32_t multiplier, int32_t shift) {
#ifdef THAW_HELIUM
  // Without a shift there is no second rounding.
  const thaw_quad sign = vandq_s32(vshrq_n_s32(a, 31), vdupq_n_s32(shift < 0 ? -1 : 0));
  return vrshlq_n_s32(vqrdmlahq_n_s32(sign, a, multiplier), shift);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) a.at[k] = thaw_mbqm(a.at[k], multiplier, shift);
  return a;
#endif
}

/// Stores each, limited to -128..127, as a byte: to[k * step].
THAW_INSIDE void thaw_quad_store_limited(thaw_quad a, int8_t* to, int32_t step) {
#ifdef THAW_HELIUM
  const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)step);
  __asm__("vqmovnb.s32 %q[a], %q[a]\n\tvqmovnb.s16 %q[a], %q[a]" : [a] "+w"(a));
  vstrbq_scatter_offset_s32(to, places, a);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) to[k * step] = (int8_t)thaw_sat32(a.at[k], INT8_MIN, INT8_MAX);
#endif
}

/// Stores each, which is in -128..127, as a byte: to[k * step].
THAW_INSIDE void thaw_quad_store(thaw_quad a, int8_t* to, int32_t step) {
#ifdef THAW_HELIUM
  vstrbq_scatter_offset_s32(to, vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)step), a);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) to[k * step] = (int8_t)a.at[k];
#endif
}

/// Sets `bit` in bytes mask[k * step] where both numbers are equal.
THAW_INSIDE void thaw_quad_mark_equal(thaw_quad a, thaw_quad b, uint8_t* mask, int32_t step, uint32_t bit) {
#ifdef THAW_HELIUM
  const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)step);
  uint32x4_t bytes = vldrbq_gather_offset_u32(mask, places);
  const uint32x4_t bits = vdupq_n_u32(bit);
  __asm__("vpt.i32 eq, %q[a], %q[b]\n\tvorrt %q[bytes], %q[bytes], %q[bits]"
          : [bytes] "+w"(bytes)
          : [a] "w"(a), [b] "w"(b), [bits] "w"(bits));
  vstrbq_scatter_offset_u32(mask, places, bytes);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k)
    if (a.at[k] == b.at[k]) mask[k * step] = (uint8_t)(mask[k * step] | bit);
#endif
}

// ---- elements side by side --------------------------------------------------------------------------------

/// Four bytes at any address.
THAW_INSIDE thaw_quad thaw_quad_bytes(const int8_t* from) {
#ifdef THAW_HELIUM
  return vldrbq_s32(from);
#else
  const thaw_quad quad = {{from[0], from[1], from[2], from[3]}};
  return quad;
#endif
}

/// Stores each, which is in -128..127, as a byte.
THAW_INSIDE void thaw_quad_put_bytes(thaw_quad a, int8_t* to) {
#ifdef THAW_HELIUM
  vstrbq_s32(to, a);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) to[k] = (int8_t)a.at[k];
#endif
}

/// Each times 2^20.
THAW_INSIDE thaw_quad thaw_quad_left_20(thaw_quad a) {
#ifdef THAW_HELIUM
  return vshlq_n_s32(a, 20);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) a.at[k] *= INT32_C(1) << 20;
  return a;
#endif
}

/// Bits 0 .. 3, set where both numbers are equal.
THAW_INSIDE uint32_t thaw_quad_equal_bits(thaw_quad a, thaw_quad b) {
#ifdef THAW_HELIUM
  // A comparison gives four equal bits for each number; one of them goes to bit 12 and so on.
  return ((uint32_t)vcmpeqq_s32(a, b) & 0x1111u) * 0x1248u >> 12 & 15u;
#else
  uint32_t bits = 0;
  for (int32_t k = 0; k < THAW_LANES; ++k) bits |= a.at[k] == b.at[k] ? 1u << k : 0u;
  return bits;
#endif
}

// ---- gradients --------------------------------------------------------------------------------------------

/// The sum of both.
THAW_INSIDE thaw_quad thaw_quad_add(thaw_quad a, thaw_quad b) {
#ifdef THAW_HELIUM
  return vaddq_s32(a, b);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) a.at[k] = (int32_t)((uint32_t)a.at[k] + (uint32_t)b.at[k]);
  return a;
#endif
}

/// thaw_gscale of each. The high word of twice the product, shifted by one more, rounds alike: neither has
/// more bits than the shift drops.
THAW_INSIDE thaw_quad thaw_quad_gscale(thaw_quad a, int32_t mantissa, int32_t shift) {
#ifdef THAW_HELIUM
  return vrshlq_n_s32(vqdmulhq_n_s32(a, mantissa), 31 - shift);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) a.at[k] = thaw_gscale(a.at[k], mantissa, shift);
  return a;
#endif
}

/// Each where bit `bit` (0..7) of byte mask[k * step] is set, otherwise 0.
THAW_INSIDE thaw_quad thaw_quad_where(thaw_quad a, const uint8_t* mask, int32_t step, int32_t bit) {
#ifdef THAW_HELIUM
  const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)step);
  const thaw_quad bytes = vreinterpretq_s32_u32(vldrbq_gather_offset_u32(mask, places));
  return vandq_s32(a, vshrq_n_s32(vshlq_r_s32(bytes, 31 - bit), 31));
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) a.at[k] &= -(int32_t)(mask[k * step] >> bit & 1);
  return a;
#endif
}

/// Bytes from[k * step], times 2^16.
THAW_INSIDE thaw_quad thaw_quad_high_bytes(const int8_t* from, int32_t step) {
#ifdef THAW_HELIUM
  const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)step);
  return vshlq_n_s32(vldrbq_gather_offset_s32(from, places), 16);
#else
  thaw_quad quad;
  for (int32_t k = 0; k < THAW_LANES; ++k) quad.at[k] = from[k * step] * (INT32_C(1) << 16);
  return quad;
#endif
}

/// Words from[k * step].
THAW_INSIDE thaw_quad thaw_quad_words(const int32_t* from, int32_t step) {
  const int32_t values[THAW_LANES] = {from[0], from[step], from[2 * step], from[3 * step]};
  return thaw_quad_of(values);
}

/// The four numbers.
THAW_INSIDE void thaw_quad_get(thaw_quad a, int32_t values[THAW_LANES]) {
#ifdef THAW_HELIUM
  vst1q_s32(values, a);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) values[k] = a.at[k];
#endif
}

/// The largest and the smallest numbers seen, lane by lane.
typedef struct thaw_quad_range {
  thaw_quad most, least;
} thaw_quad_range;

/// The range of a number four times.
THAW_INSIDE thaw_quad_range thaw_quad_range_of(int32_t value) {
  const int32_t values[THAW_LANES] = {value, value, value, value};
  const thaw_quad_range range = {thaw_quad_of(values), thaw_quad_of(values)};
  return range;
}

/// Widens the range by four numbers.
THAW_INSIDE void thaw_quad_widen(thaw_quad_range* range, thaw_quad a) {
#ifdef THAW_HELIUM
  range->most = vmaxq_s32(range->most, a);
  range->least = vminq_s32(range->least, a);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k) {
    if (a.at[k] > range->most.at[k]) range->most.at[k] = a.at[k];
    if (a.at[k] < range->least.at[k]) range->least.at[k] = a.at[k];
  }
#endif
}

/// A number as long as the longest v ^ (v >> 31) of all numbers of the range: what thaw_gradient_finish asks
/// for of the OR of them.
THAW_INSIDE uint32_t thaw_quad_magnitudes(const thaw_quad_range* range) {
  int32_t most[THAW_LANES];
  int32_t least[THAW_LANES];
  thaw_quad_get(range->most, most);
  thaw_quad_get(range->least, least);
  uint32_t magnitudes = 0;
  for (int32_t k = 0; k < THAW_LANES; ++k)
    magnitudes |=
        (uint32_t)(most[k] ^ thaw_asr32(most[k], 31)) | (uint32_t)(least[k] ^ thaw_asr32(least[k], 31));
  return magnitudes;
}
