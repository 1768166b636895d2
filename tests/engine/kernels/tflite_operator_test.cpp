// The operators without weights against tensors dumped from TensorFlow Lite Micro
// (tests/golden/tflm/synthetic): add, pooling, mean, pad, transpose, softmax, quantise, dequantise.
// Parameters follow the rules of that folder's README.
#include <array>
#include <cstring>

#include "engine/kernels/add.h"
#include "engine/kernels/average_pool2d.h"
#include "engine/kernels/dequantize.h"
#include "engine/kernels/max_pool2d.h"
#include "engine/kernels/mean.h"
#include "engine/kernels/pad.h"
#include "engine/kernels/quantize.h"
#include "engine/kernels/requantize.h"
#include "engine/kernels/softmax.h"
#include "engine/kernels/transpose.h"
#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

struct Tensor {
  std::vector<int32_t> shape;
  float scale = 0;
  int32_t zero_point = 0;
  std::vector<std::vector<char>> runs;  // bytes of each run

  std::array<int32_t, 4> shape4() const {
    std::array<int32_t, 4> result = {1, 1, 1, 1};
    std::copy_backward(shape.begin(), shape.end(), result.end());
    return result;
  }
  int32_t elements() const {
    int32_t n = 1;
    for (int32_t d : shape) n *= d;
    return n;
  }
  template <class T>
  std::vector<T> values(size_t run) const {
    std::vector<T> result(runs.at(run).size() / sizeof(T));
    std::memcpy(result.data(), runs[run].data(), runs[run].size());
    return result;
  }
};

