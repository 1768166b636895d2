// What one command writes, every other that reads such a file accepts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/sim/graph/odd_scales.h"
#include "tests/support/project_folders.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using testing::text_of;

class RoundTrip : public testing::SmallProject {
 protected:
  RoundTrip() { link_configs(); }

  /// Expects success; prints what the command said where it fails.
  void expect_done(const std::vector<std::string>& arguments) {
    const Finished run = thaw(arguments);
    std::string line;
    for (const std::string& word : arguments) line += " " + word;
    EXPECT_EQ(run.status, 0) << "thaw" << line << "\n" << run.err;
  }

  /// Every command that takes a schedule.
  void expect_schedule_is_accepted(const std::string& model, const std::string& schedule) {
    SCOPED_TRACE(schedule);
    expect_done({"plan", model, "--schedule", schedule, "--board", "host"});
    expect_done({"train", model, "cifar", "--schedule", schedule, "--epochs", "1", "-q", "-o", "trained"});
    expect_done({"generate", model, "--schedule", schedule, "--board", "host", "-o", "firmware"});
    expect_done({"convert", schedule, "again.json", "--model", model});
    expect_done({"report", "diff", schedule, "again.json"});
    std::filesystem::remove_all(file("trained"));
    std::filesystem::remove_all(file("firmware"));
  }

  /// Every command that takes a model.
  void expect_model_is_accepted(const std::string& model) {
    SCOPED_TRACE(model);
    expect_done({"inspect", model});
    expect_done({"plan", model, "--board", "host"});
    expect_done({"infer", model, "cifar"});
    expect_done({"convert", "schedule.flags", "for-model.json", "--model", model});
    expect_schedule_is_accepted(model, "for-model.json");
  }
};

TEST_F(RoundTrip, SchedulesOfConvertAndSearchAreAcceptedEverywhere) {
  expect_done({"convert", "schedule.flags", "converted.json", "--model", "model.tflite"});
  expect_schedule_is_accepted("model.tflite", "converted.json");
  expect_done({"convert", "converted.json", "converted.flags", "--model", "model.tflite"});
  expect_done({"convert", "converted.flags", "converted-back.json", "--model", "model.tflite"});
  EXPECT_EQ(text_of(file("converted-back.json")), text_of(file("converted.json")));
  expect_done({"search", "model.tflite", "cifar", "--epochs", "1", "--seeds", "1", "-q", "-o", "run"});
  expect_schedule_is_accepted("model.tflite", "run/schedule.json");
}

TEST_F(RoundTrip, TrainedModelsAreAcceptedEverywhere) {
  expect_done({"train", "model.tflite", "cifar", "--schedule", "schedule.json", "-q", "-o", "first"});
  expect_model_is_accepted("first/model.tflite");
}

TEST_F(RoundTrip, ModelsWithOddScalesAreAcceptedEverywhere) {
  const Graph odd = testing::with_odd_scales(read_tflite(file("model.tflite")));
  write_file_atomically(file("odd.tflite"), write_tflite(odd));
  expect_model_is_accepted("odd.tflite");
  expect_done({"convert", "schedule.flags", "odd.json", "--model", "odd.tflite"});
  for (const std::string arithmetic : {"int8", "float"}) {
    expect_done({"train", "odd.tflite", "cifar", "--schedule", "odd.json", "--arithmetic", arithmetic, "-q",
                 "-o", arithmetic});
    expect_model_is_accepted(arithmetic + "/model.tflite");
  }
}

TEST_F(RoundTrip, RunsAndBaselinesAreReported) {
  expect_done({"search", "model.tflite", "cifar", "--epochs", "1", "--seeds", "1", "-q", "-o", "run"});
  expect_done({"train", "model.tflite", "cifar", "--schedule", "run/schedule.json", "-q", "-o", "trained"});
  for (const char* run : {"run", "trained"}) {
    SCOPED_TRACE(run);
    const std::string baseline = std::string(run) + ".baseline.json";
    expect_done({"report", run, "-o", "report", "--baseline", baseline, "--update-baseline"});
    expect_done({"report", run, "-o", "report", "--baseline", baseline, "--require-baseline"});
  }
}

