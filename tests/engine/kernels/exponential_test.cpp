// The softmax's exponential and reciprocal against the primitives of TensorFlow Lite Micro and against libm.
#include "engine/kernels/exponential.h"

#include <bit>
#include <sstream>

#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

TEST(Exponential, EqualsTheTfliteGoldens) {
  std::ifstream stream(golden_folder() / "tflm/primitives.csv");
  std::string line;
  int exponentials = 0, reciprocals = 0;
  while (std::getline(stream, line)) {
    std::istringstream fields(line);
    std::string function, a, skip, result, result2;
    std::getline(fields, function, ',');
    std::getline(fields, a, ',');
    std::getline(fields, skip, ',');
    std::getline(fields, skip, ',');
    std::getline(fields, result, ',');
    std::getline(fields, result2, ',');
    if (function == "exp_on_negative_values_q5_26") {
      EXPECT_EQ(thaw_exp_on_negative_q5_26(std::stoi(a)), std::stoi(result)) << line;
      ++exponentials;
    } else if (function == "reciprocal_q12_19") {
      const auto x = static_cast<uint32_t>(std::stoul(a));
      const int zeros = std::countl_zero(x);
      const auto fraction = static_cast<int32_t>((x << zeros) - 0x80000000U);
      EXPECT_EQ(thaw_one_over_one_plus_q0_31(fraction), std::stoi(result)) << line;
      EXPECT_EQ(12 - zeros, std::stoi(result2)) << line;
      ++reciprocals;
    }
  }
  EXPECT_EQ(exponentials, 55);
  EXPECT_EQ(reciprocals, 38);
}

// The polynomial is good to about 2^-20; the reciprocal to a few units of 2^-31.
TEST(Exponential, ApproximatesTheRealFunctions) {
  Random random(10);
  for (int i = 0; i < 20000; ++i) {
    const int32_t u = -random.integer(0, (INT64_C(1) << random.integer(1, 31)) - 1);
    const double exact = std::exp(std::ldexp(u, -26));
    ASSERT_NEAR(std::ldexp(thaw_exp_on_negative_q5_26(u), -31), exact, 2e-6) << u;
    const int32_t v = random.integer(0, INT32_MAX);
    ASSERT_NEAR(std::ldexp(thaw_one_over_one_plus_q0_31(v), -31), 1 / (1 + std::ldexp(v, -31)), 1e-8) << v;
  }
  EXPECT_GE(thaw_exp_on_negative_q5_26(INT32_MIN), 0);
}

}  // namespace