// The activations of a case with one operator, in order: inputs, then the output.
std::vector<Tensor> read_case(const std::string& name) {
  const auto index = golden("tflm/synthetic/" + name + "/index.json");
  std::ifstream file(golden_folder() / "tflm/synthetic" / name / "tensors.bin", std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<Tensor> tensors;
  for (const auto& t : index.at("tensors")) {
    Tensor tensor;
    tensor.shape = t.at("shape").get<std::vector<int32_t>>();
    if (t.contains("scale")) {
      tensor.scale = t.at("scale").get<float>();
      tensor.zero_point = t.at("zero_point");
    }
    for (const auto& run : index.at("runs")) {
      for (const auto& entry : run.at("tensors")) {
        if (entry.at("index") != t.at("index")) continue;
        const auto begin = bytes.begin() + entry.at("offset").get<std::ptrdiff_t>();
        EXPECT_EQ(entry.at("stored"), t.at("bytes")) << name << ": the whole tensor is stored";
        tensor.runs.emplace_back(begin, begin + entry.at("stored").get<std::ptrdiff_t>());
      }
    }
    tensors.push_back(tensor);
  }
  EXPECT_GE(tensors.at(0).runs.size(), 1u);
  return tensors;
}

struct Clamp {
  int32_t low = -128, high = 127;
};
Clamp relu6(const Tensor& t) {
  return {std::max(-128, t.zero_point),
          std::min(127, t.zero_point + static_cast<int32_t>(std::lround(6.0F / t.scale)))};
}

thaw_add add_parameters(const Tensor& a, const Tensor& b, const Tensor& y, Clamp clamp) {
  const double twice = 2 * std::max<double>(a.scale, b.scale);
  const Multiplier m1 = quantize_multiplier(a.scale / twice);
  const Multiplier m2 = quantize_multiplier(b.scale / twice);
  const Multiplier m = quantize_multiplier(twice / (1048576.0 * y.scale));
  return {y.elements(), a.zero_point, m1.mantissa, m1.shift, b.zero_point, m2.mantissa,
          m2.shift,     y.zero_point, m.mantissa,  m.shift,  clamp.low,    clamp.high};
}

TEST(Add, EqualsTflite) {
  for (const char* name :
       {"add_diff", "add_ratio_1000", "add_relu6_sat", "add_same", "add_self", "add_small_out"}) {
    SCOPED_TRACE(name);
    const auto tensors = read_case(name);
    const Tensor& a = tensors.front();
    const Tensor& b = tensors.at(tensors.size() - 2);  // the same tensor in add_self
    const Tensor& y = tensors.back();
    const Clamp clamp = std::string(name) == "add_relu6_sat" ? relu6(y) : Clamp{};
    const thaw_add add = add_parameters(a, b, y, clamp);
    for (size_t run = 0; run < y.runs.size(); ++run) {
      std::vector<int8_t> in1 = a.values<int8_t>(run), in2 = b.values<int8_t>(run), out(in1.size());
      thaw_add_s8(&add, in1.data(), in2.data(), out.data(), nullptr);
      EXPECT_EQ(out, y.values<int8_t>(run));
      // In place, over either input.
      std::vector<int8_t> over1 = in1, over2 = in2;
      thaw_add_s8(&add, over1.data(), in2.data(), over1.data(), nullptr);
      thaw_add_s8(&add, in1.data(), over2.data(), over2.data(), nullptr);
      EXPECT_EQ(over1, out);
      EXPECT_EQ(over2, out);
    }
  }
}

TEST(Add, MaskTellsWhatWasClamped) {
  Random random(6);
  for (int i = 0; i < 50; ++i) {
    const int32_t n = random.integer(1, 40);
    const auto a = random.values<int8_t>(n), b = random.values<int8_t>(n);
    const double s1 = random.integer(1, 99), s2 = random.integer(1, 99), sy = random.integer(1, 150);
    const Multiplier m1 = quantize_multiplier(s1 / (2 * std::max(s1, s2)));
    const Multiplier m2 = quantize_multiplier(s2 / (2 * std::max(s1, s2)));
    const Multiplier m = quantize_multiplier(2 * std::max(s1, s2) / (1048576 * sy));
    const thaw_add add = {n,        random.integer(-128, 127), m1.mantissa,
                          m1.shift, random.integer(-128, 127), m2.mantissa,
                          m2.shift, random.integer(-128, 127), m.mantissa,
                          m.shift,  random.integer(-128, -1),  random.integer(0, 127)};
    std::vector<int64_t> values;
    for (size_t e = 0; e < a.size(); ++e) {
      const int64_t x1 = requantize((a[e] - add.input1_zero_point) * 1048576, m1.mantissa, m1.shift);
      const int64_t x2 = requantize((b[e] - add.input2_zero_point) * 1048576, m2.mantissa, m2.shift);
      values.push_back(requantize(x1 + x2, m.mantissa, m.shift) + add.output_zero_point);
    }
    const Clamped expected = clamp_all(values, add.clamp_low, add.clamp_high);
    Clamped actual{std::vector<int8_t>(a.size()), std::vector<uint8_t>(expected.mask.size(), 0xFF)};
    thaw_add_s8(&add, a.data(), b.data(), actual.output.data(), actual.mask.data());
    EXPECT_EQ(actual.output, expected.output);
    EXPECT_EQ(actual.mask, expected.mask);
  }
}

struct PoolCase {
  const char* name;
  int32_t filter_height, filter_width, stride_height, stride_width;
  bool same, relu6;
};

thaw_pool2d pool_parameters(const PoolCase& c, const Tensor& x, const Tensor& y) {
  const auto in = x.shape4(), out = y.shape4();
  const auto pad = [&](int32_t size, int32_t output, int32_t filter, int32_t stride) {
    return c.same ? std::max(0, (output - 1) * stride + filter - size) / 2 : 0;
  };
  const Clamp clamp = c.relu6 ? relu6(y) : Clamp{};
  return {in[1],
          in[2],
          in[3],
          out[1],
          out[2],
          c.filter_height,
          c.filter_width,
          c.stride_height,
          c.stride_width,
          pad(in[1], out[1], c.filter_height, c.stride_height),
          pad(in[2], out[2], c.filter_width, c.stride_width),
          clamp.low,
          clamp.high};
}

template <class Kernel>
void check_pool(const PoolCase& c, Kernel kernel) {
  SCOPED_TRACE(c.name);
  const auto tensors = read_case(c.name);
  const thaw_pool2d pool = pool_parameters(c, tensors[0], tensors[1]);
  for (size_t run = 0; run < tensors[1].runs.size(); ++run) {
    const auto input = tensors[0].values<int8_t>(run);
    const auto expected = tensors[1].values<int8_t>(run);
    std::vector<int8_t> output(expected.size());
    kernel(&pool, input.data(), output.data());
    EXPECT_EQ(output, expected);
  }
}

TEST(AveragePool2d, EqualsTflite) {
  for (const PoolCase& c : std::vector<PoolCase>{{"avgpool_2x2", 2, 2, 2, 2, false, false},
                                                 {"avgpool_3x3_s2_same", 3, 3, 2, 2, true, false},
                                                 {"avgpool_3x3_same", 3, 3, 1, 1, true, false},
                                                 {"avgpool_global", 5, 7, 1, 1, false, false}})
    check_pool(c, [](auto pool, auto in, auto out) { thaw_average_pool2d_s8(pool, in, out, nullptr); });
}

TEST(MaxPool2d, EqualsTflite) {
  for (const PoolCase& c : std::vector<PoolCase>{{"maxpool_2x2", 2, 2, 2, 2, false, false},
                                                 {"maxpool_3x3_same", 3, 3, 2, 2, true, false},
                                                 {"maxpool_relu6", 2, 2, 2, 2, false, true}})
    check_pool(c, [](auto pool, auto in, auto out) { thaw_max_pool2d_s8(pool, in, out, nullptr, nullptr); });
}

// Random windows against the mean and maximum over taps inside the image, worked out in binary64.
TEST(Pool2d, EqualsTheDefinitionOnRandomShapes) {
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    const thaw_conv2d g = random_geometry(random, random.integer(1, 5), 1);
    if (g.dilation_height != 1 || g.dilation_width != 1) continue;
    const thaw_pool2d pool = {g.input_height, g.input_width,   g.input_channels, g.output_height,
                              g.output_width, g.kernel_height, g.kernel_width,   g.stride_height,
                              g.stride_width, g.pad_top,       g.pad_left,       g.clamp_low,
                              g.clamp_high};
    const auto channels = static_cast<size_t>(g.input_channels);
    const auto positions = static_cast<size_t>(g.output_height * g.output_width);
    const auto input = random.values<int8_t>(g.input_height * g.input_width * g.input_channels);
    std::vector<double> sum(positions * channels), largest(positions * channels, -128), count(positions);
    for_each_tap(g, [&](size_t out, size_t in, size_t) {
      count[out] += 1;
      for (size_t c = 0; c < channels; ++c) {
        sum[out * channels + c] += input[in * channels + c];
        largest[out * channels + c] = std::max<double>(largest[out * channels + c], input[in * channels + c]);
      }
    });
    if (*std::min_element(count.begin(), count.end()) == 0) continue;  // a window beyond the padding
    std::vector<int8_t> average(sum.size()), maximum(sum.size());
    thaw_average_pool2d_s8(&pool, input.data(), average.data(), nullptr);
    thaw_max_pool2d_s8(&pool, input.data(), maximum.data(), nullptr, nullptr);
    for (size_t e = 0; e < sum.size(); ++e) {
      const double mean = std::round(sum[e] / count[e / channels]);
      ASSERT_EQ(average[e], std::clamp<double>(mean, pool.clamp_low, pool.clamp_high));
      ASSERT_EQ(maximum[e], std::clamp<double>(largest[e], pool.clamp_low, pool.clamp_high));
    }
  }
}

