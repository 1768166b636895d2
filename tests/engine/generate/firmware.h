// Firmware for tests: generated into a folder of the build, with what the simulator says, built and run
// through tools/run-on-qemu.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/generate/generate.h"
#include "memmodel/board.h"
#include "memmodel/planner.h"
#include "sim/base/file.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/training_plan.h"
#include "sim/train/firmware_trace.h"
#include "sim/train/trainer.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/noise.h"
#include "tests/support/project_folders.h"

namespace thaw::testing {

/// A plan of `network`, laid out, with the rates of a run of `steps` steps.
struct PlannedFirmware {
  PlannedFirmware(const Network& network, const Schedule& schedule, uint32_t steps)
      : plan(training_plan(network, schedule)),
        layout(plan_layout(plan)),
        input(input_shape(network)),
        input_scale(static_cast<double>(network.graph.tensor(network.input).quantization.scale())),
        input_zero_point(network.graph.tensor(network.input).quantization.zero_point()),
        output(network.graph.tensor(network.classifier.feature_tensor).quantization),
        seed(schedule.training.seed),
        schedule_steps(steps),
        rates(cosine_learning_rates(schedule.training.learning_rate, steps, steps / 4.0)) {}

  FirmwareRequest request(const Board& board) const {
    FirmwareRequest made{plan, layout, board, input, input_scale, input_zero_point, rates[64], rates};
    made.output_scale = static_cast<double>(output.scale());
    made.output_zero_point = output.zero_point();
    return made;
  }

  /// One inference, then one training step an image, on the rates of the schedule.
  std::vector<TraceSample> samples(const std::vector<std::pair<int32_t, std::vector<int8_t>>>& images) const {
    std::vector<TraceSample> result = {{false, 0, {}, images[0].second}};
    for (size_t t = 0; t < images.size(); ++t)
      result.push_back({true, images[t].first, rates[128 * t / schedule_steps], images[t].second});
    return result;
  }

  Plan plan;
  Layout layout;
  std::array<int32_t, 4> input;
  double input_scale;
  int32_t input_zero_point;
  Quantization output;  // read only where the plan compares it
  uint32_t seed, schedule_steps;
  std::array<LearningRate, 128> rates;
};

/// The small model with its last convolution and its classifier trained.
inline PlannedFirmware small_firmware() {
  Schedule schedule;
  schedule.classes = 2;
  schedule.update = {{2, "project", true, UpdatedWeights::all, {}},
                     {3, "classifier", true, UpdatedWeights::all, {}}};
  return PlannedFirmware(reduce(SmallModel().graph(), {.classes = 2}), schedule, 20);
}

/// Labels and images of noise.
inline std::vector<std::pair<int32_t, std::vector<int8_t>>> noise_images(const Plan& plan, size_t count) {
  Noise noise(5);
  std::vector<std::pair<int32_t, std::vector<int8_t>>> images(count);
  for (auto& [label, image] : images) {
    label = noise.in(0, std::max(plan.classes, 1) - 1);
    image.resize(static_cast<size_t>(plan.buffer(plan.inputs[0]).bytes));
    for (int8_t& pixel : image) pixel = static_cast<int8_t>(noise.in(-128, 127));
  }
  return images;
}

/// A board of configs/boards.
inline Board board_named(const std::string& name) {
  return read_board(std::filesystem::path(testing::source_folder()) / "configs/boards" / (name + ".json"));
}

/// The same board with more RAM than the microcontroller it stands for: QEMU's has it.
inline Board with_ram(Board board, int64_t bytes) {
  board.name += "-large";
  board.ram_bytes = bytes;
  return board;
}

/// An empty folder of the build, named after the running test and `name`.
inline std::filesystem::path test_folder(const std::string& name) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::filesystem::path folder = std::filesystem::path(testing::build_folder()) / "firmware" /
                                       (std::string(test->test_suite_name()) + "." + test->name()) / name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

inline void write_firmware(const std::filesystem::path& folder, const FirmwareRequest& request) {
  for (const GeneratedFile& file : generate(request)) {
    std::filesystem::create_directories((folder / file.path).parent_path());
    write_file_atomically(folder / file.path, file.text);
  }
}

inline void write_check(const std::filesystem::path& folder, const FirmwareTrace& trace) {
  std::filesystem::create_directories(folder / "check");
  write_file_atomically(folder / "check/samples.bin", trace.samples);
  write_file_atomically(folder / "check/expected.bin", trace.expected);
}

struct CommandResult {
  int status = -1;
  std::string output;  // both streams
};

inline CommandResult run_command(const std::string& command) {
  CommandResult result;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return result;
  char buffer[4096];
  for (size_t count = fread(buffer, 1, sizeof buffer, pipe); count > 0;
       count = fread(buffer, 1, sizeof buffer, pipe))
    result.output.append(buffer, count);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

inline CommandResult run_on_qemu(const std::filesystem::path& folder, const std::string& options = "") {
  return run_command(std::string(testing::source_folder()) + "/tools/run-on-qemu '" + folder.string() + "' " +
                     options);
}

/// Builds and runs; expects the simulator's bits and returns the report.
inline nlohmann::json expect_same_bits(const std::filesystem::path& folder, const std::string& options = "") {
  const CommandResult result = run_on_qemu(folder, "--json " + options);
  EXPECT_EQ(result.status, 0) << result.output;
  const nlohmann::json report = nlohmann::json::parse(result.output, nullptr, false);
  if (report.is_discarded()) {
    ADD_FAILURE() << result.output;
    return {};
  }
  EXPECT_EQ(report["bits"], "identical") << report["difference"];
  return report;
}

}  // namespace thaw::testing
