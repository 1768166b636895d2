// `thaw plan`: text, the document of configs/schema/plan.schema.json, the drawing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/base/json.h"
#include "tests/support/json_schema.h"
#include "tests/support/project_folders.h"
#include "tests/support/shared_folder.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::Finished;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PlanCommand : public testing::SmallProject {
 protected:
  PlanCommand() { link_configs(); }
};

TEST_F(PlanCommand, ShowsInferenceWithoutASchedule) {
  const Finished run = thaw({"plan", "model.tflite"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("RAM    fits"), HasSubstr("arena"), HasSubstr("966 forward, 0 input"),
                             Not(HasSubstr("paper's"))));
}

TEST_F(PlanCommand, ShowsATrainingStep) {
  const Finished run =
      thaw({"plan", "model.tflite", "--schedule", "schedule.json", "--board", "host", "--verbose"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("a training step of 2 layers"), HasSubstr("paper's extra-memory metric"),
                    HasSubstr("persistent"), HasSubstr("what freezing each tensor removes"),
                    HasSubstr("project.update_weights")));
}

TEST_F(PlanCommand, ShowsTheInputByRows) {
  const Finished run = thaw({"plan", "model.tflite", "--schedule", "schedule.json", "--input", "rows"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("input by rows"),
                             HasSubstr("the application gives the image row by row"), HasSubstr("caller")));
}

TEST_F(PlanCommand, SaysByHowMuchABudgetIsMissed) {
  const Finished run = thaw({"plan", "model.tflite", "--ram", "1K", "--flash", "2KiB", "--quiet"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("DOES NOT FIT"), HasSubstr("1024 bytes (1.0 KiB) available"),
                             HasSubstr("too many"), Not(HasSubstr("what it holds"))));
}

TEST_F(PlanCommand, PredictsInstructions) {
  const Finished run =
      thaw({"plan", "model.tflite", "--schedule", "schedule.json", "--instructions", "100", "-v"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("predicted for Cortex-M7"), HasSubstr("216 MHz and 1 cycles"),
                             HasSubstr("of at most 100"), HasSubstr("predicted instructions by kernel")));
  const Finished unknown = thaw({"plan", "model.tflite", "--board", "host", "--quiet"});
  EXPECT_THAT(unknown.out, HasSubstr("instructions  not known for native"));
  const Finished refused = thaw({"plan", "model.tflite", "--board", "host", "--instructions", "5"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("--instructions"));
}

TEST_F(PlanCommand, DocumentFollowsItsSchema) {
  testing::SchemaCheck schema(
      read_json_file(std::filesystem::path(testing::source_folder()) / "configs/schema/plan.schema.json"));
  for (const std::vector<std::string>& more : {std::vector<std::string>{},
                                               {"--input", "rows"},
                                               {"--schedule", "schedule.json"},
                                               {"--schedule", "schedule.json", "--input", "rows"},
                                               {"--schedule", "schedule.json", "--classes", "5"}}) {
    std::vector<std::string> arguments = {"plan", "model.tflite", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished run = thaw(arguments);
    ASSERT_EQ(run.status, 0) << run.err;
    const nlohmann::json json = nlohmann::json::parse(run.out);
    EXPECT_THAT(schema.faults(json), IsEmpty());
    EXPECT_EQ(json["paper_metric"].is_null(), more.empty() || more[0] != "--schedule");
  }
}

TEST_F(PlanCommand, CountsAClassifierOfAsManyClassesAsAskedFor) {
  const auto totals = [&](const std::string& model, const std::string& classes) {
    const Finished run = thaw({"plan", model, "--classes", classes, "--json"});
    EXPECT_EQ(run.status, 0) << run.err;
    return nlohmann::json::parse(run.out)["totals"];
  };
  // 3 features: a class is 3 weights and as many MACs.
  const nlohmann::json few = totals("model.tflite", "2"), many = totals("model.tflite", "200");
  EXPECT_EQ(many["macs_forward"].get<int64_t>() - few["macs_forward"].get<int64_t>(), 198 * 3);
  EXPECT_GE(many["flash"]["required_bytes"].get<int64_t>() - few["flash"]["required_bytes"].get<int64_t>(),
            198 * (3 + 4));
  EXPECT_EQ(few, nlohmann::json::parse(thaw({"plan", "model.tflite", "--json"}).out)["totals"]);
  const std::string model = (testing::golden_folder() / "cases/classes-flag-plan/model.tflite").string();
  EXPECT_GT(totals(model, "200")["flash"]["required_bytes"], totals(model, "10")["flash"]["required_bytes"]);
}

TEST_F(PlanCommand, InferenceOfThePublishedNetworkFitsWhereItTrains) {
  THAW_REQUIRE_SHARED();
  const Finished run = thaw({"plan", (*testing::shared_folder() / "models/mcunet-5fps.tflite").string()});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("RAM    fits"), HasSubstr("fold padding"), HasSubstr("stream rows")));
}

TEST_F(PlanCommand, DrawsTheArena) {
  EXPECT_EQ(thaw({"plan", "model.tflite", "--svg", "pictures/arena.svg"}).status, 0);
  EXPECT_THAT(testing::text_of(file("pictures/arena.svg")), AllOf(HasSubstr("<svg"), HasSubstr("</svg>")));
}

}  // namespace
}  // namespace thaw