struct MeanCase {
  const char* name;
  std::vector<int> axes;  // in the file's rank, not negative
};

TEST(Mean, EqualsTflite) {
  for (const MeanCase& c : std::vector<MeanCase>{{"mean_1x1", {1, 2}},
                                                 {"mean_3d", {2}},
                                                 {"mean_double_quotient", {1, 2}},
                                                 {"mean_h_only", {1}},
                                                 {"mean_hw_drop", {1, 2}},
                                                 {"mean_hw_keep", {1, 2}},
                                                 {"mean_hw_pow2", {1, 2}},
                                                 {"mean_large", {1, 2}},
                                                 {"mean_last_axis", {3}},
                                                 {"mean_neg_axes", {1, 2}},
                                                 {"mean_upscale", {1, 2}}}) {
    SCOPED_TRACE(c.name);
    const auto tensors = read_case(c.name);
    const Tensor& x = tensors[0];
    const Tensor& y = tensors[1];
    thaw_mean mean{};
    std::copy_n(x.shape4().begin(), 4, mean.dims);
    for (int axis : c.axes)
      mean.axes = static_cast<uint8_t>(mean.axes | 1 << (axis + 4 - static_cast<int>(x.shape.size())));
    const int64_t n = x.elements() / y.elements();
    const Multiplier m = quantize_multiplier(static_cast<double>(x.scale) / y.scale);
    const int32_t k = std::min({std::ilogb(static_cast<double>(n)), 32, 31 + m.shift});
    mean.multiplier = static_cast<int32_t>((static_cast<int64_t>(m.mantissa) << k) / n);
    mean.shift = m.shift - k;
    mean.input_offset = x.zero_point * static_cast<int32_t>(n);
    mean.output_zero_point = y.zero_point;
    for (size_t run = 0; run < y.runs.size(); ++run) {
      const auto input = x.values<int8_t>(run);
      std::vector<int8_t> output(static_cast<size_t>(y.elements()));
      thaw_mean_s8(&mean, input.data(), output.data(), nullptr);
      EXPECT_EQ(output, y.values<int8_t>(run));
    }
  }
}