TEST_F(RoundTrip, SizesOfABoardAreReadAlikeByEveryCommand) {
  expect_done({"search", "model.tflite", "cifar", "--epochs", "1", "--seeds", "1", "-q", "-o", "run"});
  const std::string host =
      text_of(std::filesystem::path(testing::source_folder()) / "configs/boards/host.json");
  for (const char* size : {"67108864", "\"64M\"", "\"64MiB\"", "\"64 mib\"", "\"65536K\"", "\"65536 KiB\"",
                           "\"67108864\"", "\"67108864B\"", "\"67108864 b\"", "\"1G\""}) {
    SCOPED_TRACE(size);
    nlohmann::json board = nlohmann::json::parse(host);
    board["name"] = "mine";
    board["port"] = "host";
    for (const char* field : {"ram_bytes", "flash_bytes"}) board[field] = nlohmann::json::parse(size);
    std::filesystem::create_directories(file("boards"));
    write_text("boards/mine.json", board.dump());
    expect_done({"plan", "model.tflite", "--board", "boards/mine.json"});
    expect_done({"generate", "model.tflite", "--schedule", "schedule.json", "--board", "boards/mine.json",
                 "-o", "firmware"});
    expect_done({"report", "run", "--boards", "boards", "-o", "report", "-q"});
    std::filesystem::remove_all(file("firmware"));
  }
  expect_done({"search", "model.tflite", "cifar", "--epochs", "1", "--seeds", "1", "-q", "-o", "on-mine",
               "--board", "boards/mine.json"});
  expect_done({"report", "on-mine", "--boards", "boards", "-o", "report", "-q"});
}

TEST_F(RoundTrip, WhatPlanRefusesReportRefuses) {
  expect_done({"search", "model.tflite", "cifar", "--epochs", "1", "--seeds", "1", "-q", "-o", "run"});
  const std::string host =
      text_of(std::filesystem::path(testing::source_folder()) / "configs/boards/host.json");
  std::filesystem::create_directories(file("boards"));
  for (const char* size : {"\"192KB\"", "\"\"", "\"1.5M\"", "-1", "1.5", "null", "\"2048G\""}) {
    SCOPED_TRACE(size);
    nlohmann::json board = nlohmann::json::parse(host);
    board["name"] = "mine";
    board["ram_bytes"] = nlohmann::json::parse(size);
    write_text("boards/mine.json", board.dump());
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"plan", "model.tflite", "--board", "boards/mine.json"},
          {"report", "run", "--boards", "boards", "-o", "report"}}) {
      const Finished run = thaw(command);
      EXPECT_EQ(run.status, 1) << command[0];
      EXPECT_THAT(run.err, HasSubstr("ram_bytes")) << command[0];
    }
  }
  const Finished nowhere = thaw({"report", "run", "--boards", "nowhere", "-o", "report"});
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("nowhere: cannot be read"));
}

TEST_F(RoundTrip, AGateThatJudgesNothingIsRefused) {
  expect_done({"search", "model.tflite", "cifar", "--epochs", "1", "--seeds", "1", "-q", "-o", "run"});
  const auto with_gate = [&](const std::string& metrics) {
    write_text("gate.json", "{\"schema_version\": 1, \"metrics\": [" + metrics + "]}");
    return thaw({"report", "run", "--gate", "gate.json", "-o", "report"});
  };
  for (const char* metrics : {"", R"({"metric": "accuracy", "better": "lower", "level": "fail"})",
                              R"({"metric": "acuracy", "better": "higher", "level": "fail"})"}) {
    const Finished run = with_gate(metrics);
    EXPECT_EQ(run.status, 1) << metrics;
    EXPECT_THAT(run.err, HasSubstr("gate.json: metrics")) << metrics;
    EXPECT_FALSE(std::filesystem::exists(file("report"))) << metrics;
  }
  EXPECT_EQ(with_gate(R"({"metric": "accuracy", "better": "higher", "level": "fail"})").status, 0);
}

}  // namespace
}  // namespace thaw
