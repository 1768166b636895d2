// Updates of biases and weights against the goldens, and the layer kernels against sums over all products in
// wide arithmetic, for every fraction width, full and gathered inputs, and sparse channels.
#include "engine/kernels/update.h"

#include "engine/kernels/random.h"
#include "engine/kernels/update_rule.h"
#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

TEST(UpdateRule, EqualsTheGoldens) {
  const auto vectors = golden("integer/update.json");
  for (const auto& v : vectors.at("mcomb")) {
    const int32_t mantissa = v.at("M");
    const thaw_channel_scale scale = {&mantissa, 1, 0};
    const thaw_training_step step = {v.at("lm"), 0, 0, 0};
    EXPECT_EQ(thaw_update_multiplier(&scale, 0, &step), v.at("mc").get<int32_t>()) << v;
  }
  for (const auto& v : vectors.at("u"))
    EXPECT_EQ(thaw_update_amount(v.at("acc"), v.at("mc"), v.at("s")), v.at("u").get<int32_t>()) << v;
  for (const auto& v : vectors.at("weight")) {
    const int32_t bits = v.at("F");
    const int32_t fixed = thaw_update_fixed(v.at("w"), v.at("u"), v.at("r"), bits);
    EXPECT_EQ(fixed, v.at("w2").get<int32_t>()) << v;
    EXPECT_EQ(thaw_fixed_high(fixed, bits), v.at("hi").get<int32_t>()) << v;
    EXPECT_EQ(fixed - (thaw_fixed_high(fixed, bits) << bits), v.at("lo").get<int32_t>()) << v;
  }
  for (const auto& v : vectors.at("bias"))
    EXPECT_EQ(thaw_update_bias(v.at("b"), v.at("gsum"), v.at("mc"), v.at("s"), v.at("r"), v.at("lim")),
              v.at("b2").get<int32_t>())
        << v;
  EXPECT_EQ(vectors.at("mcomb").size() + vectors.at("u").size() + vectors.at("weight").size() +
                vectors.at("bias").size(),
            168u);
}

// s = 15 - (E + exq + le).
TEST(UpdateRule, ShiftByHand) {
  const int32_t mantissa = 0;
  const thaw_channel_scale scale = {&mantissa, 1, 7};
  const thaw_training_step step = {0, -11, 0, 0};
  EXPECT_EQ(thaw_update_shift(&scale, -30, &step), 49);
  EXPECT_EQ(thaw_update_shift(&scale, 30, &step), -11);
}

// At the limits of all arguments the amount stays below 2^30 and the new weight inside its range.
TEST(UpdateRule, AmountStaysInRange) {
  for (int shift = -5; shift <= 70; ++shift) {
    for (int32_t sum : {INT32_MIN, INT32_MAX, -1, 0, 1}) {
      for (int32_t multiplier : {0, 1, INT32_MAX}) {
        const int s = std::clamp(shift, 2, 62);
        const int64_t limited =
            s < 32 ? std::clamp<int64_t>(sum, -(INT64_C(1) << (s - 1)), (INT64_C(1) << (s - 1)) - 1) : sum;
        const int32_t amount = thaw_update_amount(sum, multiplier, shift);
        ASSERT_EQ(amount,
                  static_cast<int64_t>(floor_div(static_cast<Wide>(limited) * multiplier, power_of_two(s))));
        ASSERT_LE(std::abs(amount), 1 << 30);
        for (int bits : {0, 4, 8})
          for (int32_t fixed : {-(127 << bits), 0, 127 << bits})
            for (int32_t r : {0, 65535})
              ASSERT_LE(std::abs(thaw_update_fixed(fixed, amount, r, bits)), 127 << bits);
      }
    }
  }
}

// All 65,536 random numbers together move a weight by exactly the amount: the rounding has no bias.
TEST(UpdateRule, StochasticRoundingIsUnbiased) {
  for (int32_t amount : {0, 1, -1, 40000, -40000, 65536, 100000}) {
    int64_t sum = 0;
    for (int32_t r = 0; r < 65536; ++r) sum += thaw_update_fixed(5, amount, r, 0);
    EXPECT_EQ(sum, 5 * INT64_C(65536) - amount);
  }
}

