// The output stage of a convolution for one channel: TFLite's two roundings, the zero point and the clamp in
// about eight instructions where the shift allows it.
#pragma once

#include <stdint.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/conv2d.h"
#include "engine/kernels/dsp/dsp.h"
#include "engine/kernels/fixed_point.h"

/// What one channel's outputs share.
typedef struct thaw_requantizer {
  int32_t multiplier, shift;  // as thaw_mbqm takes them
  int32_t zero_point;
} thaw_requantizer;

/// High word of sum * multiplier + 2^30 - n * 2^31, n = 1 where sum < 0.
static inline int32_t thaw_requantize_high(int32_t sum, int32_t multiplier) {
  int32_t high = thaw_asr32(sum, 31);
#ifdef THAW_DSP_INSTRUCTION
  uint32_t low;
  __asm__("eor %0, %1, %2, lsl #31" : "=r"(low) : "r"(UINT32_C(0x40000000)), "r"(high));
  __asm__("smlal %0, %1, %2, %3" : "+r"(low), "+r"(high) : "r"(sum), "r"(multiplier));
  return high;
#else
  const uint32_t low = UINT32_C(0x40000000) ^ ((uint32_t)high << 31);
  const int64_t start = (int64_t)((uint64_t)(uint32_t)high << 32 | low);
  return (int32_t)thaw_asr64(start + (int64_t)sum * multiplier, 32);
#endif
}

/// Twice (thaw_mbqm(sum, multiplier, shift) + zero point), plus 0 or 1, for shift <= -2 and any int32 sum.
/// Both roundings come out of one 64-bit number: floor((sum * multiplier + 2^30 - n 2^31) / 2^31), n = 1
/// where sum < 0, is the first rounding minus n (off by one only where that rounding gives 0, which the
/// second then hides), and (floor(that / 2^(-shift - 1)) + 1) / 2 rounds it with halves away from zero.
static inline int32_t thaw_requantize_twice(thaw_requantizer r, int32_t sum) {
  return thaw_asr32(thaw_requantize_high(sum, r.multiplier), -2 - r.shift) + (2 * r.zero_point + 1);
}

/// thaw_mbqm(sum, multiplier, shift) + zero point, for any shift.
static inline int32_t thaw_requantized(thaw_requantizer r, int32_t sum) {
  return r.shift <= -2 ? thaw_asr32(thaw_requantize_twice(r, sum), 1)
                       : thaw_mbqm(sum, r.multiplier, r.shift) + r.zero_point;
}

/// Whether outputs need no other clamp than that of int8.
static inline bool thaw_requantize_is_plain(const thaw_conv2d* conv) {
  return conv->clamp_low == INT8_MIN && conv->clamp_high == INT8_MAX;
}

/// A requantizer with shift <= -2 as loops over channels read it.
typedef struct thaw_requantizer_stage {
  int32_t multiplier;
  int32_t right;  // -2 - shift
} thaw_requantizer_stage;

/// thaw_requantize_twice with a stage; `offset` = twice the zero point + 1.
static inline int32_t thaw_requantize_right(thaw_requantizer_stage stage, int32_t sum, int32_t offset) {
  return thaw_asr32(thaw_requantize_high(sum, stage.multiplier), stage.right) + offset;
}

