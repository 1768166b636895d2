// See update.h.
#include "engine/kernels/random.h"
#include "engine/kernels/update.h"
#include "engine/kernels/update_rule.h"

// Sum of the gradients of channel c.
static int32_t sum_over(thaw_gradient_values gradient, int32_t positions, int32_t channels, int32_t c) {
  int32_t sum = 0;
  if (gradient.is_16) {
    const int16_t* values = (const int16_t*)gradient.values + c;
    for (int32_t p = 0; p < positions; ++p) sum += values[p * channels];
  } else {
    const int8_t* values = (const int8_t*)gradient.values + c;
    for (int32_t p = 0; p < positions; ++p) sum += values[p * channels];
  }
  return sum;
}

void thaw_update_biases(const thaw_update* update, int32_t positions, int32_t channels, int32_t limit,
                        int32_t* biases) {
  const uint32_t stream = thaw_bias_stream(update->convolution);
  const uint32_t key = thaw_key(update->step.seed, stream, update->step.step);
  const int32_t shift = thaw_update_shift(&update->scale, update->gradient_exponent, &update->step);
  for (int32_t c = 0; c < channels; ++c) {
    const int32_t sum = sum_over(update->gradient, positions, channels, c);
    const int32_t multiplier = thaw_update_multiplier(&update->scale, c, &update->step);
    biases[c] = thaw_update_bias(biases[c], sum, multiplier, shift, thaw_r16(key, (uint32_t)c), limit);
  }
}
