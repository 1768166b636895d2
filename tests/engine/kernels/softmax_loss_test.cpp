// Loss, errors and classifier against the goldens, against binary64, and at the limits of their ranges.
#include "engine/kernels/softmax_loss.h"

#include <array>

#include "engine/kernels/classifier.h"
#include "engine/kernels/classifier_backward.h"
#include "engine/kernels/random.h"
#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

TEST(SoftmaxLoss, TablesEqualTheGoldens) {
  const auto tables = golden("integer/tables.json");
  const auto exp2 = tables.at("exp2neg").get<std::vector<uint32_t>>();
  for (size_t i = 0; i < 65; ++i) {
    EXPECT_EQ(exp2[i], std::llround(std::ldexp(std::exp2(-static_cast<double>(i) / 64), 24)));
    // Entry 64 is the end of the last line: 2^-1 as the next octave gives it.
    EXPECT_EQ(thaw_exp2_negative(static_cast<int64_t>(i) << 10), i < 64 ? exp2[i] : exp2[0] / 2);
  }
  EXPECT_EQ(tables.at("log2p").get<std::vector<int>>()[64], 65536);
}

TEST(SoftmaxLoss, EqualsTheGoldens) {
  const auto vectors = golden("integer/softmax.json");
  ASSERT_EQ(vectors.at("cases").size(), 40u);
  for (const auto& v : vectors.at("cases")) {
    SCOPED_TRACE(v.dump().substr(0, 200));
    const auto z = v.at("z").get<std::vector<int32_t>>();
    const thaw_softmax_loss_scale scale = {static_cast<int32_t>(z.size()), v.at("q"), v.at("sh")};
    std::vector<int64_t> t, e;
    for (int32_t logit : z) t.push_back(thaw_softmax_log2(&scale, logit));
    for (int64_t value : t) e.push_back(thaw_exp2_negative(*std::max_element(t.begin(), t.end()) - value));
    EXPECT_EQ(t, v.at("t").get<std::vector<int64_t>>());
    EXPECT_EQ(e, v.at("E").get<std::vector<int64_t>>());
    std::vector<int32_t> errors(z.size());
    const thaw_loss loss = thaw_softmax_loss(&scale, z.data(), v.at("y"), errors.data());
    EXPECT_EQ(errors, v.at("e16").get<std::vector<int32_t>>());
    EXPECT_EQ(loss.error_exponent, v.at("ee").get<int32_t>());
    EXPECT_EQ(loss.loss, v.at("loss").get<int64_t>());
    EXPECT_EQ(loss.prediction, std::max_element(z.begin(), z.end()) - z.begin());
    const auto e24 = v.at("e24").get<std::vector<int32_t>>();
    EXPECT_EQ(loss.changes, std::any_of(e24.begin(), e24.end(), [](int32_t x) { return x != 0; }));
  }
}

// Errors and loss are those of the real softmax, to table precision; the exponent leaves no spare bit.
TEST(SoftmaxLoss, ApproximatesTheRealSoftmax) {
  Random random(11);
  for (int i = 0; i < 500; ++i) {
    const int32_t n = random.integer(2, 255);
    const thaw_softmax_loss_scale scale = {n, 1823750488, 0};
    const double unit =
        scale.multiplier / std::ldexp(1.0, 31 + 16) * std::log(2.0);  // nats of one logit unit
    const int32_t spread = random.integer(1, 400000);
    const auto z = random.values<int32_t>(n, -spread, spread);
    const int32_t label = random.integer(0, n - 1);
    std::vector<int32_t> errors(z.size());
    const thaw_loss loss = thaw_softmax_loss(&scale, z.data(), label, errors.data());
    const double top = *std::max_element(z.begin(), z.end());
    double sum = 0;
    for (int32_t logit : z) sum += std::exp((logit - top) * unit);
    const double nats = (top - z[static_cast<size_t>(label)]) * unit + std::log(sum);
    ASSERT_NEAR(static_cast<double>(loss.loss) / 65536, nats, 1e-3 + nats * 1e-4);
    int32_t largest = 0;
    for (int32_t c = 0; c < n; ++c) {
      const double p = std::exp((z[static_cast<size_t>(c)] - top) * unit) / sum - (c == label);
      const int32_t error = errors[static_cast<size_t>(c)];
      ASSERT_NEAR(std::ldexp(error, loss.error_exponent), p, 1e-4);
      largest = std::max(largest, std::abs(error));
    }
    ASSERT_LE(largest, 1 << 15);
    if (loss.changes && loss.error_exponent > -29) {
      ASSERT_GE(largest, 1 << 14);
    }
  }
}

