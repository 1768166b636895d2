// See update.h. The gradients of four channels are added up at a time.
#include "engine/kernels/hot.h"

#include "engine/kernels/dsp/dsp.h"
#include "engine/kernels/random.h"
#include "engine/kernels/update.h"
#include "engine/kernels/update_rule.h"

enum { CHANNELS = 4 };

// Sums of channels c .. c + count - 1.
static void sum_any(thaw_gradient_values gradient, int32_t positions, int32_t channels, int32_t c,
                    int32_t count, int32_t sums[CHANNELS]) {
  for (int32_t k = 0; k < count; ++k) {
    sums[k] = 0;
    for (int32_t p = 0; p < positions; ++p) sums[k] += thaw_gradient_at(gradient, p * channels + c + k);
  }
}

// Sums of four channels of int8. Two sums lie in the halves of a word as long as they cannot overflow.
static void sum_four(const int8_t* values, int32_t positions, int32_t channels, int32_t sums[CHANNELS]) {
  enum { MOST = INT16_MAX / 128 };
  for (int32_t k = 0; k < CHANNELS; ++k) sums[k] = 0;
  while (positions > 0) {
    const int32_t some = positions < MOST ? positions : MOST;
    uint32_t even = 0;
    uint32_t odd = 0;
    for (const int8_t* end = values + some * channels; values != end; values += channels) {
      const uint32_t word = thaw_load_word(values);
      even = thaw_sxtab16(even, word);
      odd = thaw_sxtab16_odd(odd, word);
    }
    sums[0] += (int16_t)(even & 0xFFFFu);
    sums[1] += (int16_t)(odd & 0xFFFFu);
    sums[2] += (int16_t)(even >> 16);
    sums[3] += (int16_t)(odd >> 16);
    positions -= some;
  }
}

void thaw_update_biases(const thaw_update* update, int32_t positions, int32_t channels, int32_t limit,
                        int32_t* biases) {
  const uint32_t stream = thaw_bias_stream(update->convolution);
  const uint32_t key = thaw_key(update->step.seed, stream, update->step.step);
  const int32_t shift = thaw_update_shift(&update->scale, update->gradient_exponent, &update->step);
  for (int32_t c = 0; c < channels; c += CHANNELS) {
    const int32_t count = channels - c < CHANNELS ? channels - c : CHANNELS;
    int32_t sums[CHANNELS];
    if (count == CHANNELS && !update->gradient.is_16)
      sum_four((const int8_t*)update->gradient.values + c, positions, channels, sums);
    else
      sum_any(update->gradient, positions, channels, c, count, sums);
    for (int32_t k = 0; k < count; ++k) {
      const int32_t multiplier = thaw_update_multiplier(&update->scale, c + k, &update->step);
      biases[c + k] = thaw_update_bias(biases[c + k], sums[k], multiplier, shift,
                                       thaw_r16(key, (uint32_t)(c + k)), limit);
    }
  }
}
