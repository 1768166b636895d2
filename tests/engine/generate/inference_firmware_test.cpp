// Firmware that infers and does not train: the simulator's outputs bit for bit, no trained state, refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "memmodel/device_plan.h"
#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "tests/engine/generate/every_operator.h"
#include "tests/engine/generate/firmware.h"
#include "tests/engine/generate/loaded_model.h"
#include "tests/engine/generate/model_firmware.h"
#include "tests/support/error_of.h"
#include "tests/support/forward_only_network.h"
#include "tests/support/operator_network.h"
#include "tests/support/streaming_network.h"
#include "tests/support/varied_network.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::board_named;
using testing::EveryOperator;
using ::testing::HasSubstr;
using testing::LoadedModel;
using ::testing::Not;

struct InferringFirmware {
  InferringFirmware(const Graph& graph_of_model, const Board& its_board, InputBy input)
      : graph(graph_of_model), board(its_board), device(device_inference_plan(graph, board, input)) {}

  FirmwareRequest request() const { return inference_request(graph, device.plan, device.layout, board); }

  Graph graph;
  Board board;
  DevicePlan device;
};

/// Images of noise; every third begins a new sequence.
std::vector<TraceSample> noise_to_infer(const Plan& plan, size_t count) {
  testing::Noise noise(3);
  std::vector<TraceSample> samples(count);
  for (size_t i = 0; i < count; ++i) {
    samples[i].train = false;
    samples[i].reset = i % 3 == 2;
    samples[i].image.resize(static_cast<size_t>(plan.buffer(plan.inputs[0]).bytes));
    for (int8_t& pixel : samples[i].image) pixel = static_cast<int8_t>(noise.in(-128, 127));
  }
  return samples;
}

int32_t infer_by_rows(const LoadedModel& model, const Plan& plan, const std::vector<int8_t>& image) {
  const auto rows = model.function<int32_t(const int8_t*, int32_t)>("thaw_rows");
  const auto finish = model.function<int32_t()>("thaw_finish");
  EXPECT_EQ(model.function<int32_t()>("thaw_begin")(), 0);
  EXPECT_LT(finish(), 0) << "without rows";
  EXPECT_EQ(rows(image.data(), plan.input_rows), 0);
  return finish();
}

void expect_same_outputs(const LoadedModel& model, const Plan& plan, const Layout& layout) {
  const auto infer = model.function<int32_t(const int8_t*)>("thaw_infer");
  const auto output = model.function<const int8_t*()>("thaw_output");
  const auto reset = model.function<void()>("thaw_reset_state");
  EXPECT_EQ(reset != nullptr, reads_variables(plan, 0));
  Executor executor(plan, layout.offsets, KernelSet::host, 0);
  size_t number = 0;
  for (const TraceSample& sample : noise_to_infer(plan, 9)) {
    std::ranges::copy(sample.image, executor.values<int8_t>(plan.inputs[0]).begin());
    if (sample.reset && reset != nullptr) {
      executor.reset_variables();
      reset();
    }
    executor.infer();
    const std::span<const int8_t> expected = executor.values<int8_t>(plan.outputs[0]);
    const int32_t best =
        number % 2 == 0 ? infer(sample.image.data()) : infer_by_rows(model, plan, sample.image);
    ASSERT_EQ(best, std::ranges::max_element(expected) - expected.begin()) << "inference " << number;
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), output())) << "inference " << number;
    ++number;
  }
}

TEST(InferenceFirmware, HasTheSimulatorsOutputs) {
  std::vector<Graph> graphs = {EveryOperator().graph()};
  for (uint32_t seed = 1; seed <= 2; ++seed) {
    graphs.push_back(testing::VariedNetwork(seed).graph());
    graphs.push_back(testing::OperatorNetwork(seed).graph());
    graphs.push_back(testing::ForwardOnlyNetwork(seed).graph());
    graphs.push_back(testing::StreamingNetwork(seed).graph());
  }
  const fs::path all = testing::test_folder("models");
  std::vector<InferringFirmware> made;
  for (const Graph& graph : graphs)
    for (InputBy input : {InputBy::image, InputBy::rows}) {
      made.emplace_back(graph, board_named("host"), input);
      testing::write_firmware(testing::folder_of(all, made.size() - 1), made.back().request());
    }
  const testing::CommandResult compiled = testing::compile_models(all, made.size());
  ASSERT_EQ(compiled.status, 0) << compiled.output;
  for (size_t i = 0; i < made.size(); ++i) {
    SCOPED_TRACE(made[i].graph.file_name + ", firmware " + std::to_string(i));
    const LoadedModel model(testing::folder_of(all, i) / "model.so");
    ASSERT_TRUE(model.loaded()) << dlerror();
    expect_same_outputs(model, made[i].device.plan, made[i].device.layout);
  }
}

const Graph& reference() {
  static const Graph graph = read_tflite(testing::kConfigs / "models/reference.tflite");
  return graph;
}

TEST(InferenceFirmware, HasNothingOfTraining) {
  const InferringFirmware made(reference(), board_named("mps2-an386"), InputBy::image);
  for (const GeneratedFile& file : generate(made.request())) {
    EXPECT_THAT(file.path, Not(HasSubstr("state_"))) << "no record of a state";
    EXPECT_THAT(file.path, Not(HasSubstr("gradient_dsp.c")));
    EXPECT_THAT(file.path, Not(HasSubstr("update_biases")));
    if (file.path == "thaw_model.h" || file.path == "README.md") {
      EXPECT_THAT(file.text, Not(HasSubstr("train_step"))) << file.path;
    }
  }
}

TEST(InferenceFirmware, TakesNoMoreRamThanTraining) {
  const Board board = board_named("mps2-an386");
  const testing::Model model = testing::read_model(testing::kConfigs / "models/reference.tflite",
                                                   testing::kConfigs / "schedules/reference/last-layer.json");
  EXPECT_LT(device_inference_plan(reference(), board).totals.ram.required,
            device_training_plan(model.network, model.schedule, board).totals.ram.required);
}

std::string refusal_of(const Graph& graph) {
  const InferringFirmware made(graph, board_named("host"), InputBy::image);
  return testing::error_of([&] { made.request(); });
}

TEST(InferenceFirmware, RefusesEndsThatItsInterfaceHasNotGot) {
  Graph two_outputs = reference();
  two_outputs.outputs.push_back(two_outputs.ops[0].outputs[0]);
  EXPECT_THAT(refusal_of(two_outputs), HasSubstr("1 inputs and 2 outputs"));
}

TEST(InferenceFirmwareSlow, HasTheSimulatorsOutputsOnACortexM4) {
  for (InputBy input : {InputBy::image, InputBy::rows}) {
    const InferringFirmware made(reference(), board_named("mps2-an386"), input);
    const fs::path folder = testing::test_folder(input_by_name(input));
    testing::write_firmware(folder, made.request());
    testing::write_check(folder, firmware_trace(made.device.plan, made.device.layout.offsets, KernelSet::host,
                                                0, 0, noise_to_infer(made.device.plan, 3)));
    const nlohmann::json report = testing::expect_same_bits(folder);
    EXPECT_EQ(report["inferences"], 3);
    EXPECT_EQ(report["ram_bytes"], made.device.totals.ram.required);
    EXPECT_NEAR(report["flash_bytes"].get<double>(), report["flash_bytes_estimated"].get<double>(),
                0.05 * report["flash_bytes_estimated"].get<double>());
  }
}

}  // namespace
}  // namespace thaw