TEST(UpdateRule, BiasAtItsLimits) {
  const int32_t limit = INT32_MAX - 9 * 255 * 127;
  for (int shift = -40; shift <= 80; ++shift) {
    for (int32_t sum : {INT32_MIN, INT32_MAX, -1, 0, 1, 1 << 20}) {
      for (int32_t multiplier : {0, 1, 1 << 22, INT32_MAX}) {
        const Wide p = static_cast<Wide>(sum) * multiplier;
        const Wide u = shift >= 0 ? floor_div(p, power_of_two(std::min(shift, 62)))
                                  : std::clamp(p, -power_of_two(42), power_of_two(42)) *
                                        power_of_two(std::min(-shift, 20));
        const Wide b = std::clamp<Wide>(1000 - floor_div(u + 65535, 65536), -limit, limit);
        ASSERT_EQ(thaw_update_bias(1000, sum, multiplier, shift, 65535, limit), static_cast<int32_t>(b));
      }
    }
  }
}

// ---- layers ----

struct RandomUpdate {
  std::vector<int8_t> gradient8;
  std::vector<int16_t> gradient16;
  std::vector<int32_t> mantissas;
  thaw_update update{};

  RandomUpdate(Random& random, int32_t elements, int32_t channels) {
    const bool is_16 = random.integer(0, 1) != 0;
    if (is_16) {
      gradient16 = random.values<int16_t>(elements, -16384, 16383);
    } else {
      gradient8 = random.values<int8_t>(elements);
    }
    mantissas = random.values<int32_t>(random.integer(0, 3) != 0 ? channels : 1, 0, INT32_MAX);
    update.gradient = {is_16 ? static_cast<const void*>(gradient16.data()) : gradient8.data(), is_16};
    update.scale = {mantissas.data(), static_cast<int32_t>(mantissas.size()), random.integer(4, 20)};
    update.step = {random.integer(0, 9) == 0 ? 0 : random.integer(1 << 14, (1 << 15) - 1),
                   random.integer(-12, -8), static_cast<uint32_t>(random.integer(0, 1000)),
                   static_cast<uint32_t>(random.integer(0, 20000))};
    update.convolution = random.integer(0, 50);
    // Shifts from far below 2 to far above: mostly such that weights move by a few units.
    update.gradient_exponent = random.integer(-50, 0);
  }
  int64_t gradient(size_t i) const { return gradient8.empty() ? gradient16[i] : gradient8[i]; }
  int64_t multiplier(size_t c) const {
    return halves_up(static_cast<Wide>(mantissas[mantissas.size() == 1 ? 0 : c]) * update.step.rate_mantissa,
                     15);
  }
  int32_t shift() const {
    return 15 - (update.gradient_exponent + update.scale.exponent + update.step.rate_exponent);
  }
};

TEST(UpdateBiases, FollowTheRule) {
  Random random(17);
  for (int i = 0; i < 300; ++i) {
    const int32_t positions = random.integer(1, 60), channels = random.integer(1, 9);
    const RandomUpdate u(random, positions * channels, channels);
    const int32_t limit = INT32_MAX - random.integer(1, 60000) * 255 * 127;
    auto biases = random.values<int32_t>(channels, -limit, limit);
    const auto old = biases;
    thaw_update_biases(&u.update, positions, channels, limit, biases.data());
    const uint32_t key = thaw_key(u.update.step.seed, static_cast<uint32_t>(16 + 2 * u.update.convolution),
                                  u.update.step.step);
    for (size_t c = 0; c < old.size(); ++c) {
      Wide sum = 0;
      for (int32_t p = 0; p < positions; ++p) sum += u.gradient(static_cast<size_t>(p * channels) + c);
      const Wide product = sum * u.multiplier(c);
      const int s = u.shift();
      const Wide amount =
          s >= 0 ? floor_div(product, power_of_two(std::min(s, 62)))
                 : std::clamp(product, -power_of_two(42), power_of_two(42)) * power_of_two(std::min(-s, 20));
      const Wide b = old[c] - floor_div(amount + thaw_r16(key, static_cast<uint32_t>(c)), 65536);
      ASSERT_EQ(biases[c], static_cast<int32_t>(std::clamp<Wide>(b, -limit, limit)));
    }
  }
}

