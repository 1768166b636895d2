// A training step from what crosses the cut is the training step on the sample, whatever else memory holds.
#include "sim/plan/latent_cut.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "memmodel/planner.h"
#include "sim/exec/executor.h"
#include "sim/exec/prefix_cache.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/noise.h"
#include "tests/support/streaming_network.h"
#include "tests/support/varied_plan.h"

namespace thaw {
namespace {

/// Two executors of one plan, laid out as on the device.
struct LatentTwins {
  explicit LatentTwins(const Plan& p)
      : plan(p),
        layout(plan_layout(p)),
        whole(p, layout.offsets, KernelSet::host, 1),
        cut(p, layout.offsets, KernelSet::host, 1) {}

  void feed(const std::vector<int8_t>& image) {
    for (Executor* executor : {&whole, &cut})
      std::ranges::copy(image, executor->values<int8_t>(plan.inputs[0]).begin());
  }

  /// What the second executor has of a sample once the steps before the cut have run.
  std::vector<std::byte> latent(const LatentCut& at) {
    cut.infer(0, nullptr, at.step);
    std::vector<std::byte> kept;
    for (BufferId id : at.buffers) {
      const std::span<const std::byte> bytes = cut.bytes(id);
      kept.insert(kept.end(), bytes.begin(), bytes.end());
    }
    return kept;
  }

  /// Leaves nothing of the arena and puts the latent there.
  void put(const LatentCut& at, const std::vector<std::byte>& latent) {
    for (const Buffer& buffer : plan.buffers)
      if (in_arena(buffer.kind)) std::ranges::fill(cut.bytes(buffer.id), std::byte{0x55});
    const std::byte* from = latent.data();
    for (BufferId id : at.buffers) {
      const std::span<std::byte> to = cut.bytes(id);
      std::memcpy(to.data(), from, to.size());
      from += to.size();
    }
  }

  const Plan& plan;
  Layout layout;
  Executor whole, cut;
};

void expect_equal_from_latent(const Plan& plan) {
  const LatentCut cut = latent_cut(plan);
  LatentTwins twins(plan);
  testing::Noise noise(4);
  std::vector<int8_t> image(static_cast<size_t>(plan.buffer(plan.inputs[0]).bytes));
  for (uint32_t t = 0; t < 4; ++t) {
    twins.whole.reset_variables();
    twins.cut.reset_variables();
    for (int32_t step = 0; step < 2; ++step) {  // state variables have heard something then
      for (int8_t& pixel : image) pixel = static_cast<int8_t>(noise.in(-128, 127));
      twins.feed(image);
      if (step == 0) twins.whole.infer();
      if (step == 0) twins.cut.infer();
    }
    const StepInput input = {noise.in(0, plan.classes - 1), quantize_learning_rate(0.05), 1, t};
    const StepResult expected = twins.whole.train_step(input);
    const std::vector<std::byte> latent = twins.latent(cut);
    ASSERT_EQ(static_cast<int64_t>(latent.size()), cut.bytes);
    twins.put(cut, latent);
    const StepResult actual = twins.cut.train_step(input, cut.step);
    ASSERT_EQ(actual.loss, expected.loss) << "step " << t;
    ASSERT_EQ(actual.prediction, expected.prediction) << "step " << t;
    ASSERT_EQ(twins.cut.state(), twins.whole.state()) << "step " << t;
  }
}

void expect_equal_from_latents_of(Network (*network_of)(uint32_t), uint32_t last) {
  for (uint32_t seed = 1; seed <= last && !::testing::Test::HasFailure(); ++seed) {
    const Network network = network_of(seed);
    Schedule schedule = testing::random_schedule(network, seed);
    const Plan plan = testing::lower_what_can_be_trained(network, schedule);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_equal_from_latent(plan);
    for (InputBy input : {InputBy::image, InputBy::rows}) expect_equal_from_latent(run_passes(plan, input));
  }
}

TEST(LatentCut, SuffixTrainsAsTheWholeStep) {
  expect_equal_from_latents_of(testing::varied_network, 25);
  expect_equal_from_latents_of(testing::operator_network, 25);
}

TEST(LatentCut, SuffixWithStateVariablesTrainsAsTheWholeStep) {
  expect_equal_from_latents_of(testing::streaming_network, 12);
}

TEST(LatentCut, TakesNoMoreThanWhatEntersTheFirstTrainedLayer) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    const Network network = testing::varied_network(seed);
    Schedule schedule = testing::random_schedule(network, seed);
    const Plan plan = testing::lower_what_can_be_trained(network, schedule);
    const PrefixCache cache = empty_prefix_cache(network, first_updated_layer(network, schedule), 1, false);
    EXPECT_LE(latent_cut(plan).bytes, cache.sample_bytes) << "seed " << seed;
  }
}

TEST(LatentCut, IsTheFeaturesWhereTheClassifierAloneIsTrained) {
  const Network network = reduce(testing::SmallModel().graph(), {.classes = 2});
  Schedule schedule;
  schedule.classes = 2;
  schedule.update = {{network.convolution_count(), "classifier", true, UpdatedWeights::all, {}}};
  const Plan plan = lower(network, schedule);
  const LatentCut cut = latent_cut(plan);
  EXPECT_EQ(plan.steps[cut.step].op, network.classifier.op);
  EXPECT_EQ(cut.bytes, network.graph.tensor(network.classifier.feature_tensor).bytes());
}

}  // namespace
}  // namespace thaw
