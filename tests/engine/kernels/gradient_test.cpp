// Gradient tensors against the goldens of the exponent rule and against a two-pass reference in wide
// arithmetic, for every kind of source.
#include "engine/kernels/gradient.h"

#include <array>
#include <bit>

#include "engine/kernels/conv2d_input_gradient.h"
#include "engine/kernels/depthwise_input_gradient.h"
#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

// A pass whose scaling is the identity: mantissa 2^30 and shift 33 divide by 8, values are given times 8.
TEST(Gradient, ScanEqualsTheGoldens) {
  const auto vectors = golden("integer/exponent.json");
  ASSERT_EQ(vectors.at("scan").size(), 16u);
  for (const auto& v : vectors.at("scan")) {
    auto values = v.at("v").get<std::vector<int32_t>>();
    const int32_t mantissa = 1 << 30;
    for (int32_t& value : values) value *= 8;
    const thaw_gradient_pass pass = {
        0, 1, {{&mantissa, 1, 0}, {}}, {33, 0}, static_cast<int32_t>(values.size()), v.at("b"), nullptr};
    const int32_t* rows[2] = {values.data(), nullptr};
    std::vector<int16_t> stored(values.size());
    const uint32_t magnitudes = thaw_gradient_row_s16(&pass, rows, 0, stored.data());
    EXPECT_EQ(magnitudes, v.at("or").get<uint32_t>()) << v;
    EXPECT_EQ(std::bit_width(magnitudes), v.at("L").get<int>()) << v;
    EXPECT_EQ(stored, v.at("stored").get<std::vector<int16_t>>()) << v;
  }
}

// Some vectors were made with a patience of 4 steps: a count of c there is one of c + 28 with the
// contract's 32.
TEST(Gradient, ExponentRuleEqualsTheGoldens) {
  const auto vectors = golden("integer/exponent.json");
  ASSERT_EQ(vectors.at("rule").size(), 90u);
  for (const auto& v : vectors.at("rule")) {
    ASSERT_EQ(v.at("T").get<int>(), THAW_GRADIENT_HEADROOM);
    const int later = THAW_GRADIENT_PATIENCE - v.at("D").get<int>();
    const int length = v.at("L");
    const uint32_t magnitudes = length == 0 ? 0 : 1U << (length - 1);
    const thaw_gradient_state state = {v.at("e"), static_cast<uint8_t>(v.at("cnt").get<int>() + later)};
    const thaw_gradient_state next = thaw_gradient_finish(state, magnitudes, v.at("b"), v.at("used"));
    const int count = v.at("cnt2");
    EXPECT_EQ(next.exponent, v.at("e2").get<int>()) << v;
    EXPECT_EQ(next.quiet_steps, count == 0 ? 0 : count + later) << v;
  }
}

TEST(Gradient, ExponentStaysInsideInt8) {
  thaw_gradient_state state = {-128, 31};
  state = thaw_gradient_finish(state, 0, 7, -128);
  EXPECT_EQ(state.exponent, -128);
  EXPECT_EQ(state.quiet_steps, 0);
  EXPECT_EQ(thaw_gradient_finish({0, 0}, UINT32_MAX, 7, 120).exponent, 127);
}

// Shifts by hand: one source. 31 - ex + E_T - E_src = 31 - (-8) + (-20 - 2) - (-30) = 47.
TEST(Gradient, BeginChoosesTheShifts) {
  const int32_t mantissa = 1 << 30;
  thaw_gradient_pass pass = {0, 1, {{&mantissa, 1, -8}, {}}, {0, 0}, 1, 7, nullptr};
  const int32_t one[1] = {-30};
  thaw_gradient_begin(&pass, {-20, 0}, -2, one);
  EXPECT_EQ(pass.exponent, -22);
  EXPECT_EQ(pass.shifts[0], 47);
  // Too fine: 31 + 8 - 64 + 30 = 5 lacks 28, the exponent rises by as much.
  thaw_gradient_begin(&pass, {-64, 0}, 0, one);
  EXPECT_EQ(pass.exponent, -36);
  EXPECT_EQ(pass.shifts[0], 33);
  // Too coarse: 31 + 8 + 0 + 30 = 69 becomes 62, the exponent stays.
  thaw_gradient_begin(&pass, {0, 0}, 0, one);
  EXPECT_EQ(pass.exponent, 0);
  EXPECT_EQ(pass.shifts[0], 62);
  // Two sources, shifts 5 and 45: both rise by 28, the second is then limited.
  pass.source_count = 2;
  pass.scales[1] = {&mantissa, 1, -8};
  const int32_t two[2] = {-30, -70};
  thaw_gradient_begin(&pass, {-64, 0}, 0, two);
  EXPECT_EQ(pass.exponent, -36);
  EXPECT_EQ(pass.shifts[0], 33);
  EXPECT_EQ(pass.shifts[1], 62);
}

