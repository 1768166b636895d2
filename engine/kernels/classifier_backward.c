// See classifier_backward.h.
#include "engine/kernels/classifier_backward.h"

#include "engine/kernels/fixed_point.h"
#include "engine/kernels/random.h"
#include "engine/kernels/update_rule.h"

int32_t thaw_classifier_feature_gradient(const thaw_classifier* classifier, const int32_t* errors,
                                         int32_t error_exponent, const int16_t* weights, int32_t* gradient) {
  const int32_t class_bits = thaw_bit_length((uint32_t)classifier->classes);
  const int32_t shift = class_bits > 4 ? class_bits : 4;
  for (int32_t i = 0; i < classifier->features; ++i) {
    int64_t sum = 0;
    for (int32_t c = 0; c < classifier->classes; ++c)
      sum += (int64_t)errors[c] * weights[c * classifier->features + i];
    gradient[i] = (int32_t)thaw_rshu(sum, shift);
  }
  return error_exponent - 12 + shift;
}

void thaw_classifier_drop_clamped(const thaw_classifier* classifier, const int8_t* features, int32_t lowest,
                                  int32_t highest, int32_t* gradient) {
  for (int32_t i = 0; i < classifier->features; ++i)
    if (features[i] < lowest || features[i] > highest) gradient[i] = 0;
}

// p * 2^-shift rounded down, also for negative shifts; a result beyond 2^62 stays there, far outside any
// limit.
static int64_t shifted(int64_t p, int32_t shift) {
  if (shift >= 0) return thaw_asr64(p, thaw_sat32(shift, 0, 62));
  const int32_t left = thaw_sat32(-shift, 1, 62);
  const int64_t most = INT64_C(1) << (62 - left);
  return thaw_sat64(p, -most, most) * (INT64_C(1) << left);
}

void thaw_classifier_update(const thaw_classifier* classifier, const int8_t* pooled, const int32_t* errors,
                            int32_t error_exponent, const thaw_channel_scale* weight_scale,
                            const thaw_channel_scale* bias_scale, const thaw_training_step* step,
                            int16_t* weights, int32_t* biases) {
  const uint32_t weight_key = thaw_key(step->seed, THAW_STREAM_CLASSIFIER_WEIGHTS, step->step);
  const uint32_t bias_key = thaw_key(step->seed, THAW_STREAM_CLASSIFIER_BIASES, step->step);
  const int32_t weight_multiplier = thaw_update_multiplier(weight_scale, 0, step);
  const int32_t bias_multiplier = thaw_update_multiplier(bias_scale, 0, step);
  const int32_t weight_shift = thaw_sat32(thaw_update_shift(weight_scale, error_exponent, step), 0, 62);
  const int32_t bias_shift = thaw_update_shift(bias_scale, error_exponent, step);
  for (int32_t c = 0; c < classifier->classes; ++c) {
    for (int32_t i = 0; weights && i < classifier->features; ++i) {
      const int32_t index = c * classifier->features + i;
      const int32_t slope = errors[c] * (pooled[i] - classifier->feature_zero_point);
      const int64_t amount = thaw_asr64((int64_t)slope * weight_multiplier, weight_shift);
      const int64_t change = thaw_asr64(amount + thaw_r16(weight_key, (uint32_t)index), 16);
      weights[index] = (int16_t)thaw_sat64(weights[index] - change, -32767, 32767);
    }
    if (!biases) continue;
    const int64_t amount = shifted((int64_t)errors[c] * bias_multiplier, bias_shift);
    const int64_t change = thaw_asr64(amount + thaw_r16(bias_key, (uint32_t)c), 16);
    biases[c] = (int32_t)thaw_sat64(biases[c] - change, -INT32_MAX, INT32_MAX);
  }
}
