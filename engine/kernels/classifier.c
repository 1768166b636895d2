// See classifier.h.
#include "engine/kernels/classifier.h"

#include "engine/kernels/fixed_point.h"
#include "engine/kernels/random.h"

void thaw_classifier_start(const thaw_classifier* classifier, uint32_t seed, int32_t bound, int16_t* weights,
                           int32_t* biases) {
  const uint32_t key = thaw_key(seed, THAW_STREAM_CLASSIFIER_START, 0);
  for (int32_t i = 0; i < classifier->classes * classifier->features; ++i) {
    const int32_t uniform = (int32_t)(thaw_word(key, (uint32_t)i) >> 16) - 32768;
    weights[i] = (int16_t)thaw_rshu((int64_t)uniform * bound, 15);
  }
  for (int32_t c = 0; c < classifier->classes; ++c) biases[c] = 0;
}

void thaw_classifier_s16(const thaw_classifier* classifier, const int8_t* pooled, const int16_t* weights,
                         const int32_t* biases, int32_t* logits) {
  for (int32_t c = 0; c < classifier->classes; ++c) {
    int64_t sum = biases[c];
    for (int32_t i = 0; i < classifier->features; ++i)
      sum += *weights++ * (pooled[i] - classifier->feature_zero_point);
    logits[c] = thaw_sat_to_32(sum);
  }
}