// One random source of every kind, with its int32 values worked out for the whole tensor by other means.
struct Source {
  thaw_gradient_source source{};
  thaw_depthwise layer{};
  std::vector<int32_t> mantissas, accumulators;
  std::vector<int8_t> weights, trained_weights, gradient8;
  std::vector<int16_t> gradient16;
  std::vector<uint16_t> channels;
  thaw_trained_channels trained{};
  std::vector<int32_t> expected;  // [positions][channels], before scaling
  int32_t expected_exponent = 0;
};

thaw_gradient_values random_gradient(Random& random, Source& s, int64_t count) {
  if (random.integer(0, 1) != 0) {
    s.gradient16 = random.values<int16_t>(count, -16384, 16383);
    return {s.gradient16.data(), true};
  }
  s.gradient8 = random.values<int8_t>(count);
  return {s.gradient8.data(), false};
}

// A layer that reads a tensor of height x width x channels.
void make_layer(Random& random, Source& s, bool depthwise, int32_t height, int32_t width, int32_t channels) {
  thaw_conv2d& conv = s.layer.conv;
  s.layer.depth_multiplier = depthwise ? random.integer(1, 2) : 1;
  conv = random_geometry(random, channels,
                         depthwise ? channels * s.layer.depth_multiplier : random.integer(1, 12));
  conv.input_height = height;
  conv.input_width = width;
  conv.output_height = (height + conv.stride_height - 1) / conv.stride_height;
  conv.output_width = (width + conv.stride_width - 1) / conv.stride_width;
  const int32_t taps = conv.kernel_height * conv.kernel_width;
  const int32_t lines = depthwise ? 1 : conv.output_channels;
  const int32_t width_of_line = depthwise ? conv.output_channels : channels;
  s.weights = random.values<int8_t>(lines * taps * width_of_line);
  s.channels = random.subset(width_of_line, random.integer(0, width_of_line));
  for (int32_t o = 0; o < lines; ++o)
    for (uint16_t i : s.channels)
      for (int32_t t = 0; t < taps; ++t)
        s.weights[static_cast<size_t>((o * taps + t) * width_of_line + i)] = 0;
  s.trained_weights = random.values<int8_t>(lines * taps * static_cast<int32_t>(s.channels.size()));
  s.trained = {s.channels.data(), static_cast<int32_t>(s.channels.size()), s.trained_weights.data()};
  s.source.gradient =
      random_gradient(random, s, conv.output_height * conv.output_width * conv.output_channels);
}