// Steps 4 and 5 of section 5 word by word, from confident samples (every bit of the quotient matters) to lost
// ones.
TEST(SoftmaxLoss, ErrorsAreTheNormalisedQuotients) {
  Random random(22);
  std::array<int, 15> seen{};  // samples by normalisation shift
  for (int i = 0; i < 4000; ++i) {
    const thaw_softmax_loss_scale scale = {random.integer(2, 12), 1823750488, 0};
    auto z = random.values<int32_t>(scale.classes, -40000, 40000);
    const int32_t label = random.integer(0, scale.classes - 1);
    z[static_cast<size_t>(label)] += random.integer(-100000, 1200000);
    std::vector<int64_t> powers;
    int64_t top = INT64_MIN;
    for (int32_t logit : z) top = std::max(top, thaw_softmax_log2(&scale, logit));
    for (int32_t logit : z) powers.push_back(thaw_exp2_negative(top - thaw_softmax_log2(&scale, logit)));
    Wide sum = 0, largest = 0;
    for (int64_t power : powers) sum += power;
    std::vector<Wide> e24;
    for (size_t c = 0; c < powers.size(); ++c) {
      e24.push_back(floor_div(powers[c] * power_of_two(24) + floor_div(sum, 2), sum) -
                    (static_cast<int32_t>(c) == label ? power_of_two(24) : 0));
      largest = std::max(largest, e24.back() < 0 ? -e24.back() : e24.back());
    }
    int n = 14;
    while (n > 0 && largest * power_of_two(n) > power_of_two(24) - 1) --n;
    ++seen[static_cast<size_t>(n)];
    std::vector<int32_t> errors(z.size());
    const thaw_loss loss = thaw_softmax_loss(&scale, z.data(), label, errors.data());
    ASSERT_EQ(loss.error_exponent, -15 - n);
    for (size_t c = 0; c < z.size(); ++c)
      ASSERT_EQ(errors[c],
                n < 9 ? halves_up(e24[c], 9 - n) : static_cast<int64_t>(e24[c] * power_of_two(n - 9)));
  }
  for (int samples : seen) EXPECT_GE(samples, 20);
}

// Two equal largest logits far above the label: the error of the label is exactly -2^15, which int16 holds
// only negative; alone above the label, the winner's is +2^15.
TEST(SoftmaxLoss, ErrorsReachBothEnds) {
  const thaw_softmax_loss_scale scale = {2, 1823750488, 2};
  const int32_t z[2] = {INT32_MAX, INT32_MIN};
  int32_t errors[2];
  const thaw_loss wrong = thaw_softmax_loss(&scale, z, 1, errors);
  EXPECT_THAT(errors, ::testing::ElementsAre(32768, -32768));
  EXPECT_EQ(wrong.error_exponent, -15);
  EXPECT_TRUE(wrong.changes);
  EXPECT_EQ(wrong.prediction, 0);
  const thaw_loss right = thaw_softmax_loss(&scale, z, 0, errors);
  EXPECT_THAT(errors, ::testing::ElementsAre(0, 0));
  EXPECT_FALSE(right.changes);
  EXPECT_EQ(right.loss, 0);
}

TEST(SoftmaxLoss, TiesGoToTheLowestClass) {
  const thaw_softmax_loss_scale scale = {4, 1823750488, 0};
  const int32_t z[4] = {-5, 7, 7, 7};
  int32_t errors[4];
  EXPECT_EQ(thaw_softmax_loss(&scale, z, 0, errors).prediction, 1);
}

