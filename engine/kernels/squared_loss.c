// See squared_loss.h.
#include "engine/kernels/squared_loss.h"

thaw_squared_loss_result thaw_squared_loss(int32_t count, const int8_t* output, const int8_t* target,
                                           int32_t* errors) {
  int64_t sum = 0;
  int32_t largest = 0;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t error = (int32_t)output[i] - target[i];
    const int32_t size = error < 0 ? -error : error;
    errors[i] = error;
    sum += (int64_t)error * error;
    if (size > largest) largest = size;
  }

  // One exponent per sample, as the softmax loss has it: the largest error fills 15 bits.
  int32_t n = 0;
  while (n < 7 && (largest << (n + 1)) <= 255) ++n;
  for (int32_t i = 0; i < count; ++i) errors[i] *= INT32_C(1) << (7 + n);

  thaw_squared_loss_result result;
  result.loss = (sum * 65536 + count / 2) / count;
  result.error_exponent = -15 - n;
  result.changes = largest != 0;
  return result;
}