void make_source(Random& random, Source& s, int kind, int32_t height, int32_t width, int32_t channels) {
  const int32_t positions = height * width;
  const auto row = static_cast<size_t>(channels);
  thaw_gradient_source& source = s.source;
  source.kind = static_cast<thaw_gradient_source_kind>(kind);
  source.exponent = random.integer(-60, -20);
  const int32_t mantissa_count = random.integer(0, 1) != 0 ? channels : 1;
  s.mantissas = random.values<int32_t>(mantissa_count, 0, INT32_MAX);
  source.scale = {s.mantissas.data(), mantissa_count, random.integer(-20, 2)};
  s.expected_exponent = source.exponent;
  s.expected.resize(static_cast<size_t>(positions) * row);
  switch (source.kind) {
    case THAW_SOURCE_FEATURES:
      s.accumulators = random.values<int32_t>(channels, -(1 << 30), 1 << 30);
      for (size_t i = 0; i < s.expected.size(); ++i) s.expected[i] = s.accumulators[i % row];
      break;
    case THAW_SOURCE_ELEMENTS:
      s.accumulators = s.expected = random.values<int32_t>(positions * channels, -(1 << 30), 1 << 30);
      break;
    case THAW_SOURCE_ROWS:  // never drawn here: operators with a function of their own have tests of their
                            // own
      break;
    case THAW_SOURCE_STORED:
      source.gradient = random_gradient(random, s, positions * channels);
      for (size_t i = 0; i < s.expected.size(); ++i)
        s.expected[i] = 65536 * (s.gradient8.empty() ? s.gradient16[i] : s.gradient8[i]);
      s.expected_exponent -= 16;
      break;
    case THAW_SOURCE_CONV2D:
    case THAW_SOURCE_DEPTHWISE: {
      const bool depthwise = source.kind == THAW_SOURCE_DEPTHWISE;
      // The layer reads the target in its own shape, or in another one.
      const int32_t shapes[][3] = {{height, width, channels},   {height, width, channels},
                                   {height, width, channels},   {1, 1, positions * channels},
                                   {channels, width, height},   {width, height, channels},
                                   {1, positions * channels, 1}};
      const auto [rows, columns, depth] = shapes[random.integer(0, 6)];
      make_layer(random, s, depthwise, rows, columns, depth);
      source.weights = s.weights.data();
      source.trained = s.channels.empty() ? nullptr : &s.trained;
      source.conv = &s.layer.conv;
      source.depthwise = &s.layer;
      // The row kernels are proven in conv2d_test.cpp.
      for (int32_t p = 0; p < rows * columns; ++p) {
        const thaw_input_channels at = {p / columns, p % columns, 0, depth};
        int32_t* to = s.expected.data() + p * depth;
        if (depthwise) {
          thaw_depthwise_input_gradient_row(&s.layer, source.gradient, source.weights, source.trained, &at,
                                            to);
        } else {
          thaw_conv2d_input_gradient_row(&s.layer.conv, source.gradient, source.weights, source.trained, &at,
                                         to);
        }
      }
      break;
    }
  }
  source.accumulators = s.accumulators.data();
}

struct Expected {
  std::vector<int64_t> values;
  int32_t exponent;
  thaw_gradient_state state;
};

// Section 6 word by word: exact products, floor division, two passes.
Expected reference(const std::vector<Source>& sources, int32_t channels, int32_t bits,
                   const std::vector<uint8_t>& mask, thaw_gradient_state state, int32_t offset) {
  Expected result{{}, state.exponent + offset, state};
  std::vector<int> shifts;
  for (const Source& s : sources)
    shifts.push_back(31 - s.source.scale.exponent + result.exponent - s.expected_exponent);
  const int smallest = *std::min_element(shifts.begin(), shifts.end());
  if (smallest < 33) {
    result.exponent += 33 - smallest;
    for (int& shift : shifts) shift += 33 - smallest;
  }
  uint64_t largest = 0;  // of v for v >= 0, of -v - 1 otherwise
  for (size_t i = 0; i < sources[0].expected.size(); ++i) {
    int64_t v = 0;
    for (size_t j = 0; j < sources.size(); ++j) {
      const size_t c = sources[j].mantissas.size() == 1 ? 0 : i % static_cast<size_t>(channels);
      v += halves_up(static_cast<Wide>(sources[j].expected[i]) * sources[j].mantissas[c],
                     std::min(shifts[j], 62));
    }
    if (!mask.empty() && (mask[i / 8] >> (i % 8) & 1) == 0) v = 0;
    largest = std::max(largest, static_cast<uint64_t>(v < 0 ? -v - 1 : v));
    result.values.push_back(std::clamp<int64_t>(v, -(1 << bits), (1 << bits) - 1));
  }
  const auto length = static_cast<int>(std::bit_width(largest));
  const int used = result.exponent - offset;
  int e = state.exponent, count = 0;
  if (length > bits) {
    e = used + length - bits;
  } else if (length <= bits - 3) {
    count = state.quiet_steps + 1;
    if (count == 32) {
      e = used - 1;
      count = 0;
    }
  }
  result.state = {static_cast<int8_t>(std::clamp(e, -128, 127)), static_cast<uint8_t>(count)};
  return result;
}