/// Stores the outputs of one channel at four positions, `stride` bytes apart, clamped to int8; shift <= -2.
/// `offset` = twice the zero point + 1.
static inline void thaw_requantize_plain(int32_t multiplier, int32_t shift, int32_t offset,
                                         const uint32_t sums[4], int32_t stride, int8_t* output) {
#ifdef THAW_DSP_INSTRUCTION
#define THAW_REQUANTIZE_POSITION(sum, place)  \
  "asr %[high], %[" sum                       \
  "], #31\n\t"                                \
  "eor %[low], %[half], %[high], lsl #31\n\t" \
  "smlal %[low], %[high], %[" sum             \
  "], %[multiplier]\n\t"                      \
  "asr %[high], %[high], %[right]\n\t"        \
  "add %[high], %[high], %[offset]\n\t"       \
  "ssat %[high], #8, %[high], asr #1\n\t"     \
  "strb %[high], " place "\n\t"
  uint32_t low;
  int32_t high;
  int32_t right = shift;
  __asm__ volatile(
      "rsb %[right], %[right], #254\n\t"  // a shift by a register takes its low byte
      THAW_REQUANTIZE_POSITION("a", "[%[output]]") THAW_REQUANTIZE_POSITION(
          "b",
          "[%[output], %[stride]]") "add %[output], %[output], %[stride], lsl "
                                    "#1\n\t" THAW_REQUANTIZE_POSITION("c", "[%[output]]")
                                        THAW_REQUANTIZE_POSITION("d", "[%[output], %[stride]]")
      : [output] "+r"(output), [low] "=&r"(low), [high] "=&r"(high), [right] "+r"(right)
      : [a] "r"(sums[0]), [b] "r"(sums[1]), [c] "r"(sums[2]), [d] "r"(sums[3]), [multiplier] "r"(multiplier),
        [offset] "r"(offset), [half] "r"(UINT32_C(0x40000000)), [stride] "r"(stride)
      : "memory");
#undef THAW_REQUANTIZE_POSITION
#else
  const thaw_requantizer_stage stage = {multiplier, -2 - shift};
  for (int32_t p = 0; p < 4; ++p, output += stride)
    *output = (int8_t)thaw_ssat8_half(thaw_requantize_right(stage, (int32_t)sums[p], offset));
#endif
}

/// The same; ORs `bit` into byte p of `bits` where position p is not clamped, and returns them.
static inline uint32_t thaw_requantize_masked(int32_t multiplier, int32_t shift, int32_t offset,
                                              const uint32_t sums[4], int32_t stride, int8_t* output,
                                              uint32_t bits, uint32_t bit) {
#ifdef THAW_DSP_INSTRUCTION
#define THAW_REQUANTIZE_POSITION(sum, place, byte) \
  "asr %[high], %[" sum                            \
  "], #31\n\t"                                     \
  "lsl %[low], %[high], #31\n\t"                   \
  "eor %[low], %[low], #0x40000000\n\t"            \
  "smlal %[low], %[high], %[" sum                  \
  "], %[multiplier]\n\t"                           \
  "asr %[high], %[high], %[right]\n\t"             \
  "add %[high], %[high], %[offset]\n\t"            \
  "ssat %[low], #8, %[high], asr #1\n\t"           \
  "strb %[low], " place                            \
  "\n\t"                                           \
  "cmp %[low], %[high], asr #1\n\t"                \
  "it eq\n\t"                                      \
  "orreq %[bits], %[bits], %[bit], lsl #" byte "\n\t"
  uint32_t low;
  int32_t high;
  int32_t right = shift;
  __asm__ volatile(
      "rsb %[right], %[right], #254\n\t"  // a shift by a register takes its low byte
      THAW_REQUANTIZE_POSITION("a", "[%[output]]", "0") THAW_REQUANTIZE_POSITION(
          "b", "[%[output], %[stride]]",
          "8") "add %[output], %[output], %[stride], lsl #1\n\t" THAW_REQUANTIZE_POSITION("c", "[%[output]]",
                                                                                          "16")
          THAW_REQUANTIZE_POSITION("d", "[%[output], %[stride]]", "24")
      : [output] "+r"(output), [low] "=&r"(low), [high] "=&r"(high), [right] "+r"(right), [bits] "+r"(bits)
      : [a] "r"(sums[0]), [b] "r"(sums[1]), [c] "r"(sums[2]), [d] "r"(sums[3]), [multiplier] "r"(multiplier),
        [offset] "r"(offset), [stride] "r"(stride), [bit] "r"(bit)
      : "memory", "cc");
#undef THAW_REQUANTIZE_POSITION
#else
  const thaw_requantizer_stage stage = {multiplier, -2 - shift};
  for (int32_t p = 0; p < 4; ++p, output += stride, bit <<= 8) {
    const int32_t twice = thaw_requantize_right(stage, (int32_t)sums[p], offset);
    const int32_t clamped = thaw_ssat8_half(twice);
    *output = (int8_t)clamped;
    if (clamped == thaw_asr32(twice, 1)) bits |= bit;
  }
#endif
  return bits;
}

