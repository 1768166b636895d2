// Convolution and depthwise convolution, forward and input gradient, against scatter-form references in 64
// bits on random shapes: strides, paddings, dilations, 1x1 to 7x7, sparse trained channels.
#include "engine/kernels/conv2d.h"

#include "engine/kernels/conv2d_input_gradient.h"
#include "engine/kernels/depthwise_conv2d.h"
#include "engine/kernels/depthwise_input_gradient.h"
#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

// A layer with all weights in one place (`all`: conv [Cout][taps][Cin], depthwise [taps][Cout]) and the same
// weights split into frozen ones (0 where trained) and trained ones, as the kernels take them.
struct Layer {
  thaw_depthwise depthwise{};  // a plain convolution uses .conv only
  std::vector<int8_t> all, frozen, trained_weights;
  std::vector<uint16_t> channels;
  thaw_trained_channels trained{};
  bool no_frozen = false;  // all channels trained: the frozen weights may be absent

  const thaw_conv2d& conv() const { return depthwise.conv; }
  size_t taps() const { return static_cast<size_t>(conv().kernel_height * conv().kernel_width); }
  const int8_t* frozen_or_null() const { return no_frozen ? nullptr : frozen.data(); }
  const thaw_trained_channels* trained_or_null() const { return channels.empty() ? nullptr : &trained; }
};

// How many channels of n are trained: none, some, or all.
int32_t trained_count(Random& random, int32_t n) {
  const int32_t kind = random.integer(0, 2);
  return kind == 0 ? 0 : kind == 1 ? random.integer(1, n) : n;
}

void random_conv(Random& random, Layer& layer) {
  const int32_t most = random.integer(0, 4) == 0 ? 40 : 9;  // wide ones reach the unrolled loops
  layer.depthwise.conv = random_geometry(random, random.integer(1, most), random.integer(1, most));
  const auto cin = static_cast<size_t>(layer.conv().input_channels);
  const auto cout = static_cast<size_t>(layer.conv().output_channels);
  layer.all = layer.frozen = random.values<int8_t>(static_cast<int64_t>(cout * layer.taps() * cin));
  layer.channels =
      random.subset(layer.conv().input_channels, trained_count(random, layer.conv().input_channels));
  for (size_t o = 0; o < cout; ++o)
    for (uint16_t i : layer.channels)
      for (size_t t = 0; t < layer.taps(); ++t) {
        int8_t& weight = layer.frozen[(o * layer.taps() + t) * cin + i];
        layer.trained_weights.push_back(weight);
        weight = 0;
      }
  layer.no_frozen = layer.channels.size() == cin;
  layer.trained = {layer.channels.data(), static_cast<int32_t>(layer.channels.size()),
                   layer.trained_weights.data()};
}

void random_depthwise(Random& random, Layer& layer) {
  const int32_t multiplier = random.integer(1, 3);
  const int32_t inputs = random.integer(1, 7);
  layer.depthwise = {random_geometry(random, inputs, inputs * multiplier), multiplier};
  const auto cout = static_cast<size_t>(layer.conv().output_channels);
  layer.all = layer.frozen = random.values<int8_t>(static_cast<int64_t>(cout * layer.taps()));
  layer.channels =
      random.subset(layer.conv().output_channels, trained_count(random, layer.conv().output_channels));
  for (uint16_t c : layer.channels)
    for (size_t t = 0; t < layer.taps(); ++t) {
      layer.trained_weights.push_back(layer.frozen[t * cout + c]);
      layer.frozen[t * cout + c] = 0;
    }
  layer.no_frozen = layer.channels.size() == cout;
  layer.trained = {layer.channels.data(), static_cast<int32_t>(layer.channels.size()),
                   layer.trained_weights.data()};
}

// Calls visit(input element, output element, weight) for every product of the layer.
template <class Visit>
void for_each_product(const Layer& layer, bool depthwise, Visit visit) {
  const auto cin = static_cast<size_t>(layer.conv().input_channels);
  const auto cout = static_cast<size_t>(layer.conv().output_channels);
  for_each_tap(layer.conv(), [&](size_t out, size_t in, size_t tap) {
    for (size_t o = 0; o < cout; ++o)
      for (size_t i = 0; i < cin; ++i) {
        if (depthwise && o / (cout / cin) != i) continue;
        const size_t weight = depthwise ? tap * cout + o : (o * layer.taps() + tap) * cin + i;
        visit(in * cin + i, out * cout + o, layer.all[weight]);
      }
  });
}

size_t input_elements(const thaw_conv2d& conv) {
  return static_cast<size_t>(conv.input_height * conv.input_width * conv.input_channels);
}
size_t output_elements(const thaw_conv2d& conv) {
  return static_cast<size_t>(conv.output_height * conv.output_width * conv.output_channels);
}