// A multiplier so small that every logit is 0 powers of two.
TEST(SoftmaxLoss, TinyScaleGivesUniformProbabilities) {
  for (int32_t shift : {-30, -31, -32, -40}) {
    const thaw_softmax_loss_scale scale = {3, 1 << 30, shift};
    EXPECT_EQ(thaw_softmax_log2(&scale, 1000), 0);
    EXPECT_EQ(thaw_softmax_log2(&scale, -1000), 0);
  }
}

TEST(Classifier, LogitsAreExactSums) {
  Random random(12);
  for (int i = 0; i < 50; ++i) {
    const thaw_classifier classifier = {random.integer(2, 20), random.integer(1, 400),
                                        random.integer(-128, 127)};
    const bool extreme = i % 5 == 0;
    const auto pooled = random.values<int8_t>(classifier.features);
    const auto weights =
        random.values<int16_t>(classifier.classes * classifier.features, extreme ? 32767 : -32767, 32767);
    const auto biases = random.values<int32_t>(classifier.classes, extreme ? INT32_MAX : INT32_MIN);
    std::vector<int32_t> logits(biases.size());
    thaw_classifier_s16(&classifier, pooled.data(), weights.data(), biases.data(), logits.data());
    for (size_t c = 0; c < biases.size(); ++c) {
      Wide sum = biases[c];
      for (size_t f = 0; f < pooled.size(); ++f)
        sum +=
            static_cast<Wide>(weights[c * pooled.size() + f]) * (pooled[f] - classifier.feature_zero_point);
      ASSERT_EQ(logits[c], sum > INT32_MAX   ? INT32_MAX
                           : sum < INT32_MIN ? INT32_MIN
                                             : static_cast<int32_t>(sum));
    }
  }
}

TEST(Classifier, FeatureGradientIsTheRoundedSum) {
  Random random(13);
  for (int32_t classes : {2, 10, 15, 16, 31, 32, 255}) {
    const thaw_classifier classifier = {classes, 7, 0};
    // bitlength(N), at least 4: 2 -> 4, 15 -> 4, 16 -> 5, 31 -> 5, 32 -> 6, 255 -> 8.
    const int32_t h = classes < 16 ? 4 : classes < 32 ? 5 : classes < 64 ? 6 : 8;
    for (int round = 0; round < 4; ++round) {
      const bool extreme = round == 0;
      const auto errors = random.values<int32_t>(classes, extreme ? 32768 : -32768, 32768);
      const auto weights = random.values<int16_t>(classes * 7, extreme ? 32767 : -32767, 32767);
      std::vector<int32_t> gradient(7);
      EXPECT_EQ(
          thaw_classifier_feature_gradient(&classifier, errors.data(), -17, weights.data(), gradient.data()),
          -17 - 12 + h);
      for (size_t i = 0; i < 7; ++i) {
        Wide sum = 0;
        for (size_t c = 0; c < errors.size(); ++c) sum += static_cast<Wide>(errors[c]) * weights[c * 7 + i];
        ASSERT_EQ(gradient[i], halves_up(sum, h));
      }
    }
  }
}

TEST(Classifier, ClampedFeaturesSendNoGradient) {
  const thaw_classifier classifier = {2, 5, 0};
  const int8_t features[5] = {-128, -127, 0, 126, 127};
  const std::vector<int32_t> all = {1, 2, 3, 4, 5};
  std::vector<int32_t> gradient = all;
  thaw_classifier_drop_clamped(&classifier, features, -127, 126, gradient.data());
  EXPECT_EQ(gradient, (std::vector<int32_t>{0, 2, 3, 4, 0}));
  gradient = all;
  thaw_classifier_drop_clamped(&classifier, features, -128, 126, gradient.data());
  EXPECT_EQ(gradient, (std::vector<int32_t>{1, 2, 3, 4, 0}));
}

