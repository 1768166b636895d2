// How a channel of a gradient tensor is scaled, masked, saturated and stored, four positions at a time
// (docs/arithmetic.md, section 6). Part of gradient_helium.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"
#include "engine/kernels/gradient.h"
#include "engine/kernels/gradient_pass.h"
#include "engine/kernels/helium/quad.h"

/// What the values of one channel share.
typedef struct thaw_gradient_channel {
  int32_t mantissas[THAW_GRADIENT_SOURCES], shifts[THAW_GRADIENT_SOURCES];  // as thaw_gscale takes them
  int32_t channel, step;  // step: channels, from one position to the next
  int32_t bits;
  bool usual;                // int8, and the mask bits of all positions are at the same place of their bytes
  const uint8_t* mask;       // the channel's byte at the first position, or NULL
  const uint8_t* mask_bits;  // the whole mask, or NULL
  void* values;
} thaw_gradient_channel;

static inline thaw_gradient_channel thaw_gradient_channel_of(const thaw_gradient_target* target,
                                                             const thaw_gradient_pass* pass,
                                                             int32_t channel) {
  thaw_gradient_channel made = {.channel = channel,
                                .step = target->channels,
                                .bits = target->bits,
                                .usual = target->bits == 7 && (!target->mask || target->channels % 8 == 0),
                                .mask = target->mask ? target->mask + channel / 8 : NULL,
                                .mask_bits = target->mask,
                                .values = target->values};
  for (int32_t j = 0; j < pass->source_count; ++j) {
    made.mantissas[j] = thaw_channel_mantissa(&pass->scales[j], channel);
    made.shifts[j] = pass->shifts[j];
  }
  return made;
}

/// Stores scaled values at positions p .. p + 3 of a usual channel.
THAW_INSIDE void thaw_gradient_store_four(const thaw_gradient_channel* channel, thaw_quad values, int32_t p,
                                          thaw_quad_range* range) {
  const int32_t step = channel->step;
  if (channel->mask)
    values = thaw_quad_where(values, channel->mask + p * (step / 8), step / 8, channel->channel % 8);
  thaw_quad_widen(range, values);
  thaw_quad_store_limited(values, (int8_t*)channel->values + p * step + channel->channel, step);
}

/// The same at positions p .. p + count - 1 of any channel.
THAW_APART static void thaw_gradient_store_any(const thaw_gradient_channel* channel, thaw_quad values,
                                               int32_t p, int32_t count, thaw_quad_range* range) {
  int32_t numbers[THAW_LANES];
  thaw_quad_get(values, numbers);
  for (int32_t k = 0; k < count; ++k) {
    const int32_t index = (p + k) * channel->step + channel->channel;
    const int32_t value = thaw_mask_get(channel->mask_bits, index) ? numbers[k] : 0;
    const int32_t four[THAW_LANES] = {value, value, value, value};
    thaw_quad_widen(range, thaw_quad_of(four));
    if (channel->bits == 7)
      ((int8_t*)channel->values)[index] = (int8_t)thaw_ssat(value, 7);
    else
      ((int16_t*)channel->values)[index] = (int16_t)thaw_ssat(value, channel->bits);
  }
}
