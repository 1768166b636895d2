// `thaw search`: the files it promises, the same for any number of threads, and after it was interrupted or
// killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "sim/graph/json.h"
#include "tests/json_schema.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::Finished;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::text_of;

/// What must not depend on time or machine.
const std::vector<std::string> kFiles = {"schedule.json",   "trials.jsonl",    "curve.json", "pareto.json",
                                         "comparison.json", "predictions.bin", "plan.json"};

class Search : public testing::SmallProject {
 protected:
  Search() { fs::create_directory_symlink(fs::path(THAW_SOURCE_DIR) / "configs", file("configs")); }

  static std::vector<std::string> arguments(const std::string& folder, std::vector<std::string> more = {},
                                            const std::string& epochs = "4") {
    std::vector<std::string> all = {"search", "model.tflite", "cifar", "--epochs", epochs, "-o", folder};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  std::vector<std::string> faults(const std::string& schema, const nlohmann::json& document) const {
    return testing::SchemaCheck(read_json_file(file("configs/schema") / (schema + ".schema.json")))
        .faults(document);
  }

  void expect_same(const std::string& a, const std::string& b) const {
    for (const std::string& name : kFiles) {
      EXPECT_FALSE(text_of(file(a) / name).empty()) << name;
      EXPECT_EQ(text_of(file(a) / name), text_of(file(b) / name)) << name << " of " << a << " and " << b;
    }
  }

  int64_t rows(const std::string& folder) const {
    const std::string text = text_of(file(folder) / "trials.jsonl");
    return std::count(text.begin(), text.end(), '\n');
  }
};

TEST_F(Search, EveryFileOfTheRunDirectoryHoldsToItsSchema) {
  const Finished run = thaw(arguments("run"));
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out,
              ::testing::AllOf(HasSubstr("what was frozen in which order"), HasSubstr("last layer only"),
                               HasSubstr("biases only"), HasSubstr("full update"), HasSubstr("stopped: ")));
  for (const char* name : {"run", "schedule", "curve", "pareto", "comparison", "plan"})
    EXPECT_THAT(faults(name, read_json_file(file("run") / (std::string(name) + ".json"))), IsEmpty()) << name;
  std::istringstream trials(text_of(file("run/trials.jsonl")));
  for (std::string line; std::getline(trials, line);)
    EXPECT_THAT(faults("trial", nlohmann::json::parse(line)), IsEmpty());
  const nlohmann::json about = read_json_file(file("run/run.json"));
  EXPECT_EQ(about["kind"], "search");
  EXPECT_EQ(about["trials"], rows("run"));
  // The answer is a schedule like any other.
  const Finished plan = thaw({"plan", "model.tflite", "--schedule", "run/schedule.json", "--quiet"});
  EXPECT_EQ(plan.status, 0) << plan.err;
}

TEST_F(Search, PrintsOneDocument) {
  const Finished run = thaw(arguments("run", {"--json"}));
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.err, "");
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["comparison"][0]["name"], "chosen");
  EXPECT_EQ(json["promise"]["ram_bytes"], read_json_file(file("run/schedule.json"))["promise"]["ram_bytes"]);
}

TEST_F(Search, PromisesWhatTrainingThenMeasures) {
  ASSERT_EQ(thaw(arguments("run", {"--seeds", "1"})).status, 0);
  const nlohmann::json promise = read_json_file(file("run/schedule.json"))["promise"];
  const Finished train =
      thaw({"train", "model.tflite", "cifar", "--schedule", "run/schedule.json", "--json", "-o", "check"});
  ASSERT_EQ(train.status, 0) << train.err;
  const nlohmann::json trained = nlohmann::json::parse(train.out);
  EXPECT_EQ(trained["seeds"][0]["signature"], promise["signature"]);
  EXPECT_EQ(trained["seeds"][0]["accuracy"]["mean"], promise["accuracy"]["mean"]);
  const Finished plan = thaw({"plan", "model.tflite", "--schedule", "run/schedule.json", "--json"});
  EXPECT_EQ(nlohmann::json::parse(plan.out)["totals"]["ram"]["required_bytes"], promise["ram_bytes"]);
}

TEST_F(Search, NothingDependsOnThreadsOrJobs) {
  ASSERT_EQ(thaw(arguments("one", {"--jobs", "1"}), {"OMP_NUM_THREADS=1"}).status, 0);
  ASSERT_EQ(thaw(arguments("two", {"--jobs", "2"}), {"OMP_NUM_THREADS=2"}).status, 0);
  ASSERT_EQ(thaw(arguments("again", {"--jobs", "2"}), {"OMP_NUM_THREADS=2"}).status, 0);
  expect_same("one", "two");
  expect_same("two", "again");
}

TEST_F(Search, InterruptedOrKilledItGoesOnToTheSameFiles) {
  // Epochs enough that a search never ends before the signal that its rows call for, on a busy machine
  // either.
  ASSERT_EQ(thaw(arguments("whole", {}, "500")).status, 0);
  int64_t stop_at = 2;
  for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
    const testing::RunningThaw run(arguments("resumed", {}, "500"), folder_);
    while (rows("resumed") < stop_at) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    run.send(signal);
    const Finished finished = run.wait();
    EXPECT_EQ(finished.status, 128 + signal);
    if (signal != SIGKILL) {
      EXPECT_THAT(finished.err, HasSubstr("the same command goes on from there"));
    }
    EXPECT_FALSE(fs::exists(file("resumed/schedule.json")));
    stop_at += 3;
  }
  const Finished last = thaw(arguments("resumed", {}, "500"));
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_THAT(last.err, HasSubstr("evaluations of an earlier run are reused"));
  expect_same("whole", "resumed");
}

TEST_F(Search, FlagsChangeWhatTheySay) {
  const Finished run = thaw(arguments(
      "run", {"--strategy", "freeze",       "--board", "cortex-m4-192k", "--ram", "20K",       "--flash",
              "900K",       "--validation", "0.25",    "--samples",      "100",   "--no-flip", "--seed",
              "5",          "--lr",         "0.01",    "--threshold",    "3",     "--classes", "2",
              "--quiet"}));
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.err, "");
  const nlohmann::json about = read_json_file(file("run/run.json"));
  EXPECT_THAT(about["board"].get<std::string>(), HasSubstr("20480 bytes of RAM, 921600 of flash"));
  EXPECT_EQ(about["train_samples"], 75);
  EXPECT_EQ(about["validation_samples"], 25);
  const nlohmann::json schedule = read_json_file(file("run/schedule.json"));
  EXPECT_EQ(schedule["training"]["seed"], 5);
  EXPECT_EQ(schedule["training"]["learning_rate"], 0.01);
  EXPECT_EQ(schedule["training"]["flip"], false);
  EXPECT_EQ(schedule["provenance"]["threshold"], 3);
}

}  // namespace
}  // namespace thaw