// Multiplier 1/n and no offsets: a mean over every combination of axes, against sums over coordinates.
TEST(Mean, EqualsTheDefinitionForAllAxes) {
  Random random(8);
  for (int axes = 0; axes < 16; ++axes) {
    thaw_mean mean{};
    int32_t n = 1, kept = 1;
    for (int d = 0; d < 4; ++d) {
      mean.dims[d] = random.integer(1, 5);
      ((axes >> d & 1) != 0 ? n : kept) *= mean.dims[d];
    }
    mean.axes = static_cast<uint8_t>(axes);
    const Multiplier m = quantize_multiplier(1.0 / n);
    mean.multiplier = m.mantissa;
    mean.shift = m.shift;
    const auto input = random.values<int8_t>(n * kept);
    std::vector<int64_t> sums(static_cast<size_t>(kept));
    std::array<int32_t, 4> at{};
    for (int8_t value : input) {
      size_t cell = 0;
      for (size_t d = 0; d < 4; ++d)
        if ((axes >> d & 1) == 0)
          cell = cell * static_cast<size_t>(mean.dims[d]) + static_cast<size_t>(at[d]);
      sums[cell] += value;
      for (size_t d = 4; d-- > 0 && ++at[d] == mean.dims[d];) at[d] = 0;
    }
    std::vector<int8_t> output(sums.size());
    thaw_mean_s8(&mean, input.data(), output.data(), nullptr);
    for (size_t i = 0; i < sums.size(); ++i) ASSERT_EQ(output[i], requantize(sums[i], m.mantissa, m.shift));
  }
}

TEST(Pad, EqualsTflite) {
  // What comes before, as the model files say; the rest of the larger shape comes after.
  struct PadCase {
    const char* name;
    std::array<int32_t, 4> before;
  };
  for (const PadCase& c : {PadCase{"pad_hw", {0, 1, 0, 0}}, PadCase{"pad_channels", {0, 0, 1, 1}}}) {
    SCOPED_TRACE(c.name);
    const auto tensors = read_case(c.name);
    thaw_pad pad{};
    for (size_t d = 0; d < 4; ++d) {
      pad.dims[d] = tensors[0].shape4()[d];
      pad.before[d] = c.before[d];
      pad.after[d] = tensors[1].shape4()[d] - pad.dims[d] - pad.before[d];
      ASSERT_GE(pad.after[d], 0);
    }
    pad.value = tensors[1].zero_point;
    for (size_t run = 0; run < tensors[1].runs.size(); ++run) {
      const auto input = tensors[0].values<int8_t>(run);
      std::vector<int8_t> output(static_cast<size_t>(tensors[1].elements()));
      thaw_pad_s8(&pad, input.data(), output.data());
      EXPECT_EQ(output, tensors[1].values<int8_t>(run));
    }
  }
}

