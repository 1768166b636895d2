// The fast output stage against the two roundings that define it.
#include "engine/kernels/requantizer.h"

#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

TEST(Requantizer, EqualsTheTwoRoundingsForEveryShift) {
  Random random(23);
  const int32_t edges[] = {INT32_MIN, INT32_MIN + 1, -2, -1, 0, 1, 2, INT32_MAX - 1, INT32_MAX};
  const int32_t multipliers[] = {0, 1 << 30, (1 << 30) + 1, INT32_MAX - 1, INT32_MAX};
  for (int32_t shift = -31; shift <= 0; ++shift) {
    for (int i = 0; i < 20000; ++i) {
      const int32_t multiplier =
          i % 4 == 0 ? multipliers[random.integer(0, 4)] : random.integer(1 << 30, INT32_MAX);
      const int32_t sum = i % 8 == 0 ? edges[random.integer(0, 8)]
                                     : random.integer(INT32_MIN, INT32_MAX) >> random.integer(0, 31);
      const int32_t zero_point = shift == 0 ? 0 : random.integer(-128, 127);  // the sum must fit int32
      const thaw_requantizer r = {multiplier, shift, zero_point};
      ASSERT_EQ(thaw_requantized(r, sum), int64_t{thaw_mbqm(sum, multiplier, shift)} + r.zero_point)
          << sum << " * " << multiplier << " >> " << -shift;
    }
  }
}

// Sums that lie on, just above and just below the halves of both roundings.
TEST(Requantizer, RoundsHalvesAwayFromZero) {
  for (int32_t shift = -31; shift <= -2; ++shift)
    for (int64_t whole = -3; whole <= 3; ++whole)
      for (int64_t off = -2; off <= 2; ++off) {
        const int64_t sum = (2 * whole + 1) * (int64_t{1} << -shift) + off;  // (whole + 1/2) * 2^(1 - shift)
        if (sum < INT32_MIN || sum > INT32_MAX) continue;
        const thaw_requantizer r = {1 << 30, shift, 0};
        ASSERT_EQ(thaw_requantized(r, static_cast<int32_t>(sum)), requantize(sum, 1 << 30, shift)) << sum;
      }
}

}  // namespace
