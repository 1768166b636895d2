// Networks of every shape that people draw: every layer can be trained, and all kernels compute alike.
#include "tests/support/varied_network.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "sim/train/trained_model.h"
#include "tests/support/compare_kernels.h"
#include "tests/support/forward_only_network.h"
#include "tests/support/same_bits.h"
#include "tests/support/varied_plan.h"

namespace thaw {
namespace {

class VariedNetworkTest : public ::testing::TestWithParam<InstructionSet> {};
class VariedNetworkSlowTest : public VariedNetworkTest {};

void expect_equal(uint32_t first, uint32_t last, InstructionSet set) {
  if (set > best_instruction_set()) GTEST_SKIP() << "this processor lacks these instructions";
  const std::vector<LearningRate> rates = {quantize_learning_rate(0.05), quantize_learning_rate(0.0008)};
  for (uint32_t seed = first; seed <= last && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    testing::expect_equal_training(testing::varied_plan(seed), 4, set, rates);
  }
}

TEST_P(VariedNetworkTest, HostKernelsHaveThePortableBits) {
  expect_equal(1, 60, GetParam());
}

TEST_P(VariedNetworkSlowTest, HostKernelsHaveThePortableBitsOnManyMore) {
  expect_equal(61, 1500, GetParam());
}

/// One tensor, read by a convolution as it is and by another in rows of another width, with as many channels.
class TwoWidths : public testing::RandomNetwork {
 public:
  TwoWidths(uint32_t seed, bool reshaped_first) : RandomNetwork(seed, Empty{}) {
    graph_.file_name = "two widths " + std::to_string(seed);
    graph_.inputs = {activation("input", {1, 4, 6, 3})};
    const TensorId x = any_convolution(graph_.inputs[0], true);
    TensorId reshaped, y;
    if (reshaped_first) reshaped = in_other_rows(x);
    y = any_convolution(x, true);
    if (!reshaped_first) reshaped = in_other_rows(x);
    const TensorId flat = reshape(add(reshaped, y), {1, 72});
    graph_.outputs = {weighted(flat, {4, 72}, 0, 72, FullyConnected{}, {1, 4})};
  }

 private:
  TensorId reshape(TensorId x, std::vector<int32_t> dimensions) {
    const TensorId y = activation("reshape", std::move(dimensions));
    graph_.tensors[y.index()].quantization = graph_.tensor(x).quantization;
    return add_op({x}, y, Reshape{});
  }