// Padding on all eight sides: the box holds the input, everything else the value.
TEST(Pad, EqualsTheDefinitionOnAllAxes) {
  Random random(20);
  for (int i = 0; i < 100; ++i) {
    thaw_pad pad{};
    std::array<int32_t, 4> size{};
    for (size_t d = 0; d < 4; ++d) {
      pad.dims[d] = random.integer(1, 3);
      pad.before[d] = random.integer(0, 2);
      pad.after[d] = random.integer(0, 2);
      size[d] = pad.before[d] + pad.dims[d] + pad.after[d];
    }
    pad.value = random.integer(-128, 127);
    const auto input = random.values<int8_t>(pad.dims[0] * pad.dims[1] * pad.dims[2] * pad.dims[3]);
    std::vector<int8_t> output(static_cast<size_t>(size[0] * size[1] * size[2] * size[3]));
    thaw_pad_s8(&pad, input.data(), output.data());
    std::array<int32_t, 4> at{};
    for (int8_t value : output) {
      bool inside = true;
      int32_t index = 0;
      for (size_t d = 0; d < 4; ++d) {
        const int32_t from = at[d] - pad.before[d];
        inside = inside && from >= 0 && from < pad.dims[d];
        index = index * pad.dims[d] + from;
      }
      ASSERT_EQ(value, inside ? input[static_cast<size_t>(index)] : pad.value);
      for (size_t d = 4; d-- > 0 && ++at[d] == size[d];) at[d] = 0;
    }
  }
}