size_t scratch_words(const Layer& layer, bool depthwise) {
  const int32_t bytes = depthwise ? thaw_depthwise_scratch_bytes(&layer.depthwise)
                                  : thaw_conv2d_scratch_bytes(&layer.conv(), !layer.no_frozen,
                                                              static_cast<int32_t>(layer.channels.size()));
  EXPECT_EQ(bytes % 4, 0);
  return static_cast<size_t>(bytes / 4);
}

void check_forward(Random& random, const Layer& layer, bool depthwise) {
  const thaw_conv2d& conv = layer.conv();
  const auto input = random.values<int8_t>(static_cast<int64_t>(input_elements(conv)));
  const OutputStage stage = random_output_stage(random, conv.output_channels, 60000);
  const bool with_bias = random.integer(0, 3) != 0;
  std::vector<int32_t> scratch(scratch_words(layer, depthwise));

  std::vector<int64_t> sums(output_elements(conv));
  for_each_product(layer, depthwise, [&](size_t in, size_t out, int64_t weight) {
    sums[out] += weight * (input[in] - conv.input_zero_point);
  });
  for (size_t i = 0; i < sums.size(); ++i) {
    const size_t c = i % static_cast<size_t>(conv.output_channels);
    sums[i] = requantize(sums[i] + (with_bias ? stage.bias[c] : 0), stage.multipliers[c], stage.shifts[c]) +
              conv.output_zero_point;
  }
  const Clamped expected = clamp_all(sums, conv.clamp_low, conv.clamp_high);

  Clamped actual{std::vector<int8_t>(sums.size(), 55), std::vector<uint8_t>((sums.size() + 7) / 8, 0xAA)};
  std::vector<int8_t> without_mask(sums.size(), 55);
  const int32_t* bias = with_bias ? stage.bias.data() : nullptr;
  for (int pass = 0; pass < 2; ++pass) {
    int8_t* output = pass == 0 ? actual.output.data() : without_mask.data();
    uint8_t* mask = pass == 0 ? actual.mask.data() : nullptr;
    if (depthwise) {
      thaw_depthwise_conv2d_s8(&layer.depthwise, input.data(), layer.frozen_or_null(),
                               layer.trained_or_null(), bias, stage.multipliers.data(), stage.shifts.data(),
                               output, mask, scratch.data());
    } else {
      thaw_conv2d_s8(&conv, input.data(), layer.frozen_or_null(), layer.trained_or_null(), bias,
                     stage.multipliers.data(), stage.shifts.data(), output, mask, scratch.data());
    }
  }
  ASSERT_EQ(actual.output, expected.output);
  ASSERT_EQ(actual.mask, expected.mask);
  ASSERT_EQ(without_mask, expected.output);
}

template <class T>
void check_input_gradient(Random& random, const Layer& layer, bool depthwise, int32_t bits) {
  const thaw_conv2d& conv = layer.conv();
  const auto gradient =
      random.values<T>(static_cast<int64_t>(output_elements(conv)), -(1 << bits), (1 << bits) - 1);
  std::vector<int64_t> expected(input_elements(conv));
  for_each_product(layer, depthwise,
                   [&](size_t in, size_t out, int64_t weight) { expected[in] += weight * gradient[out]; });

  std::vector<int64_t> actual;
  const thaw_gradient_values values = {gradient.data(), sizeof(T) == 2};
  for (int32_t y = 0; y < conv.input_height; ++y) {
    for (int32_t x = 0; x < conv.input_width; ++x) {
      for (int32_t first = 0; first < conv.input_channels;) {
        const thaw_input_channels at = {y, x, first, random.integer(1, conv.input_channels - first)};
        std::vector<int32_t> row(static_cast<size_t>(at.count), 77);
        if (depthwise) {
          thaw_depthwise_input_gradient_row(&layer.depthwise, values, layer.frozen_or_null(),
                                            layer.trained_or_null(), &at, row.data());
        } else {
          thaw_conv2d_input_gradient_row(&conv, values, layer.frozen_or_null(), layer.trained_or_null(), &at,
                                         row.data());
        }
        actual.insert(actual.end(), row.begin(), row.end());
        first += at.count;
      }
    }
  }
  ASSERT_EQ(actual, expected);
}

TEST(Conv2d, EqualsTheScatterFormOnRandomShapes) {
  Random random(2);
  for (int i = 0; i < 300; ++i) {
    SCOPED_TRACE(i);
    Layer layer;
    random_conv(random, layer);
    ASSERT_NO_FATAL_FAILURE(check_forward(random, layer, false));
  }
}

TEST(Conv2d, OnePixelNeedsNoScratch) {
  Random random(12);
  int found = 0;
  for (int i = 0; i < 100000 && found < 60; ++i) {
    Layer layer;
    random_conv(random, layer);
    if (!thaw_conv2d_is_one_pixel(&layer.conv()) || !layer.channels.empty()) continue;
    SCOPED_TRACE(i);
    ASSERT_EQ(scratch_words(layer, false), 0U);
    ASSERT_NO_FATAL_FAILURE(check_forward(random, layer, false));
    ++found;
  }
  EXPECT_EQ(found, 60);
}

