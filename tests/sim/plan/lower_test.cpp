// What lowering emits, on expand (4 filters) -> depthwise -> project (3) -> average pool -> classifier (2) of
// a 4x4 image: gradients only where something before is updated, inputs saved only where weights are, updates
// at once.
#include "sim/plan/lower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sim/base/error.h"
#include "tests/sim/plan/small_model.h"

namespace thaw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int32_t kExpand = 0, kDepthwise = 1, kProject = 2, kClassifier = 3;

LayerUpdate bias(int32_t op) {
  return {op, "", true, UpdatedWeights::none, {}};
}
LayerUpdate weights(int32_t op, std::vector<int32_t> channels = {}) {
  return {op, "", false, channels.empty() ? UpdatedWeights::all : UpdatedWeights::channels, channels};
}

Plan lowered(const std::vector<LayerUpdate>& update) {
  Schedule schedule;
  schedule.update = update;
  return lower(reduce(testing::SmallModel().graph(), {}), schedule);
}

std::vector<std::string> steps_after_the_loss(const Plan& plan) {
  std::vector<std::string> names;
  for (const Step& step : plan.steps)
    if (step.phase == Phase::backward || step.phase == Phase::update) names.push_back(step.name);
  return names;
}

/// "name bytes" of every buffer of a kind.
std::vector<std::string> buffers(const Plan& plan, BufferKind kind) {
  std::vector<std::string> found;
  for (const Buffer& b : plan.buffers)
    if (b.kind == kind) found.push_back(b.name + " " + std::to_string(b.bytes));
  return found;
}

TEST(Lower, BackwardStopsAtTheDeepestUpdatedTensor) {
  EXPECT_THAT(steps_after_the_loss(lowered({bias(kClassifier)})), ElementsAre("classifier.update"));
  EXPECT_THAT(steps_after_the_loss(lowered({bias(kProject)})),
              ElementsAre("classifier.gradient", "project.gradient", "project.update_biases"));
  EXPECT_THAT(steps_after_the_loss(lowered({bias(kDepthwise)})),
              ElementsAre("classifier.gradient", "project.gradient", "depthwise.gradient",
                          "depthwise.update_biases"));
}

TEST(Lower, SkippedMiddleLayersPassTheGradientAndAreNotUpdated) {
  EXPECT_THAT(steps_after_the_loss(lowered({weights(kExpand), weights(kProject)})),
              ElementsAre("classifier.gradient", "project.gradient", "depthwise.gradient",
                          "project.update_weights", "expand.gradient", "expand.update_weights"));
}

TEST(Lower, WeightsAreUpdatedOnceTheInputGradientHasReadTheOldOnes) {
  EXPECT_THAT(steps_after_the_loss(
                  lowered({bias(kDepthwise), weights(kProject), weights(kClassifier), bias(kClassifier)})),
              ElementsAre("classifier.gradient", "classifier.update", "project.gradient",
                          "depthwise.gradient", "project.update_weights", "depthwise.update_biases"));
}

TEST(Lower, AGradientDiesWithTheUpdateThatFollowsIt) {
  const Plan plan = lowered({weights(kExpand), weights(kProject)});
  for (const GradientTensor& gradient : plan.gradient_tensors) {
    int32_t last = 0;
    for (size_t i = 0; i < plan.steps.size(); ++i)
      if (std::ranges::count(plan.steps[i].reads, gradient.buffer) > 0) last = static_cast<int32_t>(i);
    EXPECT_EQ(plan.buffer(gradient.buffer).last_step, last) << gradient.name;
  }
  // project's: made, read by depthwise's gradient, by the update of its weights, gone.
  EXPECT_EQ(plan.steps[static_cast<size_t>(plan.buffer(plan.gradient_tensors[2].buffer).last_step)].name,
            "project.update_weights");
}

