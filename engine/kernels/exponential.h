// The exponential and the reciprocal of TFLite's integer softmax, on Q-format numbers: polynomials of the
// gemmlowp fixed-point library, described in tests/golden/tflm/README.md as E and Q.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// exp(u) for u <= 0 in Q5.26 (32 units of range); the result is Q0.31, 2^31 - 1 for u = 0.
int32_t thaw_exp_on_negative_q5_26(int32_t u);

/// 1 / (1 + v) for 0 <= v < 1 in Q0.31; the result is Q0.31.
int32_t thaw_one_over_one_plus_q0_31(int32_t v);

#ifdef __cplusplus
}
#endif
