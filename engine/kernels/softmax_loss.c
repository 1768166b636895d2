// See softmax_loss.h.
#include "engine/kernels/softmax_loss.h"

#include "engine/kernels/fixed_point.h"

// round(2^24 * 2^(-i/64)), i = 0..64.
static const uint32_t exp2_table[65] = {
    16777216, 16596492, 16417715, 16240863, 16065917, 15892855, 15721658, 15552304, 15384775, 15219050,
    15055111, 14892937, 14732511, 14573813, 14416824, 14261526, 14107901, 13955931, 13805598, 13656884,
    13509772, 13364245, 13220286, 13077877, 12937002, 12797645, 12659789, 12523418, 12388516, 12255067,
    12123055, 11992466, 11863283, 11735492, 11609078, 11484025, 11360319, 11237946, 11116891, 10997140,
    10878679, 10761494, 10645571, 10530897, 10417458, 10305242, 10194234, 10084422, 9975792,  9868333,
    9762032,  9656875,  9552851,  9449948,  9348154,  9247455,  9147842,  9049301,  8951823,  8855394,
    8760003,  8665641,  8572295,  8479954,  8388608};

// round(2^16 * log2(1 + i/64)), i = 0..64.
static const uint32_t log2_table[65] = {
    0,     1466,  2909,  4331,  5732,  7112,  8473,  9814,  11136, 12440, 13727, 14996, 16248,
    17484, 18704, 19909, 21098, 22272, 23433, 24579, 25711, 26830, 27936, 29029, 30109, 31178,
    32234, 33279, 34312, 35334, 36346, 37346, 38336, 39316, 40286, 41246, 42196, 43137, 44068,
    44990, 45904, 46809, 47705, 48593, 49472, 50344, 51207, 52063, 52911, 53751, 54584, 55410,
    56229, 57040, 57845, 58643, 59434, 60219, 60997, 61769, 62534, 63294, 64047, 64794, 65536};

int64_t thaw_softmax_log2(const thaw_softmax_loss_scale* scale, int32_t logit) {
  const int32_t shift = 31 - scale->shift;
  // The product is below 2^62: a shift beyond 62 rounds it to 0.
  return shift > 62 ? 0 : thaw_rshu((int64_t)logit * scale->multiplier, shift);
}

uint32_t thaw_exp2_negative(int64_t d) {
  if (d >= INT64_C(25) << 16) return 0;
  const int32_t whole = (int32_t)(d >> 16);
  const uint32_t fraction = (uint32_t)(d & 65535);
  const uint32_t i = fraction >> 10;
  const uint32_t step = exp2_table[i] - exp2_table[i + 1];
  const uint32_t value = exp2_table[i] - ((step * (fraction & 1023) + 512) >> 10);
  return whole == 0 ? value : (uint32_t)thaw_rshu((int64_t)value, whole);
}

// log2(sum) in Q16 for sum in Q24, 2^24 <= sum < 2^32.
static int32_t log2_of_sum(uint32_t sum) {
  const int32_t whole = thaw_bit_length(sum) - 1;
  const uint32_t fraction = ((sum << (31 - whole)) >> 9) & ((UINT32_C(1) << 22) - 1);
  const uint32_t i = fraction >> 16;
  const uint32_t step = log2_table[i + 1] - log2_table[i];
  const uint32_t value = log2_table[i] + ((step * (fraction & 65535) + 32768) >> 16);
  return (whole - 24) * 65536 + (int32_t)value;
}

static int32_t first_largest(const int32_t* values, int32_t count) {
  int32_t best = 0;
  for (int32_t i = 1; i < count; ++i)
    if (values[i] > values[best]) best = i;
  return best;
}

// Most left shifts, at most 14, that keep `largest` below 2^24.
static int32_t spare_bits(int32_t largest) {
  int32_t n = 0;
  while (n < 14 && ((int64_t)largest << (n + 1)) < (INT64_C(1) << 24)) ++n;
  return n;
}

thaw_loss thaw_softmax_loss(const thaw_softmax_loss_scale* scale, const int32_t* logits, int32_t label,
                            int32_t* errors) {
  thaw_loss result;
  result.prediction = first_largest(logits, scale->classes);
  const int64_t top = thaw_softmax_log2(scale, logits[result.prediction]);

  uint32_t sum = 0;
  for (int32_t c = 0; c < scale->classes; ++c)
    sum += thaw_exp2_negative(top - thaw_softmax_log2(scale, logits[c]));

  // Errors in Q24: probability, minus 1 for the label.
  int32_t largest = 0;
  for (int32_t c = 0; c < scale->classes; ++c) {
    const uint64_t power = thaw_exp2_negative(top - thaw_softmax_log2(scale, logits[c]));
    errors[c] = (int32_t)(((power << 24) + sum / 2) / sum) - (c == label ? INT32_C(1) << 24 : 0);
    const int32_t size = errors[c] < 0 ? -errors[c] : errors[c];
    if (size > largest) largest = size;
  }

  // One exponent per sample: small errors keep their bits.
  const int32_t n = spare_bits(largest);
  for (int32_t c = 0; c < scale->classes; ++c)
    errors[c] = n < 9 ? (int32_t)thaw_rshu(errors[c], 9 - n) : errors[c] * (INT32_C(1) << (n - 9));
  result.error_exponent = -15 - n;
  result.changes = largest != 0;

  const int64_t distance = top - thaw_softmax_log2(scale, logits[label]);
  const int64_t ln2 = 45426;  // Q16
  result.loss = thaw_asr64((distance + log2_of_sum(sum)) * ln2 + 32768, 16);
  return result;
}
