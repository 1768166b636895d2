// `thaw inspect`: every operator, what can be trained, and why the rest cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/shared_folder.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::Finished;
using ::testing::HasSubstr;

using Inspect = testing::SmallProject;

TEST_F(Inspect, ShowsOperatorsAndWhatCanBeTrained) {
  const Finished run = thaw({"inspect", "model.tflite", "--verbose"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("DEPTHWISE_CONV_2D"), HasSubstr("1x4x4x3"), HasSubstr("AVERAGE_POOL_2D"),
                    HasSubstr("bias, weights (4 channels)"), HasSubstr("classifier")));
  // expand 12 + 4, depthwise 36 + 4, project 12 + 3, classifier 6 + 2; MACs 192 + 576 + 192 + 6.
  EXPECT_THAT(run.out, HasSubstr("5 operators, 79 weights and biases, 966 MACs forward"));
}

TEST_F(Inspect, SaysWhyALayerCannotBeTrained) {
  const Finished run = thaw({"inspect", "stopped.tflite"});
  EXPECT_THAT(run.out, AllOf(HasSubstr("no: "), HasSubstr("SOFTMAX has no gradient rule")));
}

TEST_F(Inspect, PrintsOneDocument) {
  const Finished run = thaw({"inspect", "model.tflite", "--classes", "7", "--json"});
  EXPECT_EQ(run.status, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["schema_version"], 1);
  EXPECT_EQ(json["model"]["classes"], 7);
  ASSERT_EQ(json["operators"].size(), 5U);
  EXPECT_EQ(json["operators"][1]["training"]["op"], 1);
  EXPECT_EQ(json["operators"][1]["training"]["possible"], true);
  EXPECT_EQ(json["operators"][3]["training"], nullptr);
  EXPECT_EQ(json["operators"][4]["training"]["weights"], 21);  // 7 classes of 3 features
  EXPECT_EQ(json["operators"][4]["weights"]["shape"], nlohmann::json({7, 3}));
  EXPECT_TRUE(json["operators"][4]["weights"]["scales"].empty()) << "training sets them";
  EXPECT_EQ(json["outputs"][0]["shape"], nlohmann::json({1, 7}));
  EXPECT_EQ(json["totals"]["macs_forward"], 966 - 6 + 21);
  EXPECT_EQ(json["totals"]["weights_and_biases"], 79 - 8 + 28);
}

TEST_F(Inspect, ShowsAFreshClassifierInTheTableAsInTheDocument) {
  const Finished run = thaw({"inspect", "model.tflite", "--classes", "7"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("output 1x7 int8 set by training"),
                             HasSubstr("5 operators, 99 weights and biases, 981 MACs forward")));
  const std::string same = thaw({"inspect", "model.tflite", "--classes", "2"}).out;
  EXPECT_EQ(same, thaw({"inspect", "model.tflite"}).out) << "as many as the model has";
  const Finished of_case =
      thaw({"inspect", (testing::golden_folder() / "cases/classes-flag-plan/model.tflite").string(),
            "--classes", "7"});
  EXPECT_THAT(of_case.out, AllOf(HasSubstr("1x7"), HasSubstr(" 56 ")));
}

TEST_F(Inspect, ReadsEverySupportedModelGiven) {
  THAW_REQUIRE_SHARED();
  int32_t read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*testing::shared_folder() / "models")) {
    if (entry.path().extension() != ".tflite") continue;
    const Finished run = thaw({"inspect", entry.path().string(), "--json"});
    const std::string name = entry.path().stem().string();
    if (name == "keyword_scrambled_8bit") {
      EXPECT_EQ(run.status, 1) << name;
      EXPECT_THAT(run.err, AllOf(HasSubstr("operator"), HasSubstr("not supported")));
      EXPECT_THAT(run.out, "");
    } else {
      EXPECT_EQ(run.status, 0) << name << ": " << run.err;
      EXPECT_TRUE(nlohmann::json::accept(run.out)) << name;
      ++read;
    }
  }
  EXPECT_EQ(read, 14);
}

}  // namespace
}  // namespace thaw
