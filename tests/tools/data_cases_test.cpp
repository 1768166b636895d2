// Data as people have it (tests/golden/cases): each case's own command, run in a copy of its folder, ends as
// its README says. What a case cannot hold (names that git or a file system would not keep) is made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "sim/base/json.h"
#include "tests/support/shared_folder.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::Finished;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::text_of;

class DataCases : public testing::SmallProject {
 protected:
  /// Runs the line "command: thaw ..." of the case's README in a copy of the case.
  Finished run(const std::string& name) const {
    fs::copy(testing::golden_folder() / "cases" / name, file(name), fs::copy_options::recursive);
    const std::string readme = text_of(file(name) / "README");
    std::istringstream words(readme.substr(readme.find("thaw") + 4));
    std::string line, word;
    std::getline(words, line);
    std::istringstream in_line(line);
    std::vector<std::string> arguments;
    while (in_line >> word) arguments.push_back(word);
    return testing::RunningThaw(arguments, file(name)).wait();
  }

  nlohmann::json data_of_run(const std::string& name) const {
    return read_json_file(file(name) / "out" / "run.json")["data"];
  }

  /// The case is refused in one line with these parts, before anything is written.
  void expect_refused(const std::string& name, const std::vector<std::string>& parts) const {
    const Finished refused = run(name);
    EXPECT_EQ(refused.status, 1) << name << "\n" << refused.err;
    EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << name << "\n" << refused.err;
    for (const std::string& part : parts) EXPECT_THAT(refused.err, HasSubstr(part)) << name;
    EXPECT_FALSE(fs::exists(file(name) / "out" / "schedule.json")) << name;
    EXPECT_FALSE(fs::exists(file(name) / "out" / "trials.jsonl")) << name;
  }

  /// The case runs, says `part` on standard error, and keeps it in run.json.
  void expect_noted(const std::string& name, const std::string& part) const {
    const Finished done = run(name);
    EXPECT_EQ(done.status, 0) << name << "\n" << done.err;
    EXPECT_THAT(done.err, HasSubstr(part)) << name;
    EXPECT_THAT(data_of_run(name)["notes"].dump(), HasSubstr(part)) << name;
  }
};

TEST_F(DataCases, SamplesInOtherUnitsOrOrderThanTheModels) {
  expect_noted("float-samples-collapse", "hardly anything is left of the samples");
  expect_refused("channels-first-uint8", {"a sample is 3x8x8", "reads 8x8x3", "transpose(0, 2, 3, 1)"});
  expect_noted("samples-float16", "float16 samples read as float32");
}

TEST_F(DataCases, FoldersAsPeopleHaveThem) {
  expect_noted("hidden-folder-is-class",
               "left out 1 hidden files and folders, the first is train/.ipynb_checkpoints");
  EXPECT_EQ(data_of_run("hidden-folder-is-class")["class_names"], nlohmann::json({"a", "b"}));
  expect_noted("appledouble-file", "train/a/._0.png");
  expect_noted("images-in-subfolders", "train/b: 3 images in its subfolders are read too");
  EXPECT_EQ(data_of_run("images-in-subfolders")["train_samples"], 12);
  expect_noted("validation-folder-ignored", "val is read as the test split");
  EXPECT_EQ(data_of_run("validation-folder-ignored")["test_samples"], 6);
  EXPECT_EQ(run("train-test-in-capitals").status, 0);
  EXPECT_EQ(data_of_run("train-test-in-capitals")["test_samples"], 6);
  expect_noted("class-folders-without-split", "2 of the 12 training samples, a fifth of every class");
  EXPECT_EQ(data_of_run("class-folders-without-split")["train_samples"], 10);
  expect_refused("bad-images-all-named", {"3 of 16 images", "train/a/1.png, train/b/2.png, test/a/0.png"});
}

TEST_F(DataCases, ExifOrientationIsObeyed) {
  const Finished done = run("exif-orientation-6");
  ASSERT_EQ(done.status, 0) << done.err;
  const std::string input = text_of(file("exif-orientation-6") / "dump" / "0.bin");
  ASSERT_EQ(input.size(), 192U);
  for (size_t i = 0; i < 48; ++i) EXPECT_EQ(static_cast<signed char>(input[i]), 127) << i;  // bright above
  for (size_t i = 144; i < 192; ++i) EXPECT_EQ(static_cast<signed char>(input[i]), -128) << i;
}

TEST_F(DataCases, LabelsAndClasses) {
  EXPECT_EQ(run("labels-uint64").status, 0);
  expect_noted("labels-with-gaps", "48 of the 51 classes have no training sample: 1 to 24, 26 to 49");
  expect_refused("test-label-without-training",
                 {"test samples have the classes 3, 4, training samples have not"});
  expect_refused("one-class-search", {"one class alone cannot be learnt"});
  expect_refused("hint-beyond-range", {"300 classes, more than the 255"});
}