TEST(Gradient, TensorEqualsTheTwoPassReference) {
  Random random(15);
  std::array<int, 3> outcomes{};  // saturated, quiet, in between: the test must see all
  for (int i = 0; i < 1500; ++i) {
    SCOPED_TRACE(i);
    const int32_t height = random.integer(1, 5), width = random.integer(1, 5),
                  channels = random.integer(1, 7);
    const int32_t bits = random.integer(0, 1) != 0 ? 7 : random.integer(8, 14);
    std::vector<Source> sources(static_cast<size_t>(random.integer(1, 2)));
    for (Source& s : sources) make_source(random, s, random.integer(0, 4), height, width, channels);
    // Two full-scale sources at the same shift may only fill three quarters of the range each.
    if (sources.size() == 2)
      for (Source& s : sources)
        for (int32_t& m : s.mantissas) m = m / 4 * 3;
    std::vector<uint8_t> mask;
    if (random.integer(0, 3) != 0) mask = random.values<uint8_t>((height * width * channels + 7) / 8);
    thaw_gradient_state state = {static_cast<int8_t>(random.integer(-64, 0)),
                                 static_cast<uint8_t>(random.integer(0, 31))};
    const int32_t offset = -random.integer(0, 14);
    const Expected expected = reference(sources, channels, bits, mask, state, offset);
    outcomes[expected.state.exponent != state.exponent ? 0 : expected.state.quiet_steps != 0 ? 1 : 2]++;

    std::vector<int8_t> out8(expected.values.size());
    std::vector<int16_t> out16(expected.values.size());
    void* values = bits == 7 ? static_cast<void*>(out8.data()) : out16.data();
    const thaw_gradient_target target = {height * width, channels, bits, mask.empty() ? nullptr : mask.data(),
                                         values};
    std::vector<thaw_gradient_source> list;
    for (const Source& s : sources) list.push_back(s.source);
    std::vector<int32_t> scratch(static_cast<size_t>(thaw_gradient_scratch_bytes(
                                     &target, list.data(), static_cast<int32_t>(list.size()))) /
                                 4);
    const int32_t exponent = thaw_gradient_tensor(&target, list.data(), static_cast<int32_t>(list.size()),
                                                  offset, &state, scratch.data());
    ASSERT_EQ(exponent, expected.exponent);
    ASSERT_EQ(state.exponent, expected.state.exponent);
    ASSERT_EQ(state.quiet_steps, expected.state.quiet_steps);
    const std::vector<int64_t> actual = bits == 7 ? std::vector<int64_t>(out8.begin(), out8.end())
                                                  : std::vector<int64_t>(out16.begin(), out16.end());
    ASSERT_EQ(actual, expected.values);
  }
  for (int outcome : outcomes) EXPECT_GE(outcome, 30);
}

// An add's gradient may be turned into its producer's in the same place.
TEST(Gradient, StoredSourceMayBeTheTarget) {
  Random random(16);
  const int32_t mantissa = 1234567890;
  auto in_place = random.values<int8_t>(60);
  const auto source_values = in_place;
  std::vector<int8_t> apart(60);
  thaw_gradient_source source{};
  source.kind = THAW_SOURCE_STORED;
  source.exponent = -20;
  source.scale = {&mantissa, 1, 0};
  int32_t scratch[4];
  for (int8_t* target_values : {apart.data(), in_place.data()}) {
    source.gradient = {target_values == apart.data() ? source_values.data() : in_place.data(), false};
    const thaw_gradient_target target = {15, 4, 7, nullptr, target_values};
    thaw_gradient_state state = {-21, 0};
    thaw_gradient_tensor(&target, &source, 1, 0, &state, scratch);
  }
  EXPECT_EQ(in_place, apart);
  EXPECT_NE(in_place, source_values);
}

// A tensor that is always 0 gets finer one step in 32, and jumps up by the missing bits at the first value.
TEST(Gradient, ExponentFollowsTheValues) {
  const int32_t mantissa = 1 << 30;  // with exponent 1: a factor of 1
  int32_t value = 0;
  int8_t stored = 0;
  int32_t scratch[1];
  thaw_gradient_source source{};
  source.kind = THAW_SOURCE_ELEMENTS;
  source.accumulators = &value;
  source.exponent = -40;
  source.scale = {&mantissa, 1, 1};
  const thaw_gradient_target target = {1, 1, 7, nullptr, &stored};
  thaw_gradient_state state = {-20, 0};
  for (int step = 0; step < 64; ++step) thaw_gradient_tensor(&target, &source, 1, 0, &state, scratch);
  EXPECT_EQ(state.exponent, -22);
  value = 1 << 27;  // 2^-13 = 2^9 * 2^-22: ten bits, three too many
  EXPECT_EQ(thaw_gradient_tensor(&target, &source, 1, 0, &state, scratch), -22);
  EXPECT_EQ(stored, 127);
  EXPECT_EQ(state.exponent, -19);
  thaw_gradient_tensor(&target, &source, 1, 0, &state, scratch);
  EXPECT_EQ(stored, 64);
  EXPECT_EQ(state.exponent, -19);
}

}  // namespace
