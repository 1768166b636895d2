// Functions of one int8 value against binary64: the reference kernels' arithmetic is within one step of the
// real function wherever that is inside int8, and their slopes within one part of 2^14.
#include "sim/plan/look_up_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace thaw {
namespace {

Tensor tensor_of(size_t id, float scale, int32_t zero_point) {
  Tensor tensor;
  tensor.id = TensorId(id);
  tensor.shape = {1};
  tensor.quantization = {{scale}, {zero_point}, 0};
  return tensor;
}

Graph graph_of(const OpKind& kind, const Tensor& input, const Tensor& output) {
  Graph graph;
  graph.tensors = {input, output};
  graph.ops = {{OpId(size_t{0}), {input.id}, {output.id}, kind, 0}};
  return graph;
}

double real_value(UnaryFunction function, double x) {
  switch (function) {
    case UnaryFunction::logistic:
      return 1.0 / (1.0 + std::exp(-x));
    case UnaryFunction::tanh:
      return std::tanh(x);
    case UnaryFunction::leaky_relu:
      return x > 0.0 ? x : 0.25 * x;
    case UnaryFunction::relu:
      return std::max(x, 0.0);
    case UnaryFunction::relu6:
      return std::clamp(x, 0.0, 6.0);
    case UnaryFunction::hard_swish:
      return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
    case UnaryFunction::elu:
      return x < 0.0 ? std::exp(x) - 1.0 : x;
    case UnaryFunction::divide:  // its own test is below
      break;
  }
  return 0.0;
}

/// y = x / (divisor * scale), with every quantisation that the kernels reach.
Graph division(float scale, int32_t zero_point, int8_t divisor, float output_scale) {
  const Tensor input = tensor_of(0, scale, zero_point), output = tensor_of(1, output_scale, 5);
  Graph graph = graph_of(Unary{UnaryFunction::divide}, input, output);
  Tensor constant = tensor_of(2, 0.05F, -3);
  constant.data = {static_cast<std::byte>(divisor)};
  graph.tensors.push_back(constant);
  graph.ops[0].inputs.push_back(constant.id);
  return graph;
}

TEST(LookUpTable, OfADivisionIsTheNearestQuotient) {
  for (const int divisor : {-128, -67, -4, -2, 0, 1, 5, 60, 127})
    for (const float scale : {0.004F, 0.1F, 1.0F})
      for (const int32_t zero_point : {-128, -3, 127})
        for (const float output_scale : {0.01F, 0.3F, 40.0F}) {
          const Graph graph = division(scale, zero_point, static_cast<int8_t>(divisor), output_scale);
          const std::vector<int8_t> table = look_up_table(graph, graph.ops[0]);
          const LookUpSlopes slopes = look_up_slopes(graph, graph.ops[0]);
          const double ratio =
              static_cast<double>(scale) / (0.05 * (divisor + 3)) / static_cast<double>(output_scale);
          for (int x = -128; x <= 127; ++x) {
            const double exact = (x - zero_point) * ratio + 5;
            const size_t at = static_cast<size_t>(x + 128);
            const double nearest = std::clamp(exact, -128.0, 127.0);
            ASSERT_LE(std::abs(table[at] - nearest), 0.5 + 1e-4) << x << " / " << divisor;
            const bool inside = exact > -128.4 && exact < 127.4;
            if (inside) {
              ASSERT_NEAR(slopes.slopes[at] * slopes.factor, ratio, 1e-4 * std::abs(ratio));
            }
          }
        }
}

TEST(LookUpTable, IsTheFunctionToOneStep) {
  for (const UnaryFunction function :
       {UnaryFunction::logistic, UnaryFunction::tanh, UnaryFunction::leaky_relu, UnaryFunction::relu,
        UnaryFunction::relu6, UnaryFunction::hard_swish, UnaryFunction::elu})
    for (const float scale : {0.004F, 0.021F, 0.1F, 0.9F})
      for (const int32_t zero_point : {-128, -3, 127}) {
        const Tensor input = tensor_of(0, scale, zero_point);
        Tensor output = tensor_of(1, scale * 1.1F, -20);
        if (function == UnaryFunction::logistic) output = tensor_of(1, 1.0F / 256.0F, -128);
        if (function == UnaryFunction::tanh) output = tensor_of(1, 1.0F / 128.0F, 0);
        if (function == UnaryFunction::relu6) output = tensor_of(1, scale, zero_point);
        const Graph graph = graph_of(Unary{function, 0.25F}, input, output);
        const std::vector<int8_t> table = look_up_table(graph, graph.ops[0]);
        ASSERT_EQ(table.size(), 256U);
        for (int32_t x = -128; x < 128; ++x) {
          const double real = real_value(function, (x - zero_point) * static_cast<double>(scale));
          const double step = static_cast<double>(output.quantization.scale());
          const double expected = std::clamp(real / step + output.quantization.zero_point(), -128.0, 127.0);
          EXPECT_NEAR(table[static_cast<size_t>(x + 128)], expected, 1.0)
              << "function " << static_cast<int>(function) << ", scale " << scale << ", x " << x;
        }
      }
}

TEST(LookUpSlopes, AreThoseOfTheFunction) {
  const Tensor input = tensor_of(0, 0.05F, 10), output = tensor_of(1, 0.04F, -100);
  const Graph graph = graph_of(Unary{UnaryFunction::hard_swish, 0.0F}, input, output);
  const LookUpSlopes slopes = look_up_slopes(graph, graph.ops[0]);
  EXPECT_EQ(*std::ranges::max_element(slopes.slopes), kSlopeOne);
  for (int32_t x = -128; x < 128; ++x) {
    const double real = (x - 10) * static_cast<double>(0.05F), apart = 1e-6;
    const bool corner = std::abs(real - 3.0) < 1e-3 || std::abs(real + 3.0) < 1e-3;
    const bool beyond = real_value(UnaryFunction::hard_swish, real) / static_cast<double>(0.04F) > 227.4;
    if (corner) continue;
    const double slope = (real_value(UnaryFunction::hard_swish, real + apart) -
                          real_value(UnaryFunction::hard_swish, real - apart)) /
                         (2.0 * apart);
    EXPECT_NEAR(slopes.slopes[static_cast<size_t>(x + 128)] * slopes.factor,
                beyond ? 0.0 : slope * static_cast<double>(0.05F) / static_cast<double>(0.04F), 1e-4)
        << x;
  }
}

TEST(LookUpSlopes, OfRequantisingAreOneWhereNothingIsClamped) {
  const Graph graph = graph_of(Quantize{}, tensor_of(0, 0.1F, 0), tensor_of(1, 0.05F, 0));
  const LookUpSlopes slopes = look_up_slopes(graph, graph.ops[0]);
  for (int32_t x = -128; x < 128; ++x)
    EXPECT_NEAR(slopes.slopes[static_cast<size_t>(x + 128)] * slopes.factor, x >= -64 && x < 64 ? 2.0 : 0.0,
                1e-6)
        << x;
}

}  // namespace
}  // namespace thaw