// cases/search-1-or-300-classes and search-fewer-classes, which are commands on data made for them.
TEST_F(DataCases, SearchRefusesClassesThatItCannotTrainBeforeItSearches) {
  for (const int classes : {1, 300}) {
    const std::string data = "photos" + std::to_string(classes);
    for (int c = 0; c < classes; ++c)
      for (const std::string split : {"train", "test"}) {
        const fs::path folder = file(data) / split / std::to_string(c);
        fs::create_directories(folder);
        fs::copy_file(testing::golden_folder() / "data" / "grey_1.png", folder / "0.png");
      }
    const Finished refused =
        thaw({"search", "model.tflite", data, "--epochs", "1", "--seeds", "1", "--lr", "0.01", "-o", "r"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.err, HasSubstr(classes == 1 ? "one class alone" : "300 classes, more than the 255"));
    EXPECT_THAT(refused.err, Not(HasSubstr("--classes")));
    EXPECT_FALSE(fs::exists(file("r")));
  }
}

// cases/class-name-not-utf8.
TEST_F(DataCases, ClassNamesThatAreNotUtf8DoNotStopTheResult) {
  for (const std::string split : {"train", "test"})
    for (const std::string name : {"a", "bl\xFCte"})
      for (int i = 0; i < 5; ++i) {
        const fs::path folder = file("p") / split / name;
        fs::create_directories(folder);
        fs::copy_file(testing::golden_folder() / "data" / (name == "a" ? "rgb.png" : "gamma.png"),
                      folder / (std::to_string(i) + ".png"));
      }
  for (const std::string command : {"train", "search"}) {
    std::vector<std::string> arguments = {command, "model.tflite", "p",    "--epochs", "1",    "--seeds",
                                          "1",     "--lr",         "0.01", "-o",       command};
    if (command == "train") arguments.insert(arguments.end(), {"--schedule", "schedule.json"});
    const Finished done = thaw(arguments);
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(read_json_file(file(command) / "run.json")["data"]["class_names"],
              nlohmann::json({"a", "bl?te"}));
  }
}

TEST_F(DataCases, AnAbsentTestSplitIsCutForTrainingAndNotForInference) {
  fs::create_directories(file("untested"));
  fs::copy_file(file("cifar/data_batch_1.bin"), file("untested/data_batch_1.bin"));
  fs::copy_file(file("cifar/batches.meta.txt"), file("untested/batches.meta.txt"));
  for (const std::string folder : {"one", "two"}) {
    const Finished done =
        thaw({"train", "model.tflite", "untested", "--schedule", "schedule.json", "-o", folder, "--quiet"});
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(read_json_file(file(folder) / "run.json")["data"]["test_samples"], 40);
  }
  EXPECT_EQ(text_of(file("one/predictions.bin")), text_of(file("two/predictions.bin")));
  const Finished inferred = thaw({"infer", "model.tflite", "untested", "--json"});
  const nlohmann::json json = nlohmann::json::parse(inferred.out);
  EXPECT_EQ(json["data"]["split"], "train");
  EXPECT_EQ(json["data"]["samples"], 200);
}

TEST_F(DataCases, NotesAndWarningsGoToStandardErrorQuietKeepsWarnings) {
  fs::copy(testing::golden_folder() / "cases/float-samples-collapse", file("c"));
  const std::vector<std::string> train = {"train", "c/model.tflite", "c/data.npz", "--schedule",
                                          "c/schedule.json"};
  std::vector<std::string> quiet = train;
  quiet.push_back("--quiet");
  EXPECT_THAT(thaw(quiet).err, AllOf(HasSubstr("warning: "), Not(HasSubstr("note: "))));
  const Finished loud = thaw({"train", "model.tflite", "cifar", "--schedule", "schedule.json"});
  EXPECT_THAT(loud.err, HasSubstr("note: resized 32x32 -> 4x4"));
  EXPECT_THAT(loud.out, Not(HasSubstr("note: ")));
  const Finished searched =
      thaw({"search", "model.tflite", "cifar", "--epochs", "1", "--seeds", "1", "--lr", "0.01"});
  EXPECT_THAT(searched.err, HasSubstr("note: resized 32x32 -> 4x4"));
  const Finished generated = thaw({"generate", "model.tflite", "--schedule", "schedule.json", "--board",
                                   "host", "--data", "cifar", "-o", "firmware"});
  EXPECT_THAT(generated.err, HasSubstr("note: resized 32x32 -> 4x4"));
  EXPECT_THAT(thaw({"infer", "model.tflite", "cifar"}).err, HasSubstr("note: resized 32x32 -> 4x4"));
}

}  // namespace
}  // namespace thaw
