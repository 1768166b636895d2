// Models with scales of 0, missing or off by a bit: what TensorFlow Lite Micro computes, and training that
// portable and host kernels agree on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/exec/executor.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "tests/sim/graph/odd_scales.h"
#include "tests/support/random_network.h"
#include "tests/support/same_bits.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

std::vector<int8_t> outputs_of(const Graph& graph, const std::vector<int8_t>& input, KernelSet kernels) {
  const Plan plan = lower_inference(graph);
  Executor executor(plan, {}, kernels, 0);
  std::ranges::copy(input, executor.values<int8_t>(plan.inputs[0]).begin());
  executor.infer();
  const std::span<const int8_t> values = executor.values<int8_t>(plan.outputs[0]);
  return {values.begin(), values.end()};
}

std::vector<int8_t> ramp(const Graph& graph) {
  std::vector<int8_t> values(static_cast<size_t>(graph.tensor(graph.inputs[0]).elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int8_t>(i * 37);
  return values;
}

/// Accumulator of output channel `o` for one row, in plain 64-bit sums.
int64_t dense_sum(const Graph& graph, const std::vector<int8_t>& x, size_t o) {
  const Op& op = graph.ops[0];
  const int32_t zero_point = graph.tensor(op.inputs[0]).quantization.zero_point();
  int64_t sum = graph.tensor(op.inputs[2]).int32_data()[o];
  for (size_t i = 0; i < x.size(); ++i)
    sum += int64_t{graph.tensor(op.inputs[1]).int8_data()[o * x.size() + i]} * (x[i] - zero_point);
  return sum;
}

TEST(OddScales, ADeadChannelIsTheOutputsZeroPoint) {
  for (const auto& [name, dead] :
       {std::pair{"scale-zero-of-dead-channel", 1U}, std::pair{"scale-zero-of-dead-channel-depthwise", 2U}}) {
    SCOPED_TRACE(name);
    const Graph graph = read_tflite(testing::golden_folder() / "cases" / name / "model.tflite");
    for (KernelSet kernels : {KernelSet::portable, KernelSet::host}) {
      const std::vector<int8_t> y = outputs_of(graph, ramp(graph), kernels);
      bool others_vary = false;
      for (size_t i = 0; i < y.size(); ++i) {
        EXPECT_TRUE(i % 4 != dead || y[i] == -9) << i;
        others_vary = others_vary || (i % 4 != dead && y[i] != y[i % 4]);
      }
      EXPECT_TRUE(others_vary);
    }
  }
}

// The bias scale is by definition that of the products: 0.05 * 0.02; the output's is 0.15.
TEST(OddScales, ADenseBiasWithoutScaleCountsInProducts) {
  for (const char* name : {"bias-without-scale-dense", "bias-scale-zero"}) {
    SCOPED_TRACE(name);
    const Graph graph = read_tflite(testing::golden_folder() / "cases" / name / "model.tflite");
    const std::vector<int8_t> x = ramp(graph);
    const std::vector<int8_t> y = outputs_of(graph, x, KernelSet::portable);
    ASSERT_EQ(y.size(), 6U);
    for (size_t o = 0; o < y.size(); ++o) {
      const double real = static_cast<double>(dense_sum(graph, x, o)) * 0.05 * 0.02 / 0.15 - 9;
      EXPECT_NEAR(y[o], std::clamp(real, -128.0, 127.0), 0.51) << o;
    }
  }
}

// 3x3 windows, stride 2, VALID, over 5x5 positions of 3 channels.
TEST(OddScales, PoolsAverageAndTakeTheLargest) {
  for (const char* name : {"pool-scale-last-bit", "pool-scale-last-bit-max"}) {
    SCOPED_TRACE(name);
    const Graph graph = read_tflite(testing::golden_folder() / "cases" / name / "model.tflite");
    const bool takes_largest = std::holds_alternative<MaxPool2d>(graph.ops[0].kind);
    const std::vector<int8_t> x = ramp(graph), y = outputs_of(graph, x, KernelSet::portable);
    ASSERT_EQ(y.size(), 12U);
    for (size_t i = 0; i < y.size(); ++i) {
      int32_t sum = 0, largest = -128;
      for (size_t tap = 0; tap < 9; ++tap) {
        const size_t row = 2 * (i / 6) + tap / 3, column = 2 * (i / 3 % 2) + tap % 3;
        const int32_t value = x[(row * 5 + column) * 3 + i % 3];
        sum += value;
        largest = std::max(largest, value);
      }
      EXPECT_EQ(y[i], takes_largest ? largest : (sum > 0 ? sum + 4 : sum - 4) / 9);
    }
  }
}

TEST(OddScales, TrainToTheSameBitsInEveryKernelAndWithEveryPass) {
  int trained = 0;
  for (uint32_t seed = 1; seed <= 30 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Graph odd = testing::with_odd_scales(testing::RandomNetwork(seed).graph());
    const Graph graph = read_tflite(write_tflite(odd), "odd.tflite");
    EXPECT_FALSE(graph.warnings.empty());
    const Network network = reduce(graph, {.fresh_classifier = true});
    Schedule schedule = testing::random_schedule(network, seed);
    schedule.training.gradient_bits = 7;
    try {
      const Plan plan = lower(network, schedule);
      for (KernelSet kernels : {KernelSet::portable, KernelSet::host})
        testing::expect_same_training(drop_unused_buffers(plan), run_passes(plan), kernels, 3);
      ++trained;
    } catch (const Error&) {  // gradients do not reach this part
    }
  }
  EXPECT_GT(trained, 15);
}

}  // namespace
}  // namespace thaw
