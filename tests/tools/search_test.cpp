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

#include "sim/base/json.h"
#include "tests/support/json_schema.h"
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
  Search() { link_configs(); }

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
              ::testing::AllOf(HasSubstr("what was tried in which order"), HasSubstr("last layer only"),
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

/// Trains with the schedule that a search exported and expects what it promised: signature, accuracy, bytes.
class SearchPromises : public Search {
 protected:
  void expect_promise_holds(const std::string& epochs, const std::vector<std::string>& limits,
                            const std::vector<std::string>& searching) const {
    std::vector<std::string> flags = limits;
    flags.insert(flags.end(), searching.begin(), searching.end());
    ASSERT_EQ(thaw(arguments("run", flags, epochs)).status, 0);
    const nlohmann::json promise = read_json_file(file("run/schedule.json"))["promise"];
    std::vector<std::string> training = {"train",  "model.tflite", "cifar", "--schedule", "run/schedule.json",
                                         "--json", "-o",           "check"};
    training.insert(training.end(), limits.begin(), limits.end());
    const Finished train = thaw(training);
    ASSERT_EQ(train.status, 0) << train.err;
    const nlohmann::json trained = nlohmann::json::parse(train.out);
    EXPECT_EQ(trained["seeds"][0]["signature"], promise["signature"]);
    EXPECT_EQ(trained["accuracy"]["mean"], promise["accuracy"]["mean"]);
    const Finished plan = thaw({"plan", "model.tflite", "--schedule", "run/schedule.json", "--json"});
    EXPECT_EQ(nlohmann::json::parse(plan.out)["totals"]["ram"]["required_bytes"], promise["ram_bytes"]);
    fs::remove_all(file("run"));
  }
};

TEST_F(SearchPromises, HoldForAnyNumberOfEpochs) {
  for (const char* epochs : {"1", "2", "3", "4", "7"}) {
    SCOPED_TRACE(epochs);
    expect_promise_holds(epochs, {"--seeds", "2"}, {"--lr", "0.01"});
  }
}

TEST_F(SearchPromises, HoldForAnyNumberOfSamplesAndSeeds) {
  expect_promise_holds("1", {"--samples", "30", "--seeds", "1"}, {});
  expect_promise_holds("2", {"--samples", "61", "--seeds", "2"}, {"--lr", "0.02"});
  expect_promise_holds("3", {"--samples", "100", "--seeds", "3"}, {"--seed", "7", "--lr", "0.01"});
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

/// IDX files of 4x4 grey images, dark ones of class 0 and bright ones of class 1.
void write_idx(const fs::path& folder) {
  const auto write = [&](const std::string& split, uint8_t count) {
    std::string images = {0, 0, 8, 3, 0, 0, 0, static_cast<char>(count), 0, 0, 0, 4, 0, 0, 0, 4};
    std::string labels = {0, 0, 8, 1, 0, 0, 0, static_cast<char>(count)};
    for (int i = 0; i < count; ++i) {
      images.append(16, static_cast<char>(i % 2 == 0 ? 20 + i % 7 : 220 - i % 5));
      labels.push_back(static_cast<char>(i % 2));
    }
    write_file_atomically(folder / (split + "-images-idx3-ubyte"), images);
    write_file_atomically(folder / (split + "-labels-idx1-ubyte"), labels);
  };
  fs::create_directories(folder);
  write("train", 60);
  write("t10k", 40);
}

TEST_F(Search, MirrorsPhotographsOnlyUnlessAsked) {
  write_idx(file("idx"));
  const auto mirrors = [&](const std::string& data, std::vector<std::string> more) {
    std::vector<std::string> command = {"search", "model.tflite", data,        "--epochs", "1",
                                        "--lr",   "0.01",         "--samples", "40",       "--seeds",
                                        "1",      "-o",           "mirror"};
    command.insert(command.end(), more.begin(), more.end());
    const Finished run = thaw(command);
    EXPECT_EQ(run.status, 0) << run.err;
    const bool flip = read_json_file(file("mirror/schedule.json"))["training"]["flip"];
    EXPECT_THAT(run.err, HasSubstr(flip ? "are mirrored at random" : "are not mirrored"));
    fs::remove_all(file("mirror"));
    return flip;
  };
  EXPECT_TRUE(mirrors("cifar", {}));
  EXPECT_FALSE(mirrors("cifar", {"--no-flip"}));
  EXPECT_FALSE(mirrors("idx", {}));
  EXPECT_TRUE(mirrors("idx", {"--flip"}));
}

TEST_F(Search, KeepsTheClassifierOfAModelThatKnowsTheClasses) {
  const std::vector<std::string> quick = {"--lr", "0.01", "--seeds", "1", "--json"};
  const auto search = [&](const std::string& model, const std::string& folder,
                          std::vector<std::string> more) {
    std::vector<std::string> command = {"search", model, "cifar", "--epochs", "1", "-o", folder};
    command.insert(command.end(), quick.begin(), quick.end());
    command.insert(command.end(), more.begin(), more.end());
    return thaw(command);
  };
  // Trained on these classes, it knows them; as it is, it gets all of them right.
  ASSERT_EQ(thaw({"train", "model.tflite", "cifar", "--schedule", "schedule.json", "-o", "trained"}).status,
            0);
  const Finished known = search("trained/model.tflite", "known", {});
  ASSERT_EQ(known.status, 0) << known.err;
  const nlohmann::json rows = nlohmann::json::parse(known.out)["comparison"];
  EXPECT_EQ(rows.back()["name"], "as it is");
  EXPECT_EQ(rows.back()["accuracy"], 1.0);
  EXPECT_EQ(read_json_file(file("known/comparison.json"))["as_it_is"]["accuracy"], 1.0);
  EXPECT_FALSE(read_json_file(file("known/schedule.json"))["training"]["fresh_classifier"]);
  const Finished fresh = search("trained/model.tflite", "fresh", {"--classifier", "fresh"});
  ASSERT_EQ(fresh.status, 0) << fresh.err;
  EXPECT_TRUE(read_json_file(file("fresh/schedule.json"))["training"]["fresh_classifier"]);
  // With labels exchanged the model's classes are not the data's.
  for (const char* name : {"cifar/data_batch_1.bin", "cifar/test_batch.bin"}) {
    std::string swapped = text_of(file(name));
    for (size_t at = 0; at < swapped.size(); at += 3073) swapped[at] = swapped[at] == 0 ? 1 : 0;
    write_text(name, swapped);
  }
  const Finished other = search("trained/model.tflite", "other", {});
  ASSERT_EQ(other.status, 0) << other.err;
  EXPECT_TRUE(read_json_file(file("other/schedule.json"))["training"]["fresh_classifier"]);
}

TEST_F(Search, SaysWhereOneSampleWeighsMoreThanTheThreshold) {
  const Finished run = thaw(arguments("run", {"--samples", "40", "--lr", "0.01", "--seeds", "1"}, "1"));
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("a validation part has 8 samples: one of them weighs 12.50 points"));
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
  EXPECT_EQ(about["mirror"], false);
  const nlohmann::json schedule = read_json_file(file("run/schedule.json"));
  EXPECT_EQ(schedule["training"]["seed"], 5);
  EXPECT_EQ(schedule["training"]["learning_rate"], 0.01);
  EXPECT_EQ(schedule["training"]["flip"], false);
  EXPECT_EQ(schedule["provenance"]["threshold"], 3);
}

}  // namespace
}  // namespace thaw
