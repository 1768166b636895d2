// How the weights of a convolution move by sums of gradients, four trained channels of one output channel at
// a time: what update_conv2d_weights has in common for DSP instructions and for Helium.
#pragma once

#include <stdint.h>

#include "engine/kernels/conv2d.h"
#include "engine/kernels/random.h"
#include "engine/kernels/trained_weight.h"
#include "engine/kernels/update.h"
#include "engine/kernels/update_rule.h"

enum { THAW_STEP_WEIGHTS = 4 };

/// Keeps a function out of its callers, whose loops then have the registers for themselves.
#ifdef __GNUC__
#define THAW_STEP_APART __attribute__((noinline, unused))
#else
#define THAW_STEP_APART
#endif

/// What the updates of one layer share.
typedef struct thaw_layer_update {
  const thaw_conv2d* conv;
  const thaw_update* update;
  thaw_saved_input input;
  const thaw_trained_weights* trained;
  int32_t shift;
  uint32_t key;
} thaw_layer_update;

/// Of an update as thaw_update_conv2d_weights is called for it.
static inline thaw_layer_update thaw_layer_update_of(const thaw_conv2d* conv, const thaw_update* update,
                                                     thaw_saved_input input,
                                                     const thaw_trained_weights* trained) {
  const uint32_t stream = thaw_weight_stream(update->convolution);
  const thaw_layer_update layer = {
      conv,
      update,
      input,
      trained,
      thaw_update_shift(&update->scale, update->gradient_exponent, &update->step),
      thaw_key(update->step.seed, stream, update->step.step)};
  return layer;
}

// Update of a weight (thaw_update_amount); from a shift of 32 on the high word of the product is enough.
static inline int32_t thaw_step_amount(const thaw_layer_update* layer, uint32_t sum, int32_t multiplier) {
  if (layer->shift < 32 || layer->shift > 62)
    return thaw_update_amount((int32_t)sum, multiplier, layer->shift);
  return thaw_asr32((int32_t)thaw_asr64((int64_t)(int32_t)sum * multiplier, 32), layer->shift - 32);
}

// thaw_weight_step for the weights `index`, which is even, and index + 1, four fraction bits each: they share
// a random word and a byte of fraction bits. Most do not change, and most of those need no look at their
// value: only an initial -128 lies outside the limits.
static inline void thaw_step_pair(const thaw_layer_update* layer, int32_t index, const uint32_t sums[2],
                                  int32_t multiplier) {
  const uint32_t word = thaw_word(layer->key, (uint32_t)index / 2);
  const int32_t amounts[2] = {thaw_step_amount(layer, sums[0], multiplier),
                              thaw_step_amount(layer, sums[1], multiplier)};
  const int32_t randoms[2] = {(int32_t)(word & 0xFFFFu), (int32_t)(word >> 16)};
  const int8_t* high = layer->trained->high + index;
  if (thaw_asr32(amounts[0] + thaw_asr32(randoms[0], 4), 12) == 0 &&
      thaw_asr32(amounts[1] + thaw_asr32(randoms[1], 4), 12) == 0 && high[0] != INT8_MIN &&
      high[1] != INT8_MIN)
    return;
  for (int32_t k = 0; k < 2; ++k) {
    const int32_t fixed =
        thaw_update_fixed(thaw_weight_read(layer->trained, index + k), amounts[k], randoms[k], 4);
    thaw_weight_write(layer->trained, index + k, fixed);
  }
}

/// Moves the weights of output channel o and ranks first .. first + count - 1.
THAW_STEP_APART static void thaw_step_weights(const thaw_layer_update* layer, int32_t o, int32_t first,
                                              int32_t count, const uint32_t sums[THAW_STEP_WEIGHTS]) {
  const int32_t multiplier = thaw_update_multiplier(&layer->update->scale, o, &layer->update->step);
  const int32_t index = o * layer->trained->count + first;
  if (layer->trained->fraction_bits == 4 && index % 2 == 0 && count == THAW_STEP_WEIGHTS) {
    thaw_step_pair(layer, index, sums, multiplier);
    thaw_step_pair(layer, index + 2, sums + 2, multiplier);
    return;
  }
  for (int32_t k = 0; k < count; ++k)
    thaw_weight_step(layer->trained, index + k, (int32_t)sums[k], multiplier, layer->shift, layer->key);
}

/// Moves the weights of tap `tap` alone, those of output channel o and ranks first .. first + count - 1.
THAW_STEP_APART static void thaw_step_tap(const thaw_layer_update* layer, int32_t o, int32_t first,
                                          int32_t count, int32_t tap,
                                          const uint32_t sums[THAW_STEP_WEIGHTS]) {
  const int32_t multiplier = thaw_update_multiplier(&layer->update->scale, o, &layer->update->step);
  const int32_t taps = thaw_conv2d_taps(layer->conv);
  int32_t index = (o * layer->trained->count + first) * taps + tap;
  for (int32_t k = 0; k < count; ++k, index += taps)
    thaw_weight_step(layer->trained, index, (int32_t)sums[k], multiplier, layer->shift, layer->key);
}