/// Outputs of one channel at 1 to 4 positions: requantises and clamps the sums and stores output[p * stride];
/// mask (or NULL) gets the bits `index` + p * stride of those that are not clamped.
THAW_NOINLINE static void thaw_requantize_positions(const thaw_conv2d* conv, const thaw_requantizer* r,
                                                    const uint32_t sums[4], int32_t count, int32_t stride,
                                                    int8_t* output, uint8_t* mask, int32_t index) {
  const int32_t low = conv->clamp_low;
  const int32_t high = conv->clamp_high;
  if (mask && stride % 8 == 0 && r->shift <= -2) {
    // The bits of one channel are in the same place of their bytes.
    const uint32_t bit = 1u << (index % 8);
    mask += index / 8;
    for (int32_t p = 0; p < count; ++p, output += stride, mask += stride / 8) {
      const int32_t value = thaw_asr32(thaw_requantize_twice(*r, (int32_t)sums[p]), 1);
      const int32_t clamped = thaw_sat32(value, low, high);
      *output = (int8_t)clamped;
      if (clamped == value) *mask = (uint8_t)(*mask | bit);
    }
    return;
  }
  for (int32_t p = 0; p < count; ++p, output += stride, index += stride) {
    const int32_t value = thaw_requantized(*r, (int32_t)sums[p]);
    const int32_t clamped = thaw_sat32(value, low, high);
    *output = (int8_t)clamped;
    if (mask && clamped == value) thaw_mask_set(mask, index);
  }
}

/// thaw_requantize_right with the stage at *stage, which moves on.
static inline int32_t thaw_requantize_next(const thaw_requantizer_stage** stage, int32_t sum,
                                           int32_t offset) {
#ifdef THAW_DSP_INSTRUCTION
  uint32_t low;
  int32_t high, multiplier, right;
  __asm__(
      "ldrd %[multiplier], %[right], [%[stage]], #8\n\t"
      "asr %[high], %[sum], #31\n\t"
      "eor %[low], %[half], %[high], lsl #31\n\t"
      "smlal %[low], %[high], %[sum], %[multiplier]\n\t"
      "asr %[high], %[high], %[right]"
      : [stage] "+r"(*stage), [low] "=&r"(low), [high] "=&r"(high), [multiplier] "=&r"(multiplier),
        [right] "=&r"(right)
      : [sum] "r"(sum), [half] "r"(UINT32_C(0x40000000))
      : "memory");
#else
  const int32_t high = thaw_asr32(thaw_requantize_high(sum, (*stage)->multiplier), (*stage)->right);
  ++*stage;
#endif
  return high + offset;
}

/// Stores four channels of one position, clamped to int8.
static inline void thaw_requantize_channels(const thaw_requantizer_stage stages[4], int32_t offset,
                                            const uint32_t sums[4], int8_t* output) {
  for (int32_t k = 0; k < 4; ++k)
    output[k] = (int8_t)thaw_ssat8_half(thaw_requantize_next(&stages, (int32_t)sums[k], offset));
}

/// The same; returns bits 0 .. 3 for those that are not clamped.
static inline uint32_t thaw_requantize_channels_masked(const thaw_requantizer_stage stages[4], int32_t offset,
                                                       const uint32_t sums[4], int8_t* output) {
  uint32_t bits = 0;
  for (int32_t k = 0; k < 4; ++k) {
    const int32_t twice = thaw_requantize_next(&stages, (int32_t)sums[k], offset);
    const int32_t clamped = thaw_ssat8_half(twice);
    output[k] = (int8_t)clamped;
    if (clamped == thaw_asr32(twice, 1)) bits |= 1u << k;
  }
  return bits;
}
