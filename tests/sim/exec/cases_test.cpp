// Small models that were once got wrong (tests/golden/cases): what is right of each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/graph/tflite_reader.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/schedule_json.h"
#include "sim/train/trained_model.h"
#include "tests/support/compare_kernels.h"
#include "tests/support/project_folders.h"
#include "tests/support/same_bits.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const fs::path kCases = fs::path(testing::source_folder()) / "tests/golden/cases";

struct Case {
  Network network;
  Schedule schedule;
};

Case read_case(const fs::path& model, const fs::path& schedule_file) {
  Case made;
  made.schedule = read_schedule_file(schedule_file);
  made.network =
      reduce(read_tflite(model), {made.schedule.classes, made.schedule.training.fresh_classifier, true});
  check_schedule(made.schedule, made.network, schedule_file.string());
  return made;
}

/// Cases with one model and the schedule that trains it.
class TrainedCase : public ::testing::TestWithParam<const char*> {};

TEST_P(TrainedCase, EveryKernelHasTheSameBits) {
  const fs::path folder = kCases / GetParam();
  const Case c = read_case(folder / "model.tflite", folder / "schedule.json");
  const std::vector<LearningRate> rates = {quantize_learning_rate(0.02), quantize_learning_rate(0.002)};
  const Plan plan = lower(c.network, c.schedule);
  for (InstructionSet set : instruction_sets())
    if (set <= best_instruction_set()) testing::expect_equal_training(plan, 6, set, rates);
  testing::expect_same_training(plan, run_passes(plan), KernelSet::host, 6);
}

INSTANTIATE_TEST_SUITE_P(Cases, TrainedCase,
                         ::testing::Values("reshape-between-convolutions-bits", "reshape-flatten-dense-bits",
                                           "reshape-flatten-dense-crash", "reshape-rows-flatten-crash",
                                           "reshape-time-axis-crash", "reshape-with-add-bits",
                                           "flatten-large", "flatten-small", "flatten-keep-num-dims",
                                           "pool-with-relu"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Cases, RESHAPEAndDenseTrainAsTheirTwinConvolution) {
  const fs::path folder = kCases / "reshape-twin-network";
  const Case flat = read_case(folder / "flat.tflite", folder / "flat.json");
  const Case twin = read_case(folder / "twin.tflite", folder / "twin.json");
  for (KernelSet kernels : {KernelSet::portable, KernelSet::host})
    testing::expect_same_training(lower(twin.network, twin.schedule), lower(flat.network, flat.schedule),
                                  kernels, 40);
}

TEST(Cases, EveryLayerBelowAPoolOrMeanCanBeTrained) {
  for (const char* name : {"partial-pool", "train-below-max-pool", "train-below-mean-and-hidden-dense"}) {
    const Network network = reduce(read_tflite(kCases / name / "model.tflite"), {});
    ASSERT_GE(network.convolution_count(), 1) << name;
    for (int32_t c = 0; c < network.convolution_count(); ++c)
      EXPECT_EQ(why_not_trainable(network, c), "") << name;
  }
}

TEST(Cases, OneOutputIsWrittenForThreeClasses) {
  const Network network = reduce(read_tflite(kCases / "one-output-fc/model.tflite"), {.classes = 3});
  check_trained_model(network);
  const Plan plan = lower(network, Schedule{});
  Executor executor(plan, {}, KernelSet::host, 1);
  const Graph graph = trained_graph(network, trained_values(network, executor), {});
  EXPECT_EQ(graph.tensor(graph.outputs[0]).shape, (std::vector<int32_t>{1, 3}));
}

// ---- more than four axes
// -----------------------------------------------------------------------------------

std::vector<std::byte> bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::vector<std::byte> bytes;
  for (char c : std::string(std::istreambuf_iterator<char>(file), {}))
    bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

/// Runs the model on the bytes; the first operator of this name and the bytes of its ends.
template <class Kind>
std::pair<std::vector<std::byte>, std::vector<std::byte>> ends_of(const Graph& graph,
                                                                  const std::vector<std::byte>& input,
                                                                  KernelSet kernels) {
  const Plan plan = lower_inference(graph);
  Executor executor(plan, {}, kernels, 1);
  const std::span<std::byte> to = executor.bytes(plan.inputs[0]);
  for (size_t i = 0; i < to.size(); ++i) to[i] = input[i % input.size()];
  executor.infer();
  const auto bytes = [&](TensorId id) {
    const auto span = executor.bytes(plan.buffer_of_tensor[id.index()]);
    return std::vector<std::byte>(span.begin(), span.end());
  };
  for (const Op& op : graph.ops)
    if (std::holds_alternative<Kind>(op.kind)) return {bytes(op.inputs[0]), bytes(op.outputs[0])};
  ADD_FAILURE() << "no such operator";
  return {};
}

TEST(Cases, MeanOverSixAxes) {
  const Graph graph = read_tflite(kCases / "axes6-mean-values/model.tflite");
  for (KernelSet kernels : {KernelSet::portable, KernelSet::host})
    EXPECT_EQ(ends_of<Mean>(graph, bytes_of(kCases / "axes6-mean-values/input.bin"), kernels).second,
              bytes_of(kCases / "axes6-mean-values/expected.bin"));
}

/// The value at a position, by its axes.
size_t offset(const std::vector<int32_t>& shape, const std::vector<int32_t>& at) {
  size_t result = 0;
  for (size_t i = 0; i < shape.size(); ++i)
    result = result * static_cast<size_t>(shape[i]) + static_cast<size_t>(at[i]);
  return result;
}

void expect_transposed(const std::string& name) {
  const Graph graph = read_tflite(kCases / name / "model.tflite");
  std::vector<std::byte> noise;
  for (int i = 0; i < 251; ++i) noise.push_back(static_cast<std::byte>(i * 37));
  const auto [input, output] = ends_of<Transpose>(graph, noise, KernelSet::host);
  for (const Op& op : graph.ops) {
    const auto* transpose = std::get_if<Transpose>(&op.kind);
    if (transpose == nullptr) continue;
    const std::vector<int32_t>& in = graph.tensor(op.inputs[0]).shape;
    const std::vector<int32_t>& out = graph.tensor(op.outputs[0]).shape;
    EXPECT_GT(in.size(), 4U);
    std::vector<int32_t> at(out.size(), 0);
    for (size_t i = 0; i < output.size(); ++i) {
      std::vector<int32_t> from(in.size());
      for (size_t axis = 0; axis < at.size(); ++axis)
        from[static_cast<size_t>(transpose->permutation[axis])] = at[axis];
      ASSERT_EQ(output[i], input[offset(in, from)]) << i;
      for (size_t axis = at.size(); axis-- > 0;) {
        if (++at[axis] < out[axis]) break;
        at[axis] = 0;
      }
    }
    return;
  }
}

TEST(Cases, ChannelShuffleInFiveAxes) {
  expect_transposed("axes5-channel-shuffle");
}

TEST(Cases, TransposeOfSixAxes) {
  expect_transposed("axes6-transpose");
}

TEST(Cases, PadOfFiveAxes) {
  const Graph graph = read_tflite(kCases / "axes5-pad/model.tflite");
  const std::vector<std::byte> ones(64, std::byte{77});
  const auto [input, output] = ends_of<Pad>(graph, ones, KernelSet::host);
  EXPECT_GT(graph.tensor(graph.inputs[0]).shape.size(), 4U);
  EXPECT_GT(output.size(), input.size());
  EXPECT_EQ(std::ranges::count(output, std::byte{77}), static_cast<int64_t>(input.size()));
}

}  // namespace
}  // namespace thaw