// asr of an exact product at any shift, negative ones shifting left, in wide arithmetic.
Wide shifted_down(Wide product, int shift) {
  return shift >= 0 ? floor_div(product, power_of_two(shift)) : product * power_of_two(-shift);
}

TEST(Classifier, UpdateFollowsTheRule) {
  Random random(14);
  for (int i = 0; i < 300; ++i) {
    const thaw_classifier classifier = {random.integer(2, 12), random.integer(1, 20),
                                        random.integer(-128, 127)};
    const auto pooled = random.values<int8_t>(classifier.features);
    const auto errors = random.values<int32_t>(classifier.classes, -32768, 32768);
    auto weights = random.values<int16_t>(classifier.classes * classifier.features, -32767, 32767);
    auto biases = random.values<int32_t>(classifier.classes, -INT32_MAX, INT32_MAX);
    const double s_f = std::ldexp(static_cast<double>(random.number(1, 1000)), random.integer(-20, -8));
    const ChannelScale cw = channel_scale({s_f * 4096}), cb = channel_scale({4096 / s_f});
    const thaw_channel_scale weight_scale = {cw.mantissas.data(), 1, cw.exponent};
    const thaw_channel_scale bias_scale = {cb.mantissas.data(), 1, cb.exponent};
    const int32_t ee = random.integer(-29, -15);
    const thaw_training_step step = {random.integer(0, 9) == 0 ? 0 : random.integer(1 << 14, (1 << 15) - 1),
                                     random.integer(-24, 20), static_cast<uint32_t>(i), 77};
    const auto old_weights = weights;
    const auto old_biases = biases;
    thaw_classifier_update(&classifier, pooled.data(), errors.data(), ee, &weight_scale, &bias_scale, &step,
                           weights.data(), biases.data());

    const int64_t mcw = halves_up(static_cast<Wide>(cw.mantissas[0]) * step.rate_mantissa, 15);
    const int64_t mcb = halves_up(static_cast<Wide>(cb.mantissas[0]) * step.rate_mantissa, 15);
    const int32_t sw = std::clamp(15 - (cw.exponent + ee + step.rate_exponent), 0, 62);
    const int32_t sb = std::min(62, 15 - (cb.exponent + ee + step.rate_exponent));
    for (size_t c = 0; c < biases.size(); ++c) {
      for (size_t f = 0; f < pooled.size(); ++f) {
        const size_t index = c * pooled.size() + f;
        const Wide p = static_cast<Wide>(errors[c]) * (pooled[f] - classifier.feature_zero_point) * mcw;
        const int32_t r = thaw_r16(thaw_key(step.seed, 8, 77), static_cast<uint32_t>(index));
        const Wide w = old_weights[index] - floor_div(shifted_down(p, sw) + r, 65536);
        ASSERT_EQ(weights[index], static_cast<int16_t>(std::clamp<Wide>(w, -32767, 32767)));
      }
      const int32_t r = thaw_r16(thaw_key(step.seed, 9, 77), static_cast<uint32_t>(c));
      const Wide b =
          old_biases[c] - floor_div(shifted_down(static_cast<Wide>(errors[c]) * mcb, sb) + r, 65536);
      ASSERT_EQ(biases[c], static_cast<int32_t>(std::clamp<Wide>(b, -INT32_MAX, INT32_MAX)));
    }
    // A part that is not trained is left alone, and does not change what the other becomes.
    auto weights_only = old_weights;
    auto biases_only = old_biases;
    thaw_classifier_update(&classifier, pooled.data(), errors.data(), ee, &weight_scale, &bias_scale, &step,
                           weights_only.data(), nullptr);
    thaw_classifier_update(&classifier, pooled.data(), errors.data(), ee, &weight_scale, &bias_scale, &step,
                           nullptr, biases_only.data());
    ASSERT_EQ(weights_only, weights);
    ASSERT_EQ(biases_only, biases);
    if (step.rate_mantissa == 0) {
      ASSERT_EQ(weights, old_weights);
      ASSERT_EQ(biases, old_biases);
    }
  }
}

}  // namespace
