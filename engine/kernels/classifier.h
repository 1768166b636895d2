// The trained last layer: int16 weights over the pooled features, in unit 2^-12, and int32 biases
// (docs/arithmetic.md, section 5).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Shape and feature quantisation.
typedef struct thaw_classifier {
  int32_t classes;   // 2..255
  int32_t features;  // n_f
  int32_t feature_zero_point;
} thaw_classifier;

/// Start values: weights [classes][features] uniform in about -bound..bound, bound = round(4096 /
/// sqrt(features)); biases [classes] 0.
void thaw_classifier_start(const thaw_classifier* classifier, uint32_t seed, int32_t bound, int16_t* weights,
                           int32_t* biases);

/// logits[c] = sum of weight * (pooled - zero point) + bias, exact in int64, then saturated to int32. pooled
/// [features].
void thaw_classifier_s16(const thaw_classifier* classifier, const int8_t* pooled, const int16_t* weights,
                         const int32_t* biases, int32_t* logits);

#ifdef __cplusplus
}
#endif
