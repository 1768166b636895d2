// See update.h. The gradients of four channels are added up at a time.
#include "engine/kernels/hot.h"

#include "engine/kernels/helium/quad.h"
#include "engine/kernels/random.h"
#include "engine/kernels/update.h"
#include "engine/kernels/update_rule.h"

// Sums of channels c .. c + count - 1.
static void sum_any(thaw_gradient_values gradient, int32_t positions, int32_t channels, int32_t c,
                    int32_t count, int32_t sums[THAW_LANES]) {
  for (int32_t k = 0; k < count; ++k) {
    sums[k] = 0;
    for (int32_t p = 0; p < positions; ++p) sums[k] += thaw_gradient_at(gradient, p * channels + c + k);
  }
}

// Sums of four channels of int8.
static void sum_four(const int8_t* values, int32_t positions, int32_t channels, int32_t sums[THAW_LANES]) {
  const int32_t zeros[THAW_LANES] = {0, 0, 0, 0};
  thaw_quad total = thaw_quad_of(zeros);
  for (; positions > 0; --positions, values += channels)
    total = thaw_quad_add(total, thaw_quad_bytes(values));
  thaw_quad_get(total, sums);
}

void thaw_update_biases(const thaw_update* update, int32_t positions, int32_t channels, int32_t limit,
                        int32_t* biases) {
  const uint32_t stream = thaw_bias_stream(update->convolution);
  const uint32_t key = thaw_key(update->step.seed, stream, update->step.step);
  const int32_t shift = thaw_update_shift(&update->scale, update->gradient_exponent, &update->step);
  for (int32_t c = 0; c < channels; c += THAW_LANES) {
    const int32_t count = channels - c < THAW_LANES ? channels - c : THAW_LANES;
    int32_t sums[THAW_LANES];
    if (count == THAW_LANES && !update->gradient.is_16)
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
