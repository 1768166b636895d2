// Values of McNemar's test worked out by hand and with exact binomial sums.
#include "sim/base/paired_test.h"

#include <gtest/gtest.h>

#include <cmath>

namespace thaw {
namespace {

/// One seed: `lost` samples right before and wrong now, `gained` the other way, `same` right in both.
PairedSeed seed(int lost, int gained, int same) {
  PairedSeed result;
  for (int i = 0; i < lost + gained + same; ++i) {
    result.before.push_back(i < lost || i >= lost + gained);
    result.now.push_back(i >= lost);
  }
  return result;
}

TEST(PairedTest, IsTheExactBinomialForOneSeed) {
  EXPECT_NEAR(paired_test({seed(1, 9, 5)}).p, 2 * 11.0 / 1024, 1e-12);  // (1 + 10) / 2^10, two-sided
  EXPECT_NEAR(paired_test({seed(6, 0, 0)}).p, 2.0 / 64, 1e-12);
  EXPECT_DOUBLE_EQ(paired_test({seed(5, 5, 3)}).p, 1.0);
  EXPECT_DOUBLE_EQ(paired_test({seed(0, 0, 3)}).p, 1.0);
  EXPECT_DOUBLE_EQ(paired_test({}).p, 1.0);
}

TEST(PairedTest, CountsWhatWasLostAndGained) {
  const PairedTest test = paired_test({seed(3, 2, 10), seed(1, 4, 10)});
  EXPECT_EQ(test.lost, 4);
  EXPECT_EQ(test.gained, 6);
}

TEST(PairedTest, TreatsSeedsAsClustersOnTheSameSamples) {
  // Two equal seeds say no more than one: 16 samples lost by both, chi-square (32^2 / (16 * 2^2)) = 16, as
  // (16^2 / 16) = 16 of one seed alone; twice as many independent samples would give 32.
  EXPECT_NEAR(paired_test({seed(16, 0, 84), seed(16, 0, 84)}).p, 6.334e-5, 1e-7);
}

TEST(UnpairedTest, IsTheTwoProportionTest) {
  EXPECT_NEAR(unpaired_test(0.80, 1000, 0.76, 1000), 0.0308372,
              1e-7);  // z = 0.04 / sqrt(.78 * .22 / 500) = 2.159
  EXPECT_DOUBLE_EQ(unpaired_test(0.5, 0, 0.6, 10), 1.0);
  EXPECT_DOUBLE_EQ(unpaired_test(1.0, 10, 1.0, 10), 1.0);
}

TEST(PairedDifference, IsAgrestiAndMinsIntervalForOneSeedEach) {
  // 100 samples, 20 right by `a` alone, 10 by `b` alone: by hand, centre 10 / 102, variance
  // (31 / 102 - (10 / 102)^2) / 102.
  const PairedSeed pair = seed(10, 20, 70);
  const PairedDifference d = paired_difference({pair.now}, {pair.before});
  EXPECT_DOUBLE_EQ(d.mean, 0.10);
  EXPECT_NEAR(d.low(), 0.098039 - 1.959964 * 0.053716, 1e-5);
  EXPECT_NEAR(d.high(), 0.098039 + 1.959964 * 0.053716, 1e-5);
  EXPECT_NEAR(d.p_not_above(0.0), 0.033990, 1e-4);
  EXPECT_NEAR(d.p_not_above(0.098039), 0.5, 1e-5);
}

TEST(PairedDifference, EqualSeedsSayNoMoreThanOne) {
  const PairedSeed pair = seed(10, 20, 70);
  const PairedDifference one = paired_difference({pair.now}, {pair.before});
  const PairedDifference three =
      paired_difference({pair.now, pair.now, pair.now}, {pair.before, pair.before});
  EXPECT_NEAR(one.low(), three.low(), 1e-12);
  EXPECT_NEAR(one.p_not_above(0.01), three.p_not_above(0.01), 1e-12);
}

TEST(PairedDifference, TenEqualSamplesProveNothing) {
  const PairedSeed pair = seed(0, 0, 10);
  const PairedDifference d = paired_difference({pair.now}, {pair.before});
  EXPECT_DOUBLE_EQ(d.mean, 0.0);
  EXPECT_LT(d.low(), -0.05);
  EXPECT_GT(d.p_not_above(-0.01), 0.05);
}

TEST(PairedDifference, OfErrorsIsTheNormalIntervalOfTheirDifferences) {
  // Differences 1, 2, 3, 6: mean 3, variance 14/3. Two seeds count as their mean.
  const ValuesBySeed a = {{2, 3, 5, 7}, {4, 5, 5, 9}}, b = {{2, 2, 2, 2}};
  const PairedDifference d = paired_difference(a, b);
  EXPECT_DOUBLE_EQ(d.mean, 3.0);
  EXPECT_NEAR(d.standard_error, std::sqrt(14.0 / 3 / 4), 1e-12);
  EXPECT_GT(d.high(), 5.0) << "errors have no largest difference";
  EXPECT_LT(d.p_not_above(0.0), 0.01);
  const PairedDifference none = paired_difference(b, b);
  EXPECT_EQ(none.p_not_above(0.0), 1.0) << "the same errors are no gain";
}

// Anomalies 3 and 5 against 1, 3 and 4 have the placements 1/2 and 1, normal samples 1, 3/4 and 1/2; with all
// scores equal each is 1/2. Differences 0, 1/2 and 1/2, 1/4, 0: variances 1/8 and 1/16.
TEST(AreaDifference, IsDeLongs) {
  const std::vector<bool> anomalous = {true, false, true, false, false};
  const PairedDifference d = area_difference({{3, 1, 5, 3, 4}}, {{7, 7, 7, 7, 7}}, anomalous);
  EXPECT_DOUBLE_EQ(d.mean, 0.25);
  EXPECT_NEAR(d.standard_error, std::sqrt(1.0 / 8 / 2 + 1.0 / 16 / 3), 1e-12);
  EXPECT_EQ(area_difference({{3, 1, 5, 3, 4}}, {{3, 1, 5, 3, 4}}, anomalous).mean, 0.0);
}

}  // namespace
}  // namespace thaw