  TensorId in_other_rows(TensorId x) {
    return reshape(any_convolution(reshape(x, {1, 3, 8, 3}), true), {1, 4, 6, 3});
  }
};

TEST_P(VariedNetworkTest, ReadersMaySeeATensorInRowsOfOtherWidths) {
  if (GetParam() > best_instruction_set()) GTEST_SKIP() << "this processor lacks these instructions";
  for (uint32_t seed = 1; seed <= 4; ++seed)
    for (const bool reshaped_first : {false, true}) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      const Network network = reduce(TwoWidths(seed, reshaped_first).graph(), {});
      Schedule schedule;
      schedule.classes = network.classifier.classes;
      for (int32_t op = 0; op <= network.convolution_count(); ++op)
        schedule.update.push_back({op, "", true, UpdatedWeights::all, {}});
      testing::expect_equal_training(lower(network, schedule), 3, GetParam(), {quantize_learning_rate(0.05)});
    }
}

/// The same for networks with every operator.
void expect_equal_operators(uint32_t first, uint32_t last, InstructionSet set) {
  if (set > best_instruction_set()) GTEST_SKIP() << "this processor lacks these instructions";
  const std::vector<LearningRate> rates = {quantize_learning_rate(0.05), quantize_learning_rate(0.0008)};
  for (uint32_t seed = first; seed <= last && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    testing::expect_equal_training(testing::operator_plan(seed), 4, set, rates);
  }
}

TEST_P(VariedNetworkTest, HostKernelsHaveThePortableBitsForEveryOperator) {
  expect_equal_operators(1, 60, GetParam());
}

TEST_P(VariedNetworkSlowTest, HostKernelsHaveThePortableBitsForEveryOperatorOnManyMore) {
  expect_equal_operators(61, 600, GetParam());
}

std::string name_of(const ::testing::TestParamInfo<InstructionSet>& test) {
  return instruction_set_name(test.param);
}
const auto kSets = ::testing::ValuesIn(instruction_sets());
INSTANTIATE_TEST_SUITE_P(Sets, VariedNetworkTest, kSets, name_of);
INSTANTIATE_TEST_SUITE_P(Sets, VariedNetworkSlowTest, kSets, name_of);

/// Rows streamed, gradients in place: the bits of the plan without passes.
TEST(VariedNetworkTest, PassesChangeNoBit) {
  for (uint32_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Network network = testing::varied_network(seed);
    Schedule schedule = testing::random_schedule(network, seed);
    const Plan plan = testing::lower_what_can_be_trained(network, schedule);
    testing::expect_same_training(plan, run_passes(plan), KernelSet::portable, 2);
  }
}

TEST(VariedNetworkTest, PassesChangeNoBitForEveryOperator) {
  for (uint32_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Network network = testing::operator_network(seed);
    Schedule schedule = testing::random_schedule(network, seed);
    const Plan plan = testing::lower_what_can_be_trained(network, schedule);
    testing::expect_same_training(plan, run_passes(plan), KernelSet::portable, 2);
  }
}

/// Gradients do not pass RESIZE_BILINEAR and LSTM; what lies behind them trains alike everywhere, and from
/// the file.
TEST(VariedNetworkTest, LayersBehindForwardOnlyOperatorsTrain) {
  for (uint32_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = testing::ForwardOnlyNetwork(seed).graph();
    const Network network = reduce(graph, {}), again = reduce(read_tflite(write_tflite(graph), "again"), {});
    Schedule schedule = testing::random_schedule(network, seed);
    const Plan plan = testing::lower_what_can_be_trained(network, schedule);
    for (const LayerUpdate& update : schedule.update) EXPECT_GE(update.op, 1) << "it lies before the LSTM";
    testing::expect_same_training(plan, run_passes(plan), KernelSet::portable, 2);
    testing::expect_same_training(plan, lower(again, schedule), KernelSet::host, 2);
  }
}

/// A file holds all that these operators are: what is read back computes and trains alike.
TEST(VariedNetworkTest, EveryOperatorIsReadBackAsItWasWritten) {
  for (uint32_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = testing::OperatorNetwork(seed).graph();
    const Network network = reduce(graph, {}), again = reduce(read_tflite(write_tflite(graph), "again"), {});
    Schedule schedule = testing::random_schedule(network, seed);
    const Plan plan = testing::lower_what_can_be_trained(network, schedule);
    testing::expect_same_training(plan, lower(again, schedule), KernelSet::portable, 2);
  }
}

/// Whatever lies between a layer and the loss.
TEST(VariedNetworkTest, EveryLayerCanBeTrained) {
  int32_t layers = 0;
  for (uint32_t seed = 1; seed <= 250; ++seed) {
    const Network network = testing::varied_network(seed);
    for (int32_t c = 0; c < network.convolution_count(); ++c, ++layers)
      EXPECT_EQ(why_not_trainable(network, c), "") << network.graph.file_name;
  }
  EXPECT_GE(layers, 500);
}

/// The networks are worth something only while they reach what they were made for.
TEST(VariedNetworkTest, ReachesEveryWayToReadATensor) {
  std::map<std::string, int> seen;
  for (uint32_t seed = 1; seed <= 120; ++seed) {
    const Plan plan = testing::varied_plan(seed);
    for (const Step& step : plan.steps) {
      ++seen[kernel_name(step.kernel)];
      const auto* k = std::get_if<MakeGradient>(&step.kernel);
      if (k == nullptr) continue;
      bool reshaped = false;
      for (const GradientSource& source : k->sources) {
        if (const auto* other = std::get_if<FromOperator>(&source.from))
          ++seen[std::array{"through max pool", "through average pool",
                            "through a view"}[other->rule.index()]];
        const auto* from = std::get_if<FromConvolution>(&source.from);
        if (from == nullptr) continue;
        const int32_t channels = from->window.input_channels;
        if (channels > k->channels) ++seen["more channels"];
        if (channels < k->channels) ++seen["fewer channels"];
        if (channels == k->channels && from->window.input_width != k->width) ++seen["another width"];
        if (channels != k->channels && from->depthwise) ++seen["reshaped depthwise"];
        if (channels != k->channels && channels % k->channels != 0 && k->channels % channels != 0)
          ++seen["no multiple"];
        if (channels != k->channels && !from->trained_channels.empty() && from->weights.present())
          ++seen["reshaped, some trained"];
        reshaped = reshaped || channels != k->channels;
      }
      if (reshaped && k->sources.size() == 2) ++seen["reshaped of two"];
    }
  }
  for (const char* name : {"gradient", "update weights", "transpose", "more channels", "fewer channels",
                           "another width", "reshaped depthwise", "no multiple", "reshaped, some trained",
                           "reshaped of two", "through max pool", "through average pool", "through a view"})
    EXPECT_GE(seen[name], 2) << name;
}

/// For as many classes as the model has, and for others: nothing is left to fail when training has ended.
TEST(VariedNetworkTest, EveryTrainedModelCanBeWritten) {
  for (uint32_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = testing::VariedNetwork(seed).graph();
    for (int32_t classes : {0, 3}) check_trained_model(reduce(graph, {.classes = classes}));
  }
}

TEST(VariedNetworkTest, ATensorMayHaveMoreThanTwoReaders) {
  int32_t trained = 0;
  for (uint32_t seed = 1; seed <= 250; ++seed) {
    const Network network = testing::varied_network(seed);
    for (const Layer& layer : network.layers) {
      const auto* c = std::get_if<Convolution>(&layer.kind);
      if (c == nullptr) continue;
      int32_t readers = 0;
      for (const Layer& reader : network.layers)
        readers += static_cast<int32_t>(std::ranges::count(reader.inputs, layer.output));
      if (readers < 3) continue;
      ++trained;
      EXPECT_EQ(why_not_trainable(network, c->index), "") << network.graph.file_name << ", " << layer.name;
    }
  }
  EXPECT_GE(trained, 5);
}

}  // namespace
}  // namespace thaw