// 2x3 -> 3x2 by hand, and every permutation undone by its inverse after a check of one element's place.
TEST(Transpose, MovesEveryElementToItsPermutedPlace) {
  Random random(9);
  std::array<int32_t, 4> permutation = {0, 1, 2, 3};
  do {
    thaw_transpose t{};
    for (size_t d = 0; d < 4; ++d) {
      t.dims[d] = random.integer(1, 4);
      t.permutation[d] = permutation[d];
    }
    const auto input = random.values<int8_t>(t.dims[0] * t.dims[1] * t.dims[2] * t.dims[3]);
    std::vector<int8_t> output(input.size());
    thaw_transpose_s8(&t, input.data(), output.data());
    std::array<int32_t, 4> at{};
    for (int8_t value : input) {
      int32_t index = 0;
      for (size_t d = 0; d < 4; ++d) {
        const auto axis = static_cast<size_t>(permutation[d]);
        index = index * t.dims[axis] + at[axis];
      }
      ASSERT_EQ(output[static_cast<size_t>(index)], value);
      for (size_t d = 4; d-- > 0 && ++at[d] == t.dims[d];) at[d] = 0;
    }
  } while (std::next_permutation(permutation.begin(), permutation.end()));
  const thaw_transpose t = {{1, 1, 2, 3}, {0, 1, 3, 2}};
  const int8_t input[6] = {1, 2, 3, 4, 5, 6};
  int8_t output[6];
  thaw_transpose_s8(&t, input, output);
  EXPECT_THAT(output, ::testing::ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Softmax, EqualsTflite) {
  struct SoftmaxCase {
    const char* name;
    float beta;
  };
  for (const SoftmaxCase& c : std::vector<SoftmaxCase>{{"softmax_10", 1},
                                                       {"softmax_1000", 1},
                                                       {"softmax_2", 1},
                                                       {"softmax_beta", 2.5F},
                                                       {"softmax_cap", 1},
                                                       {"softmax_fine", 1},
                                                       {"softmax_rows", 1}}) {
    SCOPED_TRACE(c.name);
    const auto tensors = read_case(c.name);
    const Tensor& x = tensors[0];
    const double factor = std::min(static_cast<double>(c.beta) * x.scale * (1 << 26), 2147483647.0);
    const Multiplier m = quantize_multiplier(factor);
    const auto cut = -static_cast<int32_t>(std::floor(31.0 * (1 << 26) / std::ldexp(1.0, m.shift)));
    const thaw_softmax softmax = {x.elements() / x.shape.back(), x.shape.back(), m.mantissa, m.shift, cut};
    for (size_t run = 0; run < x.runs.size(); ++run) {
      auto values = x.values<int8_t>(run);
      std::vector<int8_t> output(values.size());
      thaw_softmax_s8(&softmax, values.data(), output.data());
      EXPECT_EQ(output, tensors[1].values<int8_t>(run));
      thaw_softmax_s8(&softmax, values.data(), values.data());
      EXPECT_EQ(values, output);
    }
  }
}

TEST(Requantize, EqualsTflite) {
  for (const char* name :
       {"requant_double_quotient", "requant_down", "requant_near_one", "requant_same", "requant_up"}) {
    SCOPED_TRACE(name);
    const auto tensors = read_case(name);
    const Tensor& x = tensors[0];
    const Tensor& y = tensors[1];
    const Multiplier m = quantize_multiplier(static_cast<double>(x.scale) / y.scale);
    const thaw_requantize requantize = {x.elements(), x.zero_point, y.zero_point, m.mantissa, m.shift};
    for (size_t run = 0; run < x.runs.size(); ++run) {
      auto values = x.values<int8_t>(run);
      thaw_requantize_s8(&requantize, values.data(), values.data());
      EXPECT_EQ(values, y.values<int8_t>(run));
    }
  }
}

TEST(Quantize, EqualsTflite) {
  for (const char* name : {"quantize_float", "quantize_float_ties"}) {
    SCOPED_TRACE(name);
    const auto tensors = read_case(name);
    const thaw_quantize quantize = {tensors[0].elements(), tensors[1].scale, tensors[1].zero_point};
    for (size_t run = 0; run < tensors[0].runs.size(); ++run) {
      const auto input = tensors[0].values<float>(run);
      std::vector<int8_t> output(input.size());
      thaw_quantize_s8(&quantize, input.data(), output.data());
      EXPECT_EQ(output, tensors[1].values<int8_t>(run));
    }
  }
}

TEST(Quantize, RoundsHalvesAwayAndDefinesSpecialValues) {
  const float infinity = std::numeric_limits<float>::infinity();
  const thaw_quantize quantize = {11, 1.0F, 3};
  const float input[11] = {0.5F,
                           -0.5F,
                           1.5F,
                           -1.5F,
                           0.49999997F,
                           -0.49999997F,
                           1e38F,
                           -1e38F,
                           infinity,
                           -infinity,
                           std::numeric_limits<float>::quiet_NaN()};
  int8_t output[11];
  thaw_quantize_s8(&quantize, input, output);
  EXPECT_THAT(output, ::testing::ElementsAre(4, 2, 5, 1, 3, 3, 127, -128, 127, -128, 3));
}

// Every multiple of 1/64 that does not saturate, against std::round.
TEST(Quantize, EqualsRound) {
  const thaw_quantize quantize = {1, 0.25F, -5};
  for (int32_t i = -2000; i <= 2000; ++i) {
    const float x = static_cast<float>(i) / 64.0F;
    int8_t output = 0;
    thaw_quantize_s8(&quantize, &x, &output);
    ASSERT_EQ(output, std::clamp<double>(std::round(static_cast<double>(i) / 16) - 5, -128, 127));
  }
}

TEST(Dequantize, EqualsTflite) {
  const auto tensors = read_case("dequantize");
  const thaw_dequantize dequantize = {tensors[0].elements(), tensors[0].scale, tensors[0].zero_point};
  for (size_t run = 0; run < tensors[0].runs.size(); ++run) {
    const auto input = tensors[0].values<int8_t>(run);
    std::vector<float> output(input.size());
    thaw_dequantize_s8(&dequantize, input.data(), output.data());
    EXPECT_EQ(output, tensors[1].values<float>(run));
  }
}

// TFLite's binary64 product, rounded once, for scales with all mantissa bits and every difference.
TEST(Dequantize, EqualsTheProductInDoublePrecision) {
  Random random(21);
  for (int i = 0; i < 200; ++i) {
    const float scale =
        std::ldexp(static_cast<float>(random.integer(1 << 23, (1 << 24) - 1)), random.integer(-40, 0));
    const thaw_dequantize dequantize = {256, scale, random.integer(-128, 127)};
    std::vector<int8_t> input;
    for (int q = -128; q < 128; ++q) input.push_back(static_cast<int8_t>(q));
    std::vector<float> output(256);
    thaw_dequantize_s8(&dequantize, input.data(), output.data());
    for (size_t q = 0; q < 256; ++q)
      ASSERT_EQ(output[q],
                static_cast<float>(static_cast<double>(scale) * (input[q] - dequantize.zero_point)));
  }
}

}  // namespace
