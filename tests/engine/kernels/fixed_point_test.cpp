// The fixed-point primitives against the goldens and against their definitions in 128-bit arithmetic.
#include "engine/kernels/fixed_point.h"

#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

TEST(FixedPoint, EqualsTheIntegerGoldens) {
  const auto vectors = golden("integer/rounding.json");
  for (const auto& v : vectors.at("rdbpot"))
    EXPECT_EQ(thaw_rdbpot(v["x"], v["e"]), v["y"].get<int32_t>()) << v;
  for (const auto& v : vectors.at("srdhm")) EXPECT_EQ(thaw_srdhm(v["a"], v["b"]), v["y"].get<int32_t>()) << v;
  for (const auto& v : vectors.at("mbqm"))
    EXPECT_EQ(thaw_mbqm(v["x"], v["q"], v["sh"]), v["y"].get<int32_t>()) << v;
  for (const auto& v : vectors.at("rshu")) EXPECT_EQ(thaw_rshu(v["x"], v["s"]), v["y"].get<int64_t>()) << v;
  for (const auto& v : vectors.at("gscale"))
    EXPECT_EQ(thaw_gscale(v["a"], v["M"], v["s"]), v["y"].get<int32_t>()) << v;
  EXPECT_EQ(vectors.at("rdbpot").size() + vectors.at("srdhm").size() + vectors.at("mbqm").size() +
                vectors.at("rshu").size() + vectors.at("gscale").size(),
            362u);
}

// primitives.csv: function,a,b,c,result,result2.
TEST(FixedPoint, EqualsTheTfliteGoldens) {
  std::ifstream stream(golden_folder() / "tflm/primitives.csv");
  std::string line;
  int checked = 0;
  while (std::getline(stream, line)) {
    std::vector<std::string> field(1);
    for (char c : line) {
      if (c == ',') {
        field.emplace_back();
      } else {
        field.back() += c;
      }
    }
    const auto number = [&](size_t i) { return std::stoi(field.at(i)); };
    if (field[0] == "saturating_rounding_doubling_high_mul") {
      EXPECT_EQ(thaw_srdhm(number(1), number(2)), number(4)) << line;
    } else if (field[0] == "rounding_divide_by_pot") {
      EXPECT_EQ(thaw_rdbpot(number(1), number(2)), number(4)) << line;
    } else if (field[0] == "multiply_by_quantized_multiplier") {
      EXPECT_EQ(thaw_mbqm(number(1), number(2), number(3)), number(4)) << line;
    } else if (field[0] == "quantize_multiplier") {
      const Multiplier m = quantize_multiplier(std::strtod(field[1].c_str(), nullptr));
      EXPECT_EQ(m.mantissa, number(4)) << line;
      EXPECT_EQ(m.shift, number(5)) << line;
    } else {
      continue;
    }
    ++checked;
  }
  EXPECT_EQ(checked, 127 + 168 + 212 + 59);
}

// Every x near 0 and around the ends of the range, every shift.
std::vector<int32_t> interesting_numbers() {
  std::vector<int32_t> numbers;
  for (int32_t x = -4096; x <= 4096; ++x) numbers.push_back(x);
  for (int32_t k = 12; k < 32; ++k) {
    for (int64_t d = -2; d <= 2; ++d) {
      for (int64_t sign : {-1, 1}) {
        const int64_t x = sign * (INT64_C(1) << k) + d;
        if (x >= INT32_MIN && x <= INT32_MAX) numbers.push_back(static_cast<int32_t>(x));
      }
    }
  }
  return numbers;
}

TEST(FixedPoint, ShiftsRoundDown) {
  for (int32_t x : interesting_numbers()) {
    for (int shift = 0; shift < 32; ++shift)
      ASSERT_EQ(thaw_asr32(x, shift), static_cast<int32_t>(floor_div(x, power_of_two(shift))));
    for (int shift = 0; shift < 64; ++shift) {
      const int64_t wide = static_cast<int64_t>(x) * 4000000007;
      ASSERT_EQ(thaw_asr64(wide, shift), static_cast<int64_t>(floor_div(wide, power_of_two(shift))));
    }
  }
}

TEST(FixedPoint, RoundingsFollowTheirDefinitions) {
  for (int32_t x : interesting_numbers()) {
    for (int shift = 0; shift < 32; ++shift) {
      ASSERT_EQ(thaw_rdbpot(x, shift), halves_away(x, shift)) << x << " " << shift;
    }
    for (int shift = 1; shift < 63; ++shift) {
      const int64_t wide = static_cast<int64_t>(x) * (INT64_C(1) << 30);
      ASSERT_EQ(thaw_rshu(x, shift), halves_up(x, shift)) << x << " " << shift;
      ASSERT_EQ(thaw_rshu(wide, shift), halves_up(wide, shift)) << wide << " " << shift;
    }
  }
}