// Packed weights as the contract says: fixed[i] = hi * 2^F + lo.
struct Packed {
  std::vector<int8_t> high;
  std::vector<uint8_t> low;
};
Packed pack(const std::vector<int32_t>& fixed, int32_t bits) {
  Packed packed{std::vector<int8_t>(fixed.size()), std::vector<uint8_t>(bits == 4   ? (fixed.size() + 1) / 2
                                                                        : bits == 8 ? fixed.size()
                                                                                    : 0)};
  for (size_t i = 0; i < fixed.size(); ++i) {
    const int64_t high = bits == 0 ? fixed[i] : halves_up(fixed[i], bits);
    const int64_t low = fixed[i] - high * (1 << bits);
    packed.high[i] = static_cast<int8_t>(high);
    if (bits == 8) packed.low[i] = static_cast<uint8_t>(low & 0xFF);
    if (bits == 4)
      packed.low[i / 2] = static_cast<uint8_t>(packed.low[i / 2] | (low & 15) << (i % 2 == 0 ? 0 : 4));
  }
  return packed;
}

// Moves every weight by the rule, from exact sums.
std::vector<int32_t> moved(const std::vector<int32_t>& fixed, const std::vector<Wide>& sums,
                           const std::vector<size_t>& output_channel, const RandomUpdate& u, int32_t bits) {
  const uint32_t key =
      thaw_key(u.update.step.seed, static_cast<uint32_t>(17 + 2 * u.update.convolution), u.update.step.step);
  const int s = std::clamp(u.shift(), 2, 62);
  std::vector<int32_t> result;
  for (size_t i = 0; i < fixed.size(); ++i) {
    Wide sum = sums[i];
    if (s < 32) sum = std::clamp<Wide>(sum, -power_of_two(s - 1), power_of_two(s - 1) - 1);
    const Wide amount = floor_div(sum * u.multiplier(output_channel[i]), power_of_two(s));
    const int32_t r = thaw_r16(key, static_cast<uint32_t>(i)) / (1 << bits);
    const Wide w = fixed[i] - floor_div(amount + r, power_of_two(16 - bits));
    result.push_back(static_cast<int32_t>(std::clamp<Wide>(w, -(127 << bits), 127 << bits)));
  }
  return result;
}

