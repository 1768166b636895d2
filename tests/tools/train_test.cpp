// `thaw train`: it learns, it writes what it promises, and nothing depends on the number of threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "sim/base/json.h"
#include "sim/train/state_file.h"
#include "tests/support/json_schema.h"
#include "tests/support/project_folders.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::Finished;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::text_of;

class Train : public testing::SmallProject {
 protected:
  Finished train(std::vector<std::string> more, const std::vector<std::string>& variables = {}) const {
    std::vector<std::string> arguments = {"train", "model.tflite", "cifar", "--schedule", "schedule.json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return thaw(arguments, variables);
  }
};

TEST_F(Train, LearnsAndWritesWhatItPromises) {
  const Finished run = train({"--classes", "2", "-o", "run", "--verbose"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("epoch 3/3"), HasSubstr("accuracy 100.00 %"), HasSubstr("signature ")));
  const nlohmann::json json = read_json_file(file("run/run.json"));
  testing::SchemaCheck schema(
      read_json_file(std::filesystem::path(testing::source_folder()) / "configs/schema/run.schema.json"));
  EXPECT_THAT(schema.faults(json), IsEmpty());
  EXPECT_EQ(json["seeds"][0]["steps"], 600);
  const TrainedState state = read_state_file(file("run/state.bin"));
  EXPECT_EQ(state.steps, 600U);
  EXPECT_EQ(state.seed, 1U);
  EXPECT_EQ(state.model_sha256, json["model"]["sha256"]);
  EXPECT_EQ(text_of(file("run/predictions.bin")).size(), 60U);
  const Schedule trained = read_schedule_file(file("run/schedule.json"));
  EXPECT_TRUE(trained.training.fresh_classifier);
  // The exported model is an ordinary one, as good as what was trained.
  const Finished infer = thaw({"infer", "run/model.tflite", "cifar", "--json"});
  ASSERT_EQ(infer.status, 0) << infer.err;
  EXPECT_DOUBLE_EQ(nlohmann::json::parse(infer.out)["accuracy"]["mean"].get<double>(), 1.0);
}

TEST_F(Train, NothingDependsOnThreadsOrJobs) {
  const std::vector<std::string> names = {"schedule.json", "state.bin", "model.tflite", "predictions.bin"};
  for (const char* arithmetic : {"int8", "float"}) {
    ASSERT_EQ(
        train({"--seeds", "2", "--jobs", "1", "-o", "one", "--arithmetic", arithmetic}, {"OMP_NUM_THREADS=1"})
            .status,
        0);
    ASSERT_EQ(
        train({"--seeds", "2", "--jobs", "2", "-o", "two", "--arithmetic", arithmetic}, {"OMP_NUM_THREADS=2"})
            .status,
        0);
    for (const char* seed : {"seed-1", "seed-2"})
      for (const std::string& name : names) {
        EXPECT_FALSE(text_of(file("one") / seed / name).empty()) << name;
        EXPECT_EQ(text_of(file("one") / seed / name), text_of(file("two") / seed / name))
            << seed << " " << name;
      }
    EXPECT_NE(text_of(file("one/seed-1/state.bin")), text_of(file("one/seed-2/state.bin")));
    const nlohmann::json one = read_json_file(file("one/run.json")),
                         two = read_json_file(file("two/run.json"));
    for (size_t i = 0; i < 2; ++i) EXPECT_EQ(one["seeds"][i]["signature"], two["seeds"][i]["signature"]);
  }
}

TEST_F(Train, FlagsReplaceTheRecipe) {
  const Finished run = train({"--epochs", "2", "--lr", "0.02", "--seed", "9", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["seeds"][0]["seed"], 9);
  EXPECT_EQ(json["seeds"][0]["epochs"].size(), 2U);
  const Schedule trained = read_schedule_file(file("runs/train/schedule.json"));
  EXPECT_EQ(trained.training.learning_rate, 0.02);
  EXPECT_EQ(trained.training.epochs, 2);
  EXPECT_FALSE(trained.training.fresh_classifier);
}

/// 200 samples, each but the first followed by two kept ones, of 48 bytes each.
TEST_F(Train, ReplayTrainsKeptSamplesAgain) {
  std::vector<std::string> signatures;
  for (const char* memory : {"16K", "16384", "200"}) {
    const Finished run = train({"--epochs", "1", "--replay", "2", "--replay-memory", memory, "--json"});
    ASSERT_EQ(run.status, 0) << run.err;
    const nlohmann::json json = nlohmann::json::parse(run.out);
    testing::SchemaCheck schema(
        read_json_file(std::filesystem::path(testing::source_folder()) / "configs/schema/run.schema.json"));
    EXPECT_THAT(schema.faults(json), IsEmpty());
    EXPECT_EQ(json["replay"]["samples"], 2);
    EXPECT_EQ(json["seeds"][0]["steps"], 3 * 200 - 2);
    signatures.push_back(json["seeds"][0]["signature"]);
  }
  EXPECT_EQ(signatures[0], signatures[1]);
  EXPECT_NE(signatures[0], signatures[2]) << "3 latents are not 200";
}

TEST_F(Train, FloatArithmeticTrainsInBatches) {
  const Finished run = train({"--arithmetic", "float", "--batch", "8", "--json", "-o", "run"});
  ASSERT_EQ(run.status, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["arithmetic"], "float");
  EXPECT_EQ(json["seeds"][0]["steps"], 600);
  EXPECT_EQ(thaw({"infer", "run/model.tflite", "cifar"}).status, 0);
}

/// One output says nothing of classes: three are learnt, and the model that is left has three.
TEST_F(Train, AModelWithOneOutputIsWrittenWithTheClassesOfTheData) {
  const std::string from = std::string(testing::source_folder()) + "/tests/golden/cases/one-output-fc/";
  const Finished run = thaw({"train", from + "model.tflite", from + "data.npz", "--schedule",
                             from + "schedule.json", "--classes", "3", "-o", "run"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(std::filesystem::exists(file("run/run.json")));
  EXPECT_TRUE(std::filesystem::exists(file("run/predictions.bin")));
  const Graph graph = read_tflite(file("run/model.tflite"));
  EXPECT_EQ(graph.tensor(graph.outputs[0]).elements(), 3);
}

TEST_F(Train, QuietPrintsTheResultOnly) {
  const Finished run = train({"--quiet"});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, ::testing::Not(HasSubstr("epoch")));
}

TEST_F(Train, InterruptedItSaysHowToGoOnAndLeavesNothingBroken) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const testing::RunningThaw run(
        {"train", "model.tflite", "cifar", "--schedule", "schedule.json", "--epochs", "100000", "-o", "long"},
        folder_);
    while (text_of(file("stdout.txt")).find("epoch 1/") == std::string::npos)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    run.send(signal);
    const Finished finished = run.wait();
    EXPECT_EQ(finished.status, 128 + signal);
    EXPECT_THAT(finished.err, HasSubstr("the same command"));
    EXPECT_FALSE(std::filesystem::exists(file("long")));
  }
}

}  // namespace
}  // namespace thaw
