// Input by rows: each row taken once, in order; the same bits in less memory; what cannot is said.
#include "sim/plan/feed_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memmodel/planner.h"
#include "memmodel/validator.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "sim/plan/stream_rows.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/random_network.h"
#include "tests/support/same_bits.h"

namespace thaw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Schedule classifier_only(const Network& network) {
  Schedule schedule;
  schedule.classes = network.classifier.classes;
  schedule.update = {{network.convolution_count(), "", true, UpdatedWeights::all, {}}};
  return schedule;
}

/// Bytes that the plan takes of the caller's input: where each piece begins, and how long it is.
std::vector<std::pair<int64_t, int64_t>> pieces_taken(const Plan& plan) {
  std::vector<std::pair<int64_t, int64_t>> pieces;
  for (const Step& step : plan.steps)
    if (const auto* copy = std::get_if<CopyForward>(&step.kernel))
      if (plan.buffer(copy->input).kind == BufferKind::caller)
        pieces.emplace_back(copy->input_offset, copy->bytes);
  return pieces;
}

/// The image is 4 rows of 8 bytes; a 1x1 convolution is read by a 3x3 one: the first band needs two rows,
/// each later one a row more.
TEST(FeedRows, SmallModelWorkedOutByHand) {
  const Network network = reduce(testing::SmallModel().graph(), {});
  const Plan plan = stream_rows(feed_rows(lower(network, classifier_only(network))), {{0, 2, 1}});
  EXPECT_TRUE(input_comes_by_rows(plan));
  EXPECT_EQ(plan.input_rows, 4);
  using Piece = std::pair<int64_t, int64_t>;
  EXPECT_THAT(pieces_taken(plan), ElementsAre(Piece(0, 16), Piece(16, 8), Piece(24, 8)));
}

TEST(FeedRows, KeepsTheBitsOfRandomNetworks) {
  int32_t fed = 0, smaller = 0;
  int64_t whole_bytes = 0, rows_bytes = 0;  // of all arenas: of a tiny image all rows may be in use
  for (uint32_t seed = 1; seed <= 60 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Network network = reduce(testing::RandomNetwork(seed).graph(), {.fresh_classifier = true});
    const Plan plan = lower(network, classifier_only(network));
    const Plan whole = run_passes(plan), rows = run_passes(plan, InputBy::rows);
    EXPECT_EQ(layout_violations(rows, plan_layout(rows)), std::vector<std::string>{});
    for (KernelSet kernels : {KernelSet::portable, KernelSet::host})
      testing::expect_same_training(drop_unused_buffers(plan), rows, kernels, 2);
    if (!input_comes_by_rows(rows)) continue;
    ++fed;
    int64_t next = 0;
    for (const auto& [at, bytes] : pieces_taken(rows)) {
      EXPECT_GE(at, next);
      next = at + bytes;
    }
    EXPECT_LE(next, rows.buffer(rows.inputs[0]).bytes);
    whole_bytes += plan_layout(whole).peak;
    rows_bytes += plan_layout(rows).peak;
    smaller += plan_layout(rows).peak < plan_layout(whole).peak ? 1 : 0;
  }
  EXPECT_GT(fed, 20);
  EXPECT_GT(smaller, 3);
  EXPECT_LT(rows_bytes, whole_bytes);
}

TEST(FeedRows, ATrainedFirstLayerKeepsTheImageWholeAndSaysSo) {
  const Network network = reduce(testing::SmallModel().graph(), {});
  Schedule schedule = classifier_only(network);
  schedule.update.insert(schedule.update.begin(), {0, "", true, UpdatedWeights::none, {}});
  const Plan plan = run_passes(lower(network, schedule), InputBy::rows);
  EXPECT_FALSE(input_comes_by_rows(plan));
  EXPECT_THAT(
      plan.notes.front().what,
      HasSubstr("the image stays whole: 'expand', which reads it, is trained or passed by a gradient"));
}

}  // namespace
}  // namespace thaw
