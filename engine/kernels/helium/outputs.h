// The output stage of convolutions, four positions of one channel at a time: sums are requantised, clamped
// and stored, and the bits of those that are not clamped are set in the mask (docs/arithmetic.md, section 4).
// Part of the *_helium.c kernels.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/conv2d.h"
#include "engine/kernels/fixed_point.h"
#include "engine/kernels/helium/quad.h"

/// What one output channel's values share.
typedef struct thaw_channel {
  int32_t start;              // bias minus what the zero point adds to every sum
  int32_t multiplier, shift;  // as thaw_mbqm takes them
  int32_t zero_point, low, high;
  int32_t step;    // output channels: from one position to the next
  bool usual;      // shift <= -1, and mask bits of all positions at the same place of their bytes
  bool limited;    // the clamp is that of int8
  uint32_t bit;    // of the mask's bytes
  int8_t* output;  // at the first position
  uint8_t* mask;   // its byte there, or NULL
  int32_t index;   // number of the first output
  uint8_t* bits;   // the whole mask, or NULL
} thaw_channel;

/// Channel `channel` of a convolution whose bias may be NULL; `weight_sum` is the sum of its weights.
THAW_INSIDE thaw_channel thaw_channel_of(const thaw_conv2d* conv, const int32_t* bias,
                                         const int32_t* multipliers, const int8_t* shifts, int32_t channel,
                                         int32_t weight_sum, int8_t* output, uint8_t* mask) {
  const uint32_t start =
      (bias ? (uint32_t)bias[channel] : 0) - (uint32_t)conv->input_zero_point * (uint32_t)weight_sum;
  const thaw_channel made = {(int32_t)start,
                             multipliers[channel],
                             shifts[channel],
                             conv->output_zero_point,
                             conv->clamp_low,
                             conv->clamp_high,
                             conv->output_channels,
                             shifts[channel] <= -1 && (!mask || conv->output_channels % 8 == 0),
                             conv->clamp_low == INT8_MIN && conv->clamp_high == INT8_MAX,
                             1u << (channel % 8),
                             output + channel,
                             mask ? mask + channel / 8 : NULL,
                             channel,
                             mask};
  return made;
}

/// The outputs of any channel at positions p .. p + count - 1.
THAW_APART static void thaw_channel_any(const thaw_channel* channel, const int32_t* sums, int32_t p,
                                        int32_t count) {
  for (int32_t k = 0; k < count; ++k) {
    const int32_t sum = (int32_t)((uint32_t)sums[k] + (uint32_t)channel->start);
    const int32_t value = thaw_mbqm(sum, channel->multiplier, channel->shift) + channel->zero_point;
    const int32_t clamped = thaw_sat32(value, channel->low, channel->high);
    channel->output[(p + k) * channel->step] = (int8_t)clamped;
    if (channel->bits && clamped == value)
      thaw_mask_set(channel->bits, channel->index + (p + k) * channel->step);
  }
}

/// The outputs of a usual channel at four positions from p on. `masked`: there is a mask; `limited` as in the
/// channel. Both are constants where it is called, so that each loop has its own.
THAW_INSIDE void thaw_channel_four(const thaw_channel* channel, bool masked, bool limited,
                                   const int32_t sums[THAW_LANES], int32_t p) {
  const int32_t step = channel->step;
  thaw_quad quad = thaw_quad_plus(thaw_quad_of(sums), channel->start);
  quad = thaw_quad_plus(thaw_quad_requantize(quad, channel->multiplier, channel->shift), channel->zero_point);
  if (!masked && limited) {
    thaw_quad_store_limited(quad, channel->output + p * step, step);
    return;
  }
  const thaw_quad clamped = thaw_quad_clamp(quad, channel->low, channel->high);
  thaw_quad_store(clamped, channel->output + p * step, step);
  if (masked) thaw_quad_mark_equal(quad, clamped, channel->mask + p * (step / 8), step / 8, channel->bit);
}