TEST(Lower, InputsAreSavedOfUpdatedChannelsOnly) {
  EXPECT_THAT(buffers(lowered({bias(kExpand), bias(kDepthwise), bias(kProject)}), BufferKind::saved_input),
              IsEmpty());
  EXPECT_THAT(buffers(lowered({weights(kProject, {1, 3})}), BufferKind::saved_input),
              ElementsAre("project.saved_input 32"));  // 4x4 positions of two channels
  // All channels: the activation itself lives on to the update, nothing is copied.
  const Plan whole = lowered({weights(kProject)});
  EXPECT_THAT(buffers(whole, BufferKind::saved_input), IsEmpty());
  const auto update =
      std::ranges::find_if(whole.steps, [](const Step& s) { return s.name == "project.update_weights"; });
  const Buffer& input = whole.buffer(std::get<UpdateWeights>(update->kernel).saved_input);
  EXPECT_EQ(input.kind, BufferKind::activation);
  EXPECT_EQ(input.last_step, update - whole.steps.begin());
}

TEST(Lower, CrossedLayersKeepOneMaskBitAnOutputElement) {
  EXPECT_THAT(buffers(lowered({bias(kClassifier)}), BufferKind::mask), IsEmpty());
  EXPECT_THAT(buffers(lowered({bias(kDepthwise)}), BufferKind::mask),
              ElementsAre("depthwise.mask 8", "project.mask 6"));  // 64 and 48 elements
}

TEST(Lower, NothingElseOutlivesTheForwardPass) {
  const Plan plan = lowered({bias(kExpand), weights(kProject, {0}), weights(kClassifier)});
  const auto loss = std::ranges::find_if(plan.steps, [](const Step& s) { return s.phase == Phase::loss; });
  const auto end_of_forward = static_cast<int32_t>(loss - plan.steps.begin());
  std::set<std::string> alive;
  for (const Buffer& b : plan.buffers)
    if (in_arena(b.kind) && b.first_step < end_of_forward && b.last_step > end_of_forward)
      alive.insert(b.name);
  EXPECT_THAT(alive, ElementsAre("average", "depthwise.mask", "expand.mask", "project.mask",
                                 "project.saved_input"));  // average: the classifier's input
}

TEST(Lower, AFrozenClassifierIsNotUpdatedAndStaysInFlash) {
  const Plan plan = lowered({bias(kProject)});
  EXPECT_THAT(buffers(plan, BufferKind::state),
              ElementsAre("project.biases 12", "result 16", "gradient_states 2"));
}

TEST(Lower, BiasesAndChannelsOfWeightsAreIndependent) {
  // 3 filters of 2 channels, half a byte of fraction each; biases stay constants.
  EXPECT_THAT(buffers(lowered({weights(kProject, {1, 3})}), BufferKind::state),
              ElementsAre("project.trained_weights 6", "result 16", "gradient_states 2",
                          "project.weight_fractions 3"));
}

TEST(Lower, ALayerHasFractionBitsOfItsOwn) {
  const auto fractions = [](std::optional<int32_t> bits) {
    LayerUpdate update = weights(kProject, {1, 3});
    update.fraction_bits = bits;
    return buffers(lowered({update}), BufferKind::state);
  };
  EXPECT_THAT(fractions(8), ::testing::Contains("project.weight_fractions 6"));
  EXPECT_THAT(fractions(4), ::testing::Contains("project.weight_fractions 3"));
  EXPECT_THAT(fractions(0), ElementsAre("project.trained_weights 6", "result 16", "gradient_states 2"));
}

TEST(Lower, AnOperatorWithoutAGradientRuleIsNamed) {
  Schedule schedule;
  schedule.update = {bias(kProject)};
  try {
    lower(reduce(testing::SmallModel(true).graph(), {}), schedule);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("SOFTMAX"));
    EXPECT_THAT(error.what(), HasSubstr("'project'"));
  }
}

}  // namespace
}  // namespace thaw
