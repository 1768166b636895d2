// See softmax.h. Three passes over a row: its maximum, the sum of exponentials in Q12.19, the quotients.
#include "engine/kernels/softmax.h"

#include "engine/kernels/exponential.h"
#include "engine/kernels/fixed_point.h"

static int32_t largest_of(const int8_t* row, int32_t depth) {
  int32_t largest = row[0];
  for (int32_t i = 1; i < depth; ++i)
    if (row[i] > largest) largest = row[i];
  return largest;
}

// exp(difference * scale) in Q0.31; difference between the cut and 0.
static int32_t exponential_of(const thaw_softmax* softmax, int32_t difference) {
  return thaw_exp_on_negative_q5_26(thaw_mbqm(difference, softmax->multiplier, softmax->shift));
}

static void softmax_row(const thaw_softmax* softmax, const int8_t* input, int8_t* output) {
  const int32_t largest = largest_of(input, softmax->depth);
  uint32_t sum = 0;
  for (int32_t i = 0; i < softmax->depth; ++i) {
    const int32_t difference = input[i] - largest;
    if (difference >= softmax->cut) sum += (uint32_t)thaw_rdbpot(exponential_of(softmax, difference), 12);
  }
  // sum = (1 + fraction) * 2^(31 - zeros); the largest element alone makes it at least 2^19.
  const int32_t zeros = 32 - thaw_bit_length(sum);
  const int32_t fraction = (int32_t)((sum << zeros) - UINT32_C(0x80000000));
  const int32_t reciprocal = thaw_one_over_one_plus_q0_31(fraction);
  for (int32_t i = 0; i < softmax->depth; ++i) {
    const int32_t difference = input[i] - largest;
    int32_t value = INT8_MIN;
    if (difference >= softmax->cut) {
      const int32_t product = thaw_srdhm(reciprocal, exponential_of(softmax, difference));
      value = thaw_sat32(thaw_rdbpot(product, 12 - zeros + 23) + INT8_MIN, INT8_MIN, INT8_MAX);
    }
    output[i] = (int8_t)value;
  }
}

void thaw_softmax_s8(const thaw_softmax* softmax, const int8_t* input, int8_t* output) {
  for (int32_t row = 0; row < softmax->rows; ++row)
    softmax_row(softmax, input + row * softmax->depth, output + row * softmax->depth);
}
