// The plan of a firmware for inference alone: what its passes fold away changes no byte of the outputs.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "memmodel/planner.h"
#include "memmodel/validator.h"
#include "sim/exec/executor.h"
#include "sim/graph/graph_check.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "tests/support/explicit_padding.h"
#include "tests/support/random_network.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

/// Runs the file's operators one by one, feeds what its folded ends would have got to the passed plan, laid
/// out in the arena, and compares what stands for each output.
void expect_same_outputs(const Graph& graph, KernelSet kernels) {
  const Plan whole = lower_inference(graph);
  const Plan passed = run_inference_passes(whole);
  const Layout layout = plan_layout(passed);
  EXPECT_EQ(layout_violations(passed, layout), std::vector<std::string>{});
  Executor before(whole, {}, kernels, 0);
  Executor after(passed, layout.offsets, kernels, 0);
  testing::Noise noise(7);
  for (BufferId id : whole.inputs) {
    if (graph.tensor(whole.buffer(id).tensor).type == DataType::float32)
      for (float& v : before.values<float>(id)) v = static_cast<float>(noise.in(-200, 200)) * 0.05F;
    else
      for (int8_t& v : before.values<int8_t>(id)) v = static_cast<int8_t>(noise.in(-128, 127));
  }
  before.infer();
  const auto here = [&](BufferId in_passed) {
    return before.bytes(whole.buffer_of_tensor[passed.buffer(in_passed).tensor.index()]);
  };
  for (BufferId id : passed.inputs) std::ranges::copy(here(id), after.bytes(id).begin());
  after.infer();
  ASSERT_EQ(passed.outputs.size(), graph.outputs.size());
  for (BufferId id : passed.outputs)
    EXPECT_TRUE(std::ranges::equal(here(id), after.bytes(id))) << graph.file_name;
}

bool has_note(const Plan& plan, const std::string& pass) {
  return std::any_of(plan.notes.begin(), plan.notes.end(),
                     [&](const PassNote& note) { return note.pass == pass; });
}

TEST(InferencePasses, OutputsOfRandomNetworksStay) {
  int padded = 0, reshaped = 0;
  for (uint32_t seed = 1; seed <= 60 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = testing::with_float_ends(
        testing::with_explicit_padding(testing::RandomNetwork(seed).graph()), seed % 3 == 0, seed % 2 == 0);
    check_graph(graph);
    for (KernelSet kernels : {KernelSet::portable, KernelSet::host}) expect_same_outputs(graph, kernels);
    const Plan plan = run_inference_passes(lower_inference(graph));
    padded += has_note(plan, "fold padding") ? 1 : 0;
    reshaped += has_note(plan, "share reshaped") ? 1 : 0;
    EXPECT_EQ(has_note(plan, "fold float ends"), seed % 3 == 0 || seed % 2 == 0);
    for (const Step& step : plan.steps) EXPECT_FALSE(std::holds_alternative<PadForward>(step.kernel));
  }
  EXPECT_GT(padded, 30);
  EXPECT_GT(reshaped, 5);
}

TEST(InferencePasses, AnOperatorBetweenTwoEndsStays) {
  Graph graph;
  graph.file_name = "reshape alone";
  for (const std::vector<int32_t>& shape : {std::vector<int32_t>{1, 6}, std::vector<int32_t>{2, 3}}) {
    Tensor tensor;
    tensor.id = TensorId(graph.tensors.size());
    tensor.name = "t" + std::to_string(tensor.id.value);
    tensor.shape = shape;
    tensor.quantization = {{0.5F}, {0}, 0};
    graph.tensors.push_back(tensor);
  }
  graph.ops.push_back({OpId(0), {TensorId(0)}, {TensorId(1)}, Reshape{}});
  graph.inputs = {TensorId(0)};
  graph.outputs = {TensorId(1)};
  check_graph(graph);
  expect_same_outputs(graph, KernelSet::portable);
  EXPECT_EQ(run_inference_passes(lower_inference(graph)).steps.size(), 1U);
}

TEST(InferencePasses, OutputsOfThePublishedModelsStay) {
  THAW_REQUIRE_SHARED();
  int models = 0;
  const std::filesystem::path all = *testing::shared_folder() / "models";
  for (const std::filesystem::path& folder : {all, all / "field"})
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".tflite") continue;
      if (entry.path().filename() == "keyword_scrambled_8bit.tflite") continue;  // operators that Thaw lacks
      if (entry.path().filename() == "wakeword_hey_jarvis.tflite") continue;     // the same
      SCOPED_TRACE(entry.path().filename());
      expect_same_outputs(read_tflite(entry.path()), KernelSet::host);
      ++models;
    }
  EXPECT_GE(models, 25);
}

}  // namespace
}  // namespace thaw
