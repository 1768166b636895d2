// Writes run directories in the format of `thaw search`, small and made up, so that tests can plant one
// change at a time.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/project_folders.h"

namespace thaw::testing {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

/// A folder of the test's own, emptied at its start.
inline fs::path scratch_folder() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  const fs::path folder = fs::path(testing::build_folder()) / "reports-scratch" /
                          (std::string(info->test_suite_name()) + "." + info->name());
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

inline void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string read_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// What a test can turn. Seed s of the chosen schedule is right on the first `right[s]` of `samples`.
struct ExampleRun {
  int64_t samples = 1000;
  std::vector<int64_t> right = {800, 790};
  int64_t ram_bytes = 62000, flash_bytes = 200000, macs_per_step = 3'000'000;
  double seconds = 100.0;
  std::string signature = "5f1d0c";
  std::string board = "cortex-m4-192k";
  std::string layer_name = "b7.pw1";
  std::vector<int64_t> channels = {0, 1, 2, 5};
  int trials = 12;
  double last_layer_less = -0.095;  // accuracy of the last layer only, less that of the chosen schedule

  double accuracy() const {
    double sum = 0.0;
    for (int64_t r : right) sum += static_cast<double>(r);
    return sum / static_cast<double>(samples) / static_cast<double>(right.size());
  }
};

inline Json example_schedule(const ExampleRun& run, int layers = 3) {
  Json update = Json::array();
  if (layers > 2)
    update.push_back({{"layer", run.layer_name},
                      {"op", 20},
                      {"bias", true},
                      {"weights", {{"input_channels", run.channels}}}});
  if (layers > 1) update.push_back({{"layer", "b8.pw2"}, {"op", 24}, {"bias", true}, {"weights", "none"}});
  update.push_back({{"layer", "classifier"}, {"op", 26}, {"bias", true}, {"weights", "all"}});
  return {{"schema_version", 1},
          {"model",
           {{"file", "reference.tflite"},
            {"sha256", std::string(64, 'a')},
            {"classes", 10},
            {"input", {1, 28, 28, 1}}}},
          {"arithmetic", "int8"},
          {"training",
           {{"learning_rate", 0.003125},
            {"epochs", 3},
            {"lr_schedule", "cosine"},
            {"warmup_epochs", 1},
            {"seed", 1}}},
          {"update", update}};
}

inline Json example_point(const ExampleRun& run, int trial, double accuracy, int64_t ram, int layers = 3) {
  return {{"trial", trial},
          {"outcome", "ok"},
          {"accuracy", accuracy},
          {"by_seed", {{{"seed", 1}, {"accuracy", accuracy}}}},
          {"ram_bytes", ram},
          {"flash_bytes", run.flash_bytes},
          {"macs_per_step", run.macs_per_step},
          {"learning_rate", 0.003125},
          {"schedule", example_schedule(run, layers)}};
}

inline Json example_trial(const ExampleRun& run, int number, const std::string& role,
                          const std::string& fidelity, double accuracy, int64_t ram, int layers = 3,
                          const Json& purpose = {{"kind", "confirm"}}) {
  return {{"schema_version", 1},
          {"number", number},
          {"key", std::to_string(number)},
          {"run", "r"},
          {"role", role},
          {"purpose", purpose},
          {"fidelity", {{"name", fidelity}, {"epochs", 3}, {"samples", 1.0}}},
          {"measured_on", "validation"},
          {"outcome", number % 7 == 0   ? "diverged"
                      : number % 5 == 0 ? "over_budget"
                                        : "ok"},
          {"accuracy", accuracy},
          {"ram_bytes", ram},
          {"flash_bytes", run.flash_bytes},
          {"macs_per_step", run.macs_per_step},
          {"seeds",
           {{{"seed", 1}, {"outcome", "ok"}, {"accuracy", accuracy}, {"loss", 0.5}, {"signature", "ab"}}}},
          {"schedule", example_schedule(run, layers)}};
}

inline Json example_plan(const ExampleRun& run) {
  return {{"schema_version", 1},
          {"totals",
           {{"ram_bytes", run.ram_bytes},
            {"arena_bytes", 50000},
            {"persistent_bytes", 7904},
            {"stack_bytes", 4096},
            {"flash_bytes", run.flash_bytes},
            {"macs_per_step", run.macs_per_step},
            {"constant_bytes", 180000},
            {"code_bytes_estimate", 20000}}},
          {"layout",
           {{"peak_bytes", 49984},
            {"lower_bound_bytes", 49984},
            {"lower_bound_step", 1},
            {"proven_optimal", true}}},
          {"buffers",
           {{{"name", "input"},
             {"kind", "activation"},
             {"region", "arena"},
             {"bytes", 784},
             {"offset", 0},
             {"first_step", 0},
             {"last_step", 0}},
            {{"name", "b7.pw1 saved"},
             {"kind", "saved_input"},
             {"region", "arena"},
             {"bytes", 30000},
             {"offset", 0},
             {"first_step", 1},
             {"last_step", 3}},
            {{"name", "b7.pw1 gradient"},
             {"kind", "gradient"},
             {"region", "arena"},
             {"bytes", 19984},
             {"offset", 30000},
             {"first_step", 1},
             {"last_step", 2}},
            {{"name", "weights"},
             {"kind", "constant"},
             {"region", "flash"},
             {"bytes", 99},
             {"offset", nullptr},
             {"first_step", 0},
             {"last_step", 3}}}},
          {"steps",
           {{{"step", 0}, {"name", "b0.conv"}, {"phase", "forward"}, {"live_bytes", 784}, {"at_peak", false}},
            {{"step", 1}, {"name", "b7.pw1"}, {"phase", "forward"}, {"live_bytes", 49984}, {"at_peak", true}},
            {{"step", 2},
             {"name", "b7.pw1 gradient"},
             {"phase", "backward"},
             {"live_bytes", 49984},
             {"at_peak", true}},
            {{"step", 3},
             {"name", "b7.pw1 update"},
             {"phase", "update"},
             {"live_bytes", 30000},
             {"at_peak", false}}}}};
}

/// Writes a whole run directory and returns its path.
inline fs::path write_example(const fs::path& folder, const ExampleRun& run) {
  fs::create_directories(folder);
  const double accuracy = run.accuracy();
  Json schedule = example_schedule(run);
  schedule["promise"] = {{"accuracy",
                          {{"mean", accuracy},
                           {"low", accuracy - 0.02},
                           {"high", accuracy + 0.02},
                           {"seeds", run.right.size()}}},
                         {"ram_bytes", run.ram_bytes},
                         {"flash_bytes", run.flash_bytes},
                         {"macs_per_step", run.macs_per_step},
                         {"signature", run.signature}};
  schedule["provenance"] = {{"thaw", "0.1.0"}, {"strategy", "freeze"}, {"threshold", 1.0}, {"run", "r"}};
  write_text(folder / "schedule.json", schedule.dump(2));

  std::string predictions;  // every label is 1; a wrong prediction is 0
  predictions.append(static_cast<size_t>(run.samples), '\1');
  Json seeds = Json::array(), by_seed = Json::array();
  for (size_t s = 0; s < run.right.size(); ++s) {
    seeds.push_back({{"seed", s + 1}, {"offset", predictions.size()}});
    by_seed.push_back({{"seed", s + 1},
                       {"accuracy", static_cast<double>(run.right[s]) / static_cast<double>(run.samples)}});
    predictions.append(static_cast<size_t>(run.right[s]), '\1');
    predictions.append(static_cast<size_t>(run.samples - run.right[s]), '\0');
  }
  write_text(folder / "predictions.bin", predictions);
  Json chosen = example_point(run, run.trials - 1, accuracy, run.ram_bytes);
  chosen["name"] = "chosen";
  chosen["by_seed"] = by_seed;
  chosen["interval"] = {{"low", accuracy - 0.02}, {"high", accuracy + 0.02}};
  chosen["predictions"] = seeds;
  Json last = example_point(run, run.trials, 0.7, 30000, 1);
  last["name"] = "last layer only";
  last["interval"] = {{"low", 0.68}, {"high", 0.72}};
  last["predictions"] = Json::array();
  last["against_chosen"] = {{"mean", run.last_layer_less},
                            {"low", run.last_layer_less - 0.02},
                            {"high", run.last_layer_less + 0.02},
                            {"surely_better", run.last_layer_less > 0.02}};
  write_text(folder / "comparison.json", Json({{"schema_version", 1},
                                               {"measured_on", "test"},
                                               {"samples", run.samples},
                                               {"predictions_file", "predictions.bin"},
                                               {"labels_offset", 0},
                                               {"rows", {chosen, last}}})
                                             .dump(2));

  Json points = Json::array();
  const std::vector<std::string> frozen = {"start", "weights of b8.pw2", "weights of " + run.layer_name};
  for (int i = 0; i < 3; ++i) {
    Json point = {{"frozen", frozen[static_cast<size_t>(i)]}, {"holds", i < 2}};
    point.update(example_point(run, i + 1, 0.81 - 0.012 * i, 90000 - 14000 * i, 3 - i));
    points.push_back(point);
  }
  write_text(folder / "curve.json", Json({{"schema_version", 1},
                                          {"measured_on", "validation"},
                                          {"threshold_points", 1.0},
                                          {"reference_accuracy", 0.81},
                                          {"chosen", 1},
                                          {"stop_reason", "without weights of b7.pw1 accuracy falls"},
                                          {"points", points}})
                                        .dump(2));
  Json front = Json::array();
  front.push_back(example_point(run, 2, 0.80, 76000));
  write_text(folder / "pareto.json",
             Json({{"schema_version", 1}, {"measured_on", "validation"}, {"points", front}}).dump(2));

  std::string trials =
      example_trial(run, 1, "look: start", "look", 0.8, 90000, 3, {{"kind", "look"}}).dump() + "\n" +
      example_trial(
          run, 2, "look: without weights of " + run.layer_name, "look", 0.77, 70000, 2,
          {{"kind", "look"}, {"frozen", {{"op", 4}, {"layer", run.layer_name}, {"what", "weights"}}}})
          .dump() +
      "\n";
  for (int i = 3; i <= run.trials; ++i)
    trials += example_trial(run, i, "freeze " + std::to_string(i), i % 3 == 0 ? "full" : "look",
                            0.6 + 0.2 * ((i * 37) % 101) / 101.0, 30000 + (i * 7919) % 60000)
                  .dump() +
              "\n";
  write_text(folder / "trials.jsonl", trials);
  write_text(folder / "plan.json", example_plan(run).dump(2));
  write_text(folder / "run.json",
             Json({{"schema_version", 1},
                   {"thaw", "0.1.0"},
                   {"command", {"thaw", "search", "configs/models/reference.tflite", "data"}},
                   {"machine",
                    {{"processor", "unknown"},
                     {"cores", 2},
                     {"system", "Linux"},
                     {"compiler", "12"},
                     {"build", "Release"}}},
                   {"model", {{"file", "reference.tflite"}, {"sha256", std::string(64, 'a')}}},
                   {"data",
                    {{"name", "clothes"},
                     {"format", "IDX"},
                     {"sha256", std::string(64, 'b')},
                     {"class_names", {"shirt", "shoe"}},
                     {"train_samples", 4000},
                     {"test_samples", run.samples},
                     {"notes", Json::array()}}},
                   {"kind", "search"},
                   {"strategy", "freeze"},
                   {"board", run.board},
                   {"train_samples", 3200},
                   {"validation_samples", 800},
                   {"mirror", false},
                   {"classifier", "fresh"},
                   {"trials", run.trials},
                   {"jobs", 2},
                   {"next", {"thaw generate models/reference.tflite --schedule demo/schedule.json"}},
                   {"seconds", run.seconds}})
                 .dump(2));
  return folder;
}

}  // namespace thaw::testing