TEST(Conv2d, InputGradientIsTheTransposedConvolution) {
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE(i);
    Layer layer;
    random_conv(random, layer);
    ASSERT_NO_FATAL_FAILURE(check_input_gradient<int8_t>(random, layer, false, 7));
    ASSERT_NO_FATAL_FAILURE(check_input_gradient<int16_t>(random, layer, false, random.integer(8, 14)));
  }
}

TEST(DepthwiseConv2d, EqualsTheScatterFormOnRandomShapes) {
  Random random(4);
  for (int i = 0; i < 300; ++i) {
    SCOPED_TRACE(i);
    Layer layer;
    random_depthwise(random, layer);
    ASSERT_NO_FATAL_FAILURE(check_forward(random, layer, true));
  }
}

TEST(DepthwiseConv2d, InputGradientIsTheTransposedConvolution) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE(i);
    Layer layer;
    random_depthwise(random, layer);
    ASSERT_NO_FATAL_FAILURE(check_input_gradient<int8_t>(random, layer, true, 7));
    ASSERT_NO_FATAL_FAILURE(check_input_gradient<int16_t>(random, layer, true, random.integer(8, 14)));
  }
}

// An input whose buffer takes the output: stride 1, the same shape, one output channel for each input
// channel.
TEST(DepthwiseConv2d, MayRunInPlace) {
  Random random(6);
  for (int i = 0; i < 100; ++i) {
    SCOPED_TRACE(i);
    thaw_depthwise layer{random_geometry(random, random.integer(1, 9), 1), 1};
    thaw_conv2d& conv = layer.conv;
    conv.input_height = conv.output_height = random.integer(1, 20);
    conv.input_width = conv.output_width = random.integer(1, 20);
    conv.output_channels = conv.input_channels;
    conv.stride_height = conv.stride_width = 1;
    conv.pad_top = thaw_conv2d_reach_height(&conv) / 2;
    conv.pad_left = thaw_conv2d_reach_width(&conv) / 2;
    const auto weights = random.values<int8_t>(thaw_conv2d_taps(&conv) * conv.output_channels);
    const OutputStage stage = random_output_stage(random, conv.output_channels, 60000);
    auto in_place = random.values<int8_t>(static_cast<int64_t>(input_elements(conv)));
    const auto input = in_place;
    std::vector<int8_t> apart(in_place.size());
    std::vector<int32_t> scratch(static_cast<size_t>(thaw_depthwise_scratch_bytes(&layer) / 4));
    for (int8_t* output : {apart.data(), in_place.data()})
      thaw_depthwise_conv2d_s8(&layer, output == apart.data() ? input.data() : in_place.data(),
                               weights.data(), nullptr, stage.bias.data(), stage.multipliers.data(),
                               stage.shifts.data(), output, nullptr, scratch.data());
    ASSERT_EQ(in_place, apart);
  }
}

// By hand: 1x1 image, 3x3 kernel with padding 1: only the centre counts. (5 - 2) * 4 + 1 = 13, times 1/2
// is 6.5, away from zero 7, plus 10.
TEST(Conv2d, ByHand) {
  thaw_conv2d conv = {1, 1, 1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 2, 10, -128, 127};
  const int8_t input = 5;
  const int8_t weights[9] = {9, 9, 9, 9, 4, 9, 9, 9, 9};
  const int32_t bias = 1, multiplier = 1 << 30;
  const int8_t shift = 0;
  int8_t output = 0;
  uint8_t mask = 0xFF;
  int32_t scratch[64];
  thaw_conv2d_s8(&conv, &input, weights, nullptr, &bias, &multiplier, &shift, &output, &mask, scratch);
  EXPECT_EQ(output, 17);
  EXPECT_EQ(mask, 1);  // not clamped; the other seven bits are written too
  conv.clamp_high = 17;
  thaw_conv2d_s8(&conv, &input, weights, nullptr, &bias, &multiplier, &shift, &output, &mask, scratch);
  EXPECT_EQ(mask, 1);  // a value that equals the limit is not clamped
  conv.clamp_high = 16;
  thaw_conv2d_s8(&conv, &input, weights, nullptr, &bias, &multiplier, &shift, &output, &mask, scratch);
  EXPECT_EQ(output, 16);
  EXPECT_EQ(mask, 0);
}

// The largest sum that the bias limit allows stays inside int32.
TEST(Conv2d, SumsReachTheEdgeOfInt32) {
  const int32_t products = 64;
  const thaw_conv2d conv = {1, 1, products, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, -128, 0, -128, 127};
  const std::vector<int8_t> input(products, 127), weights(products, 127);
  const int32_t bias = INT32_MAX - products * 255 * 127, multiplier = 1 << 30;
  const int8_t shift = -25;
  int32_t scratch[256];
  int8_t output = 0;
  thaw_conv2d_s8(&conv, input.data(), weights.data(), nullptr, &bias, &multiplier, &shift, &output, nullptr,
                 scratch);
  EXPECT_EQ(output, requantize(INT32_MAX, multiplier, shift));
}

}  // namespace
