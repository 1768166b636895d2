// A schedule that does not fit its model is refused, by field and with a remedy.
#include "sim/plan/schedule_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tests/sim/plan/small_model.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Schedule fitting_schedule(const Network& network) {
  Schedule s;
  describe_model(s, network);
  s.update = {{0, "expand", true, UpdatedWeights::channels, {0, 1}},
              {1, "depthwise", true, UpdatedWeights::channels, {1, 3}},
              {2, "project", false, UpdatedWeights::all, {}},
              {3, "classifier", true, UpdatedWeights::all, {}}};
  return s;
}

TEST(ScheduleCheck, DescribesTheModel) {
  const Network network = reduce(testing::SmallModel().graph(), {});
  const Schedule s = fitting_schedule(network);
  EXPECT_EQ(s.model_file, "small.tflite");
  EXPECT_EQ(s.model_sha256, std::string(64, 'a'));
  EXPECT_EQ(s.classes, 2);
  EXPECT_EQ(s.input, (std::array<int32_t, 4>{1, 4, 4, 2}));
  EXPECT_NO_THROW(check_schedule(s, network, "s.json"));
}

TEST(ScheduleCheck, RefusesWhatDoesNotFit) {
  const Network network = reduce(testing::SmallModel().graph(), {});
  struct Case {
    std::function<void(Schedule&)> spoil;
    const char* place;
    const char* what;
  };
  const std::vector<Case> cases = {
      {[](Schedule& s) { s.model_sha256[0] = 'b'; }, "s.json: model.sha256", "thaw convert"},
      {[](Schedule& s) { s.input[1] = 8; }, "s.json: model.input", "1x8x4x2"},
      {[](Schedule& s) { s.classes = 5; }, "s.json: model.classes", "--classes 5"},
      {[](Schedule& s) { s.update[3].op = 4; }, "update[3].op", "op 3 is the classifier 'classifier'"},
      {[](Schedule& s) { s.update[0].op = -1; }, "update[0].op", "no op -1"},
      {[](Schedule& s) { s.update[1].op = 0; }, "update[1].op", "ascending"},
      {[](Schedule& s) { s.update[0].layer = "expnad"; }, "update[0].layer", "Did you mean 'expand'?"},
      {[](Schedule& s) { s.update[0].layer = "project"; }, "update[0].layer", "Layer 'project' is op 2"},
      {[](Schedule& s) {
         s.update[0].channels = {0, 2};
       },
       "update[0].weights", "reads 2 channels, 0 to 1"},
      {[](Schedule& s) { s.update[1].channels = {4}; }, "update[1].weights",
       "depthwise layer has 4 channels"},
      {[](Schedule& s) { s.update[3].weights = UpdatedWeights::channels; }, "update[3].weights",
       "classifier"},
      {[](Schedule& s) { s.update[2].weights = UpdatedWeights::none; }, "update[2]", "Remove the entry"},
  };
  for (const Case& c : cases) {
    Schedule s = fitting_schedule(network);
    c.spoil(s);
    try {
      check_schedule(s, network, "s.json");
      ADD_FAILURE() << "accepted: " << c.place << " " << c.what;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(c.place), HasSubstr(c.what)));
    }
  }
}

TEST(ScheduleCheck, RefusesLayersThatGradientsCannotReach) {
  const Network network = reduce(testing::SmallModel(/*with_max_pool=*/true).graph(), {});
  Schedule s = fitting_schedule(network);
  try {
    check_schedule(s, network, "s.json");
    ADD_FAILURE() << "gradients cannot pass SOFTMAX";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("update[0]"), HasSubstr("'expand' cannot be trained"), HasSubstr("SOFTMAX")));
  }
  s.update.erase(s.update.begin(), s.update.begin() + 3);  // the classifier alone needs no gradient behind it
  EXPECT_NO_THROW(check_schedule(s, network, "s.json"));
}

TEST(ScheduleCheck, OtherModelsOfTheSameLayersFitOnlyWithoutTheDigest) {
  const Network network = reduce(testing::SmallModel().graph(), {});
  Schedule s = fitting_schedule(network);
  s.model_sha256 = std::string(64, 'c');
  EXPECT_THROW(check_schedule(s, network, "s.json"), Error);
  EXPECT_NO_THROW(check_schedule_layers(s, network, "s.json"));
}

}  // namespace
}  // namespace thaw
