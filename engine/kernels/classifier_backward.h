// Backward pass of the classifier: gradient of the features and the plain SGD step of weights and biases with
// stochastic rounding (docs/arithmetic.md, sections 5 and 8). The feature gradient comes first: it needs the
// weights before the update.
#pragma once

#include <stdint.h>

#include "engine/kernels/channel_scale.h"
#include "engine/kernels/classifier.h"
#include "engine/kernels/training_step.h"

#ifdef __cplusplus
extern "C" {
#endif

/// gradient[i] = rshu(sum over classes of error * weight, h), gradient [features], |gradient| <= 2^30;
/// returns its exponent error_exponent - 12 + h. errors and error_exponent are those of thaw_softmax_loss.
int32_t thaw_classifier_feature_gradient(const thaw_classifier* classifier, const int32_t* errors,
                                         int32_t error_exponent, const int16_t* weights, int32_t* gradient);

/// gradient[i] = 0 where feature i lies outside lowest..highest: there its average may have been clamped.
void thaw_classifier_drop_clamped(const thaw_classifier* classifier, const int8_t* features, int32_t lowest,
                                  int32_t highest, int32_t* gradient);

/// Updates weights [classes][features] and biases [classes]; either may be NULL, it is then left alone.
/// weight_scale is chan(s_f * 2^12), bias_scale chan(2^12 / s_f), one mantissa each. Weights stay in
/// -32767..32767, biases in -(2^31 - 1)..2^31 - 1.
void thaw_classifier_update(const thaw_classifier* classifier, const int8_t* pooled, const int32_t* errors,
                            int32_t error_exponent, const thaw_channel_scale* weight_scale,
                            const thaw_channel_scale* bias_scale, const thaw_training_step* step,
                            int16_t* weights, int32_t* biases);

#ifdef __cplusplus
}
#endif
