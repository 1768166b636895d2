// `thaw` on folders of recordings: a model of 6 inputs reads them as windows of 2 instants of 3 channels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/json.h"
#include "tests/support/shared_folder.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::Finished;
using ::testing::HasSubstr;
using ::testing::Not;

class Recordings : public testing::SmallProject {
 protected:
  /// Files of `rows` instants each: channels around 1000, quiet for "rest", loud for "shake".
  void write_recordings(int rows) const {
    uint32_t noise = 1;
    for (const std::string part : {"train", "test"})
      for (const std::string name : {"rest", "shake"})
        for (int number = 0; number < 4; ++number) {
          std::string text = "time,x,y,z\n";
          for (int row = 0; row < rows; ++row) {
            text += std::to_string(row);
            for (int channel = 0; channel < 3; ++channel) {
              noise = noise * 1664525U + 1013904223U;
              text +=
                  "," + std::to_string(1000 + (name == "rest" ? 0 : 40) + static_cast<int>(noise >> 24) % 20);
            }
            text += "\n";
          }
          std::filesystem::create_directories(file("data/" + part + "/" + name));
          write_text("data/" + part + "/" + name + "/" + std::to_string(number) + ".csv", text);
        }
  }

  Finished train(const std::vector<std::string>& more) const {
    const std::filesystem::path model = testing::golden_folder() / "cases" / "one-output-fc";
    std::vector<std::string> all = {"train",
                                    model / "model.tflite",
                                    "data",
                                    "--schedule",
                                    model / "schedule.json",
                                    "--classes",
                                    "2",
                                    "--lr",
                                    "0.01",
                                    "--epochs",
                                    "4",
                                    "-o",
                                    "out"};
    all.insert(all.end(), more.begin(), more.end());
    return thaw(all);
  }

  nlohmann::json run() const { return read_json_file(file("out") / "run.json"); }
};

TEST_F(Recordings, UnitsOfNobodyAreWarnedOfAndNormalised) {
  write_recordings(21);
  const Finished plain = train({});
  ASSERT_EQ(plain.status, 0) << plain.err;
  EXPECT_THAT(plain.err, AllOf(HasSubstr("100 % of the values are clipped"), HasSubstr("pass --normalise")));
  EXPECT_FALSE(run()["data"].contains("normalisation"));
  const std::string as_read = run()["data"]["sha256"];
  EXPECT_DOUBLE_EQ(run()["accuracy"]["mean"], 0.5);  // every window is the same to the model

  const Finished normalised = train({"--normalise"});
  ASSERT_EQ(normalised.status, 0) << normalised.err;
  EXPECT_THAT(normalised.err, Not(HasSubstr("clipped")));
  const nlohmann::json data = run()["data"];
  EXPECT_EQ(data["format"], "csv folder");
  EXPECT_EQ(data["train_samples"], 80);  // ten windows of each of eight files
  EXPECT_NE(data["sha256"], as_read);
  ASSERT_EQ(data["normalisation"]["mean"].size(), 3U);
  EXPECT_NEAR(data["normalisation"]["mean"][0], 1029.5, 3);
  EXPECT_GT(run()["accuracy"]["mean"], 0.95);
}

TEST_F(Recordings, FirmwareSaysHowItsInputIsMade) {
  write_recordings(21);
  const std::filesystem::path model = testing::golden_folder() / "cases" / "one-output-fc";
  ASSERT_EQ(train({"--normalise"}).status, 0);
  const std::vector<std::string> generate = {"generate",   model / "model.tflite",
                                             "--schedule", "out/schedule.json",
                                             "--board",    "host",
                                             "-o",         "firmware",
                                             "--data",     "data"};
  std::vector<std::string> normalised = generate;
  normalised.emplace_back("--normalise");
  const Finished made = thaw(normalised);
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(read_json_file(file("firmware") / "normalisation.json"), run()["data"]["normalisation"]);
  ASSERT_EQ(thaw(generate).status, 0);
  EXPECT_FALSE(std::filesystem::exists(file("firmware") / "normalisation.json"));
}

TEST_F(Recordings, HopAndPadReachTheReader) {
  write_recordings(21);
  ASSERT_EQ(train({"--normalise", "--hop", "1"}).status, 0);
  EXPECT_EQ(run()["data"]["train_samples"], 160);
  std::filesystem::remove_all(file("data"));
  write_recordings(1);
  const Finished refused = train({});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("16 of 16 CSV files"), HasSubstr("--pad")));
  EXPECT_EQ(train({"--pad"}).status, 0);
}

TEST_F(Recordings, OptionsThatFindNothingToCutAreSaid) {
  const Finished done = thaw({"infer", "model.tflite", "cifar", "--hop", "2"});
  EXPECT_EQ(done.status, 0);
  EXPECT_THAT(done.err, HasSubstr("there are none here"));
}

TEST_F(Recordings, BytesAreNotNormalised) {
  EXPECT_THAT(thaw({"infer", "model.tflite", "cifar", "--normalise"}).err, HasSubstr("cifar: holds bytes"));
}

}  // namespace
}  // namespace thaw