void check_weights(Random& random, bool depthwise) {
  const int32_t depth_multiplier = depthwise ? random.integer(1, 3) : 1;
  const int32_t inputs = random.integer(1, 6);
  const thaw_depthwise layer = {
      random_geometry(random, inputs, depthwise ? inputs * depth_multiplier : random.integer(1, 6)),
      depth_multiplier};
  const thaw_conv2d& conv = layer.conv;
  const auto cin = static_cast<size_t>(conv.input_channels), cout = static_cast<size_t>(conv.output_channels);
  const auto taps = static_cast<size_t>(conv.kernel_height * conv.kernel_width);
  const int32_t selectable = depthwise ? conv.output_channels : conv.input_channels;
  const auto channels = random.subset(selectable, random.integer(1, selectable));
  const size_t count = channels.size();
  const size_t weights = (depthwise ? 1 : cout) * count * taps;
  const int32_t bits = 4 * random.integer(0, 2);

  const RandomUpdate u(random, conv.output_height * conv.output_width * conv.output_channels,
                       conv.output_channels);
  const auto input = random.values<int8_t>(conv.input_height * conv.input_width * conv.input_channels);
  const auto fixed = random.values<int32_t>(static_cast<int64_t>(weights), -(127 << bits), 127 << bits);

  std::vector<Wide> sums(weights);
  std::vector<size_t> output_channel(weights);
  for (size_t o = 0; o < (depthwise ? 1 : cout); ++o)
    for (size_t j = 0; j < count; ++j)
      for (size_t t = 0; t < taps; ++t)
        output_channel[(o * count + j) * taps + t] = depthwise ? channels[j] : o;
  for_each_tap(conv, [&](size_t out, size_t in, size_t tap) {
    for (size_t o = 0; o < (depthwise ? 1 : cout); ++o)
      for (size_t j = 0; j < count; ++j) {
        const size_t c = depthwise ? channels[j] : o;
        const size_t i = depthwise ? channels[j] / static_cast<size_t>(depth_multiplier) : channels[j];
        sums[(o * count + j) * taps + tap] +=
            static_cast<Wide>(u.gradient(out * cout + c)) * (input[in * cin + i] - conv.input_zero_point);
      }
  });
  const Packed expected = pack(moved(fixed, sums, output_channel, u, bits), bits);

  std::vector<int8_t> gathered;  // only the columns that the trained channels read, in their order
  for (size_t p = 0; p < input.size() / cin; ++p)
    for (uint16_t c : channels)
      gathered.push_back(input[p * cin + (depthwise ? c / static_cast<size_t>(depth_multiplier) : c)]);
  std::vector<int32_t> scratch(static_cast<size_t>(thaw_update_conv2d_weights_scratch_bytes(&conv) / 4));
  for (bool use_gathered : {false, true}) {
    Packed actual = pack(fixed, bits);
    const thaw_saved_input saved = {use_gathered ? gathered.data() : input.data(),
                                    static_cast<int32_t>(use_gathered ? count : cin), use_gathered};
    const thaw_trained_weights trained = {channels.data(), static_cast<int32_t>(count), bits,
                                          actual.high.data(), bits == 0 ? nullptr : actual.low.data()};
    if (depthwise) {
      thaw_update_depthwise_weights(&layer, &u.update, saved, &trained);
    } else {
      thaw_update_conv2d_weights(&conv, &u.update, saved, &trained, scratch.data());
    }
    ASSERT_EQ(actual.high, expected.high);
    ASSERT_EQ(actual.low, expected.low);
  }
}

TEST(UpdateWeights, ConvolutionFollowsTheRule) {
  Random random(18);
  for (int i = 0; i < 400; ++i) {
    SCOPED_TRACE(i);
    ASSERT_NO_FATAL_FAILURE(check_weights(random, false));
  }
}

TEST(UpdateWeights, DepthwiseFollowsTheRule) {
  Random random(19);
  for (int i = 0; i < 400; ++i) {
    SCOPED_TRACE(i);
    ASSERT_NO_FATAL_FAILURE(check_weights(random, true));
  }
}

// Packing by hand: F = 4, weights 5 + 3/16 (high 5, low 3) and -2 - 7/16 (high -2, low -7 = 9 in four bits).
// A gradient of 0 and rate 0 leaves both bytes as they are.
TEST(UpdateWeights, RateZeroChangesNothing) {
  const thaw_conv2d conv = {1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, -128, 127};
  const uint16_t channels[2] = {0, 1};
  int8_t high[2] = {5, -2};
  uint8_t low[1] = {0x93};
  const int8_t gradient[1] = {100}, input[2] = {50, -50};
  const int32_t mantissa = INT32_MAX;
  const thaw_update update = {{gradient, false}, -10, {&mantissa, 1, 10}, {0, 0, 1, 2}, 3};
  const thaw_trained_weights trained = {channels, 2, 4, high, low};
  int32_t scratch[16];
  thaw_update_conv2d_weights(&conv, &update, {input, 2, false}, &trained, scratch);
  EXPECT_THAT(high, ::testing::ElementsAre(5, -2));
  EXPECT_THAT(low, ::testing::ElementsAre(0x93));
}

}  // namespace