// halves_up itself, against arithmetic in binary64 that is exact here.
TEST(FixedPoint, DefinitionsAreTheTextbookOnes) {
  for (int x = -4096; x <= 4096; ++x) {
    for (int shift = 0; shift <= 14; ++shift) {
      const double quotient = std::ldexp(x, -shift);
      ASSERT_EQ(halves_up(x, shift), static_cast<int64_t>(std::floor(quotient + 0.5)));
      ASSERT_EQ(halves_away(x, shift), std::llround(quotient));
    }
  }
}

TEST(FixedPoint, ProductsFollowTheirDefinitions) {
  Random random(1);
  std::vector<int32_t> mantissas = {0, 1, 1 << 30, (1 << 30) + 1, INT32_MAX, INT32_MAX - 1};
  for (int i = 0; i < 20; ++i) mantissas.push_back(random.integer(0, INT32_MAX));
  for (int32_t x : interesting_numbers()) {
    for (int32_t m : mantissas) {
      ASSERT_EQ(thaw_srdhm(x, m), halves_up(static_cast<Wide>(x) * m, 31));
      ASSERT_EQ(thaw_srdhm(x, -m), std::min<int64_t>(halves_up(static_cast<Wide>(x) * -m, 31), INT32_MAX));
    }
    const int32_t m = mantissas[static_cast<size_t>(random.integer(0, 25))];
    for (int shift = 33; shift <= 62; ++shift)
      ASSERT_EQ(thaw_gscale(x, m, shift), halves_up(static_cast<Wide>(x) * m, shift)) << x << " " << m;
    for (int shift = -31; shift <= 30; ++shift) {
      if (static_cast<int64_t>(x) << std::max(shift, 0) !=
          thaw_sat_to_32(static_cast<int64_t>(x) << std::max(shift, 0)))
        continue;
      ASSERT_EQ(thaw_mbqm(x, m, shift), requantize(x, m, shift)) << x << " " << m << " " << shift;
    }
  }
  EXPECT_EQ(thaw_srdhm(INT32_MIN, INT32_MIN), INT32_MAX);
}

TEST(FixedPoint, GradientScaleAtItsLimits) {
  for (int32_t a : {INT32_MIN, INT32_MAX, -1, 0, 1})
    for (int32_t m : {0, 1, INT32_MAX})
      for (int shift = 33; shift <= 62; ++shift)
        ASSERT_EQ(thaw_gscale(a, m, shift), halves_up(static_cast<Wide>(a) * m, shift));
  EXPECT_EQ(thaw_gscale(INT32_MIN, INT32_MAX, 33), -(1 << 29));
}

// The largest left shift that fits, and one that does not: saturation instead of a wrapped product.
TEST(FixedPoint, LeftShiftSaturates) {
  EXPECT_EQ(thaw_mbqm(1, 1 << 30, 30), 1 << 29);
  EXPECT_EQ(thaw_mbqm(1000, INT32_MAX, 30), thaw_srdhm(INT32_MAX, INT32_MAX));
  EXPECT_EQ(thaw_mbqm(-1000, INT32_MAX, 30), thaw_srdhm(INT32_MIN, INT32_MAX));
}

TEST(FixedPoint, Saturations) {
  EXPECT_EQ(thaw_ssat(127, 7), 127);
  EXPECT_EQ(thaw_ssat(128, 7), 127);
  EXPECT_EQ(thaw_ssat(-128, 7), -128);
  EXPECT_EQ(thaw_ssat(-129, 7), -128);
  EXPECT_EQ(thaw_ssat(INT32_MIN, 14), -16384);
  EXPECT_EQ(thaw_ssat(INT32_MAX, 30), (1 << 30) - 1);
  EXPECT_EQ(thaw_sat_to_32(INT64_C(1) << 31), INT32_MAX);
  EXPECT_EQ(thaw_sat_to_32(-(INT64_C(1) << 31) - 1), INT32_MIN);
  EXPECT_EQ(thaw_sat64(INT64_MIN, -5, 5), -5);
}

TEST(FixedPoint, BitLength) {
  EXPECT_EQ(thaw_bit_length(0), 0);
  EXPECT_EQ(thaw_bit_length(1), 1);
  EXPECT_EQ(thaw_bit_length(255), 8);
  EXPECT_EQ(thaw_bit_length(256), 9);
  EXPECT_EQ(thaw_bit_length(UINT32_MAX), 32);
}

}  // namespace
