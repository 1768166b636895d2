// `thaw convert`: flags to JSON and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/json.h"
#include "sim/train/trained_model.h"
#include "tests/support/json_schema.h"
#include "tests/support/project_folders.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::text_of;

using Convert = testing::SmallProject;

TEST_F(Convert, FlagsAndJsonMeanTheSame) {
  ASSERT_EQ(thaw({"convert", "schedule.flags", "made/there.json", "--model", "model.tflite"}).status, 0);
  EXPECT_EQ(read_schedule_file(file("made/there.json")).update, schedule().update);
  testing::SchemaCheck schema(read_json_file(std::filesystem::path(testing::source_folder()) /
                                             "configs/schema/schedule.schema.json"));
  EXPECT_THAT(schema.faults(read_json_file(file("made/there.json"))), IsEmpty());
  const Finished back =
      thaw({"convert", "made/there.json", "back.flags", "--model", "model.tflite", "--json"});
  ASSERT_EQ(back.status, 0) << back.err;
  EXPECT_EQ(nlohmann::json::parse(back.out)["format"], "flags");
  EXPECT_EQ(text_of(file("back.flags")), text_of(file("schedule.flags")));
}

TEST_F(Convert, ClassesStartAFreshClassifier) {
  const Finished run =
      thaw({"convert", "schedule.flags", "s.json", "--model", "model.tflite", "--classes", "5", "--quiet"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.out, "");
  const Schedule s = read_schedule_file(file("s.json"));
  EXPECT_EQ(s.classes, 5);
  EXPECT_TRUE(s.training.fresh_classifier);
}

TEST_F(Convert, MovesAScheduleToAnotherModelOfTheSameLayers) {
  Schedule other = schedule();
  other.model_sha256 = std::string(64, 'b');
  other.promise = Promise{MetricKind::accuracy, 0.5, 0.4, 0.6, 1, 10, 10, 10, "s"};
  write_text("other.json", write_schedule(other));
  const Finished refused = thaw({"plan", "model.tflite", "--schedule", "other.json", "--board",
                                 std::string(testing::source_folder()) + "/configs/boards/host.json"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("thaw convert"));
  ASSERT_EQ(thaw({"convert", "other.json", "moved.json", "--model", "model.tflite"}).status, 0);
  EXPECT_EQ(read_schedule_file(file("moved.json")), schedule()) << "what was measured on the other is gone";
}

TEST_F(Convert, RefusesClassesThatNobodyElseTakes) {
  write_file_atomically(file("wide.tflite"),
                        write_tflite(with_classes(read_tflite(file("model.tflite")), 255)));
  ASSERT_EQ(thaw({"convert", "schedule.flags", "most.json", "--model", "wide.tflite"}).status, 0);
  EXPECT_EQ(thaw({"plan", "wide.tflite", "--schedule", "most.json", "--board",
                  std::string(testing::source_folder()) + "/configs/boards/host.json"})
                .status,
            0);
  write_file_atomically(file("wider.tflite"),
                        write_tflite(with_classes(read_tflite(file("model.tflite")), 640)));
  const Finished refused = thaw({"convert", "schedule.flags", "made.json", "--model", "wider.tflite"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("schedule.flags: model.classes: the schedule is for 640 classes, Thaw "
                                     "trains 2 to 255. Pass --classes"));
  EXPECT_FALSE(std::filesystem::exists(file("made.json")));
  const Finished followed =
      thaw({"convert", "schedule.flags", "made.json", "--model", "wider.tflite", "--classes", "10"});
  EXPECT_EQ(followed.status, 0) << followed.err;
}

}  // namespace
}  // namespace thaw
