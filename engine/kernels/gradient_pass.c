// See gradient_pass.h.
#include "engine/kernels/gradient_pass.h"

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"

void thaw_gradient_begin(thaw_gradient_pass* pass, thaw_gradient_state state, int32_t offset,
                         const int32_t* source_exponents) {
  pass->exponent = state.exponent + offset;
  int32_t smallest = INT32_MAX;
  for (int32_t j = 0; j < pass->source_count; ++j) {
    pass->shifts[j] = 31 - pass->scales[j].exponent + pass->exponent - source_exponents[j];
    if (pass->shifts[j] < smallest) smallest = pass->shifts[j];
  }
  // An exponent too fine for the sources is raised, so that every shift is at least 33.
  const int32_t lack = smallest < 33 ? 33 - smallest : 0;
  pass->exponent += lack;
  for (int32_t j = 0; j < pass->source_count; ++j)
    pass->shifts[j] = thaw_sat32(pass->shifts[j] + lack, 33, 62);
}

// Value of channel c at element `index` before saturation.
static int32_t scaled_sum(const thaw_gradient_pass* pass, const int32_t* const rows[THAW_GRADIENT_SOURCES],
                          int32_t index, int32_t c) {
  if (!thaw_mask_get(pass->mask, index)) return 0;
  int32_t sum = 0;
  for (int32_t j = 0; j < pass->source_count; ++j)
    sum += thaw_gscale(rows[j][c], thaw_channel_mantissa(&pass->scales[j], c), pass->shifts[j]);
  return sum;
}

// Bits that tell how long v is: v for v >= 0, -v - 1 below.
static uint32_t magnitude(int32_t v) {
  return (uint32_t)(v ^ thaw_asr32(v, 31));
}

uint32_t thaw_gradient_row_s8(const thaw_gradient_pass* pass,
                              const int32_t* const rows[THAW_GRADIENT_SOURCES], int32_t position,
                              int8_t* values) {
  uint32_t magnitudes = 0;
  for (int32_t c = 0; c < pass->channels; ++c) {
    const int32_t index = position * pass->channels + c;
    const int32_t v = scaled_sum(pass, rows, index, c);
    magnitudes |= magnitude(v);
    values[index] = (int8_t)thaw_ssat(v, pass->bits);
  }
  return magnitudes;
}

uint32_t thaw_gradient_row_s16(const thaw_gradient_pass* pass,
                               const int32_t* const rows[THAW_GRADIENT_SOURCES], int32_t position,
                               int16_t* values) {
  uint32_t magnitudes = 0;
  for (int32_t c = 0; c < pass->channels; ++c) {
    const int32_t index = position * pass->channels + c;
    const int32_t v = scaled_sum(pass, rows, index, c);
    magnitudes |= magnitude(v);
    values[index] = (int16_t)thaw_ssat(v, pass->bits);
  }
  return magnitudes;
}

uint32_t thaw_gradient_element(const thaw_gradient_pass* pass, int32_t sum, int32_t index, int32_t channel,
                               void* values) {
  int32_t v = 0;
  if (thaw_mask_get(pass->mask, index))
    v = thaw_gscale(sum, thaw_channel_mantissa(&pass->scales[0], channel), pass->shifts[0]);
  if (pass->bits == 7)
    ((int8_t*)values)[index] = (int8_t)thaw_ssat(v, pass->bits);
  else
    ((int16_t*)values)[index] = (int16_t)thaw_ssat(v, pass->bits);
  return magnitude(v);
}

thaw_gradient_state thaw_gradient_finish(thaw_gradient_state state, uint32_t magnitudes, int32_t bits,
                                         int32_t used) {
  const int32_t length = thaw_bit_length(magnitudes);
  int32_t exponent = state.exponent;
  int32_t quiet = length <= bits - THAW_GRADIENT_HEADROOM ? state.quiet_steps + 1 : 0;
  if (length > bits) {
    exponent = used + length - bits;
  } else if (quiet == THAW_GRADIENT_PATIENCE) {
    exponent = used - 1;
    quiet = 0;
  }
  const thaw_gradient_state next = {(int8_t)thaw_sat32(exponent, INT8_MIN, INT8_MAX), (uint8_t)quiet};
  return next;
}
