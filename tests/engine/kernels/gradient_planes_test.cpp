// A gradient that passes a depthwise convolution may lie where the one did that it comes from: the same
// values as apart, for every kernel set.
#include "engine/kernels/gradient_planes.h"

#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

struct PlaneLayer {
  thaw_depthwise depthwise{};
  std::vector<int8_t> weights, trained_weights;
  std::vector<uint16_t> channels;
  std::vector<int32_t> mantissas;
};

/// Outputs as many as inputs, stride 1; some channels are trained.
PlaneLayer random_plane_layer(Random& random, int32_t channels) {
  PlaneLayer layer;
  thaw_conv2d& conv = layer.depthwise.conv;
  layer.depthwise.depth_multiplier = 1;
  conv.input_height = conv.output_height = random.integer(1, 6);
  conv.input_width = conv.output_width = random.integer(1, 6);
  conv.input_channels = conv.output_channels = channels;
  conv.kernel_height = 1 + 2 * random.integer(0, 3);
  conv.kernel_width = 1 + 2 * random.integer(0, 3);
  conv.stride_height = conv.stride_width = conv.dilation_height = conv.dilation_width = 1;
  conv.pad_top = conv.kernel_height / 2;
  conv.pad_left = conv.kernel_width / 2;
  const int32_t taps = thaw_conv2d_taps(&conv);
  layer.weights = random.values<int8_t>(taps * channels);
  layer.channels = random.subset(channels, random.integer(0, channels));
  for (uint16_t c : layer.channels)
    for (int32_t t = 0; t < taps; ++t) layer.weights[static_cast<size_t>(t * channels + c)] = 0;
  layer.trained_weights = random.values<int8_t>(taps * static_cast<int32_t>(layer.channels.size()));
  layer.mantissas = random.values<int32_t>(random.integer(0, 1) != 0 ? channels : 1, 0, INT32_MAX);
  return layer;
}

template <class T>
void expect_same_in_place(Random& random, int32_t bits) {
  const int32_t channels = random.integer(1, 13);
  const PlaneLayer layer = random_plane_layer(random, channels);
  const int32_t positions = layer.depthwise.conv.input_height * layer.depthwise.conv.input_width;
  const std::vector<T> source_values = random.values<T>(positions * channels, -(1 << bits), (1 << bits) - 1);
  const std::vector<uint8_t> mask = random.values<uint8_t>((positions * channels + 7) / 8);
  const thaw_trained_channels trained = {layer.channels.data(), static_cast<int32_t>(layer.channels.size()),
                                         layer.trained_weights.data()};
  thaw_gradient_source source{};
  source.kind = THAW_SOURCE_DEPTHWISE;
  source.exponent = -20;
  source.scale = {layer.mantissas.data(), static_cast<int32_t>(layer.mantissas.size()), -8};
  source.depthwise = &layer.depthwise;
  source.weights = layer.weights.data();
  source.trained = layer.channels.empty() ? nullptr : &trained;
  std::vector<T> in_place = source_values, apart(source_values.size());
  thaw_gradient_state states[2] = {{-24, 3}, {-24, 3}};
  for (int i = 0; i < 2; ++i) {
    source.gradient = {i == 0 ? source_values.data() : in_place.data(), bits > 7};
    const thaw_gradient_target target = {positions, channels, bits, mask.data(),
                                         i == 0 ? apart.data() : in_place.data()};
    ASSERT_EQ(thaw_gradient_is_in_place(&target, &source, 1), i == 1);
    const int32_t plane =
        positions * static_cast<int32_t>(sizeof(T)) + thaw_conv2d_taps(&layer.depthwise.conv);
    const int32_t words = thaw_gradient_scratch_bytes(&target, &source, 1) / 4;
    std::vector<int32_t> scratch(static_cast<size_t>(std::max(words, (plane + 3) / 4)));
    thaw_gradient_tensor(&target, &source, 1, -2, &states[i], scratch.data());
  }
  ASSERT_EQ(in_place, apart);
  ASSERT_EQ(states[1].exponent, states[0].exponent);
  ASSERT_EQ(states[1].quiet_steps, states[0].quiet_steps);
}

TEST(GradientPlanes, InPlaceEqualsApart) {
  Random random(21);
  for (int i = 0; i < 400 && !HasFatalFailure(); ++i) {
    SCOPED_TRACE(i);
    expect_same_in_place<int8_t>(random, 7);
    expect_same_in_place<int16_t>(random, random.integer(8, 14));
  }
}

}  // namespace
