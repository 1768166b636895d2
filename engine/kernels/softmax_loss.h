// Softmax cross-entropy on integer logits: the error of each class with one exponent per sample, the loss and
// the prediction (docs/arithmetic.md, section 5). Powers of two come from a table of 65 entries and a
// straight line.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Logits to powers of two in Q16: logit * multiplier * 2^(shift - 31); the plan's quantised
/// scale * 2^-12 * log2(e) * 2^16. shift <= 14.
typedef struct thaw_softmax_loss_scale {
  int32_t classes;  // 2..255
  int32_t multiplier, shift;
} thaw_softmax_loss_scale;

/// What one sample gives beside the errors.
typedef struct thaw_loss {
  int64_t loss;            // nats in Q16; for reports only
  int32_t prediction;      // class with the largest logit, the lowest one of equals
  int32_t error_exponent;  // ee: errors are e16 * 2^ee, -29 <= ee <= -15
  bool changes;            // false: all errors are 0 and the step changes nothing
} thaw_loss;

/// logits [classes]; errors [classes] receives e16 = probability minus one-hot, |e16| <= 2^15 (2^15 itself
/// occurs).
thaw_loss thaw_softmax_loss(const thaw_softmax_loss_scale* scale, const int32_t* logits, int32_t label,
                            int32_t* errors);

/// A logit in powers of two, Q16 (t in the contract).
int64_t thaw_softmax_log2(const thaw_softmax_loss_scale* scale, int32_t logit);

/// 2^(-d / 2^16) in Q24 for d >= 0; 0 from d = 25 * 2^16 on.
uint32_t thaw_exp2_negative(int64_t d);

#ifdef __cplusplus
}
#endif
