// Inference needs no more RAM than inference and a training step: of any model, whatever is updated.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "memmodel/planner.h"
#include "memmodel/totals.h"
#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/lower.h"
#include "sim/plan/network.h"
#include "sim/plan/training_plan.h"
#include "tests/support/explicit_padding.h"
#include "tests/support/project_folders.h"
#include "tests/support/random_network.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

int64_t ram_bytes(const Plan& plan) {
  static const Board board =
      read_board(std::filesystem::path(testing::source_folder()) / "configs/boards/cortex-m7-256k.json");
  return totals(plan, plan_layout(plan), board).ram.required;
}

int64_t inference_ram(const Graph& graph) {
  return ram_bytes(inference_plan(graph));
}

int64_t training_ram(const Network& network, const Schedule& schedule) {
  return ram_bytes(training_plan(network, schedule));
}

Schedule last_layer_only(const Network& network) {
  Schedule schedule;
  schedule.classes = network.classifier.classes;
  schedule.update = {{network.convolution_count(), "", true, UpdatedWeights::all, {}}};
  return schedule;
}

/// Every layer that can be trained, biases only.
Schedule all_biases(const Network& network) {
  Schedule schedule = last_layer_only(network);
  schedule.update.clear();
  for (int32_t op = 0; op < network.convolution_count(); ++op)
    if (why_not_trainable(network, op).empty())
      schedule.update.push_back({op, "", true, UpdatedWeights::none, {}});
  schedule.update.push_back({network.convolution_count(), "", true, UpdatedWeights::all, {}});
  return schedule;
}

void expect_less_than_training(const Graph& graph) {
  SCOPED_TRACE(graph.file_name);
  const int64_t inference = inference_ram(graph);
  const Network network = reduce(graph, {});
  EXPECT_LE(inference, training_ram(network, last_layer_only(network)));
  EXPECT_LE(inference, training_ram(network, all_biases(network)));
}

std::vector<std::filesystem::path> model_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".tflite") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

TEST(InferenceRam, IsAtMostTrainingsOnRandomNetworks) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const Graph plain = testing::RandomNetwork(seed).graph();
    expect_less_than_training(plain);
    expect_less_than_training(testing::with_float_ends(testing::with_explicit_padding(plain), true, true));
    const Network network = reduce(plain, {});
    Schedule schedule = testing::random_schedule(network, seed);
    schedule.training.gradient_bits = 7;
    try {
      EXPECT_LE(inference_ram(plain), training_ram(network, schedule)) << seed;
    } catch (const Error&) {  // gradients do not reach this part
    }
  }
}

TEST(InferenceRam, IsAtMostTrainingsOnTheReferenceModel) {
  expect_less_than_training(
      read_tflite(std::filesystem::path(testing::source_folder()) / "configs/models/reference.tflite"));
}

TEST(InferenceRam, IsAtMostTrainingsOnPublishedModels) {
  THAW_REQUIRE_SHARED();
  int models = 0;
  for (const char* folder : {"models", "models/field"})
    for (const std::filesystem::path& file : model_files(*testing::shared_folder() / folder)) {
      Graph graph;
      try {
        graph = read_tflite(file);
        reduce(graph, {});
      } catch (const Error&) {
        continue;  // operators that Thaw lacks, or nothing to train
      }
      expect_less_than_training(graph);
      ++models;
    }
  EXPECT_GE(models, 12);
}

// Without passes it needs 274,560 bytes and does not fit.
TEST(InferenceRam, OfThePapersNetworkIsBelow128KiB) {
  THAW_REQUIRE_SHARED();
  const int64_t bytes = inference_ram(read_tflite(*testing::shared_folder() / "models/mcunet-5fps.tflite"));
  std::printf("mcunet-5fps, inference: %lld bytes of RAM\n", static_cast<long long>(bytes));
  EXPECT_LE(bytes, 126'152);
}

}  // namespace
}  // namespace thaw
