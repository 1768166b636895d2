// The planner: a table worked out by hand, random lifetimes against the validator, small ones against brute
// force over all offsets.
#include "memmodel/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "memmodel/branch_and_bound.h"
#include "memmodel/validator.h"
#include "tests/memmodel/bare_plan.h"

namespace thaw {
namespace {

using ::testing::IsEmpty;
using testing::plan_of;
using testing::random_intervals;
using testing::RandomShape;

// A published engine's planner gets this wrong (strict inequalities).
TEST(Planner, TwoEqualLifetimesOverlap) {
  const PlannedIntervals planned = plan_intervals({{16, 4, 3, 5}, {16, 4, 3, 5}});
  EXPECT_EQ(planned.placement.peak, 32);
  EXPECT_NE(planned.placement.offsets[0], planned.placement.offsets[1]);
  EXPECT_TRUE(planned.proven_optimal);
}

struct Case {
  const char* name;
  std::vector<Interval> intervals;
  int64_t peak;
  LiveBytes lower_bound;
};

std::vector<Case> cases() {
  return {
      {"nothing", {}, 0, {0, 0}},
      {"one", {{10, 1, 0, 0}}, 10, {10, 0}},
      {"one, rounded up to its alignment", {{10, 4, 2, 2}}, 12, {12, 2}},
      {"empty buffers take no room", {{0, 4, 0, 9}, {8, 4, 1, 1}, {0, 16, 1, 1}}, 8, {8, 1}},
      {"only empty buffers", {{0, 4, 0, 9}}, 0, {0, 0}},
      {"one step apart", {{8, 4, 0, 1}, {8, 4, 2, 3}}, 8, {8, 0}},
      {"touching ends share a step", {{8, 4, 0, 1}, {8, 4, 1, 2}}, 16, {16, 1}},
      {"a chain reuses two places", {{8, 4, 0, 1}, {4, 4, 1, 2}, {8, 4, 2, 3}, {4, 4, 3, 4}}, 12, {12, 1}},
      {"nested", {{4, 4, 0, 9}, {8, 4, 1, 8}, {16, 4, 2, 7}}, 28, {28, 2}},
      {"the bound's step is the first of equal ones", {{8, 4, 5, 5}, {8, 4, 2, 2}}, 8, {8, 2}},
      {"alignment 16 beside 4", {{4, 4, 0, 0}, {16, 16, 0, 0}}, 20, {20, 0}},
      // Nothing fits into 7 bytes here although never more are alive: brute force below agrees.
      {"optimum above the bound",
       {{3, 1, 7, 10},
        {3, 1, 3, 3},
        {3, 1, 0, 0},
        {3, 1, 4, 7},
        {2, 1, 1, 2},
        {1, 1, 7, 8},
        {2, 1, 1, 4},
        {2, 1, 2, 4},
        {3, 1, 0, 1}},
       8,
       {7, 1}},
      {"large early and large late",
       {{100, 4, 0, 4}, {60, 4, 4, 8}, {40, 4, 4, 12}, {100, 4, 9, 12}},
       200,
       {200, 4}},
  };
}

TEST(Planner, TableOfCases) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const PlannedIntervals planned = plan_intervals(c.intervals);
    EXPECT_EQ(planned.placement.peak, c.peak);
    EXPECT_EQ(planned.lower_bound, c.lower_bound);
    EXPECT_TRUE(planned.proven_optimal);
    const Plan plan = plan_of(c.intervals);
    EXPECT_THAT(layout_violations(plan, plan_layout(plan)), IsEmpty());
  }
}

TEST(Planner, StateAndConstantsGetNoOffset) {
  Plan plan = plan_of({{8, 4, 0, 1}, {64, 4, 0, 1}, {32, 4, 0, 1}, {4, 4, 1, 1}});
  plan.buffers[1].kind = BufferKind::constant;
  plan.buffers[2].kind = BufferKind::state;
  const Layout layout = plan_layout(plan);
  EXPECT_EQ(layout.peak, 12);
  EXPECT_TRUE(layout.offsets[0]);
  EXPECT_FALSE(layout.offsets[1]);
  EXPECT_FALSE(layout.offsets[2]);
  EXPECT_TRUE(layout.offsets[3]);
  EXPECT_THAT(layout_violations(plan, layout), IsEmpty());
}

// `update_lifetimes` marks what no step touches with -1.
TEST(Planner, BuffersThatNoStepTouchesTakeNoRoom) {
  const Plan plan = plan_of({{8, 4, 0, 1}, {1000, 4, -1, -1}, {1000, 8, -1, -1}});
  const Layout layout = plan_layout(plan);
  EXPECT_EQ(layout.peak, 8);
  EXPECT_EQ(layout.offsets[1], 0);
  EXPECT_THAT(layout_violations(plan, layout), IsEmpty());
}

TEST(Planner, RefusesImpossibleIntervals) {
  EXPECT_THROW(plan_intervals({{-1, 4, 0, 0}}), std::invalid_argument);
  EXPECT_THROW(plan_intervals({{4, 3, 0, 0}}), std::invalid_argument);
  EXPECT_THROW(plan_intervals({{4, 0, 0, 0}}), std::invalid_argument);
  EXPECT_THROW(plan_intervals({{4, 4, 2, 1}}), std::invalid_argument);
}

// ---- brute force -----------------------------------------------------------------------------------------

/// True where the intervals from `next` on can be placed below `peak`, trying every aligned offset.
bool fits_below(const std::vector<Interval>& intervals, size_t next, int64_t peak,
                std::vector<int64_t>& offsets) {
  if (next == intervals.size()) return true;
  const Interval& mine = intervals[next];
  const int64_t size = (mine.bytes + mine.alignment - 1) / mine.alignment * mine.alignment;
  for (int64_t offset = 0; offset + size <= peak; offset += mine.alignment) {
    bool free = true;
    for (size_t i = 0; i < next && free; ++i) {
      const Interval& other = intervals[i];
      const bool together = !(mine.last < other.first || other.last < mine.first);
      const int64_t other_size = (other.bytes + other.alignment - 1) / other.alignment * other.alignment;
      free = !together || offset + size <= offsets[i] || offsets[i] + other_size <= offset;
    }
    if (!free) continue;
    offsets[next] = offset;
    if (fits_below(intervals, next + 1, peak, offsets)) return true;
  }
  return false;
}

bool fits_below(const std::vector<Interval>& intervals, int64_t peak) {
  std::vector<int64_t> offsets(intervals.size());
  return fits_below(intervals, 0, peak, offsets);
}

/// Small problems: of their own accord, or (odd seeds) with mixed alignments, which lift the optimum above
/// the bound more often.
std::vector<Interval> small_problem(uint32_t seed) {
  RandomShape shape;
  shape.count = 3 + static_cast<int32_t>(seed % 6);
  shape.largest = 5;
  if (seed % 2 == 1) shape.alignments = {1, 2, 4};
  return random_intervals(seed, shape);
}

// The peak itself is reached by the planner's own placement; brute force shows that one byte less is not
// enough. Below the bound, which the validator counts for itself, nothing needs to be tried.
TEST(Planner, EqualsBruteForceOnSmallProblems) {
  int above_bound = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    const std::vector<Interval> intervals = small_problem(seed);
    const Plan plan = plan_of(intervals);
    const Layout layout = plan_layout(plan);
    ASSERT_THAT(layout_violations(plan, layout), IsEmpty());
    ASSERT_TRUE(layout.proven_optimal);
    if (layout.peak == layout.lower_bound) continue;
    ++above_bound;
    ASSERT_FALSE(fits_below(intervals, layout.peak - 1));
  }
  EXPECT_GT(above_bound, 0) << "no optimum above the bound was met: the proof is untested";
}

// From a stack of all blocks, the worst placement there is, the exact search must find the optimum alone.
TEST(BranchAndBound, FindsTheOptimumFromTheWorstPlacement) {
  for (uint32_t seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE(seed);
    const std::vector<Interval> intervals = small_problem(seed);
    Placement stack;
    for (const Interval& interval : intervals) {
      stack.peak = (stack.peak + 3) / 4 * 4;
      stack.offsets.push_back(stack.peak);
      stack.peak += reserved_bytes(interval);
    }
    const LiveBytes bound = most_live_bytes(intervals);
    const ExactResult exact = branch_and_bound(intervals, stack, bound.bytes, 1'000'000);
    ASSERT_TRUE(exact.complete);
    const Plan plan = plan_of(intervals);
    const Layout layout{{exact.placement.offsets.begin(), exact.placement.offsets.end()},
                        exact.placement.peak,
                        bound.bytes,
                        bound.step,
                        true};
    ASSERT_THAT(layout_violations(plan, layout), IsEmpty());
    ASSERT_TRUE(exact.placement.peak == bound.bytes || !fits_below(intervals, exact.placement.peak - 1));
  }
}

TEST(BranchAndBound, SaysWhenItsNodesRanOut) {
  const std::vector<Interval> intervals = cases()[11].intervals;
  ASSERT_STREQ(cases()[11].name, "optimum above the bound");
  const Placement stack{{0, 3, 6, 9, 12, 14, 15, 17, 19}, 22};
  const ExactResult cut_short = branch_and_bound(intervals, stack, 7, 3);
  EXPECT_FALSE(cut_short.complete);
  EXPECT_EQ(cut_short.placement, stack);
  EXPECT_FALSE(fits_below(intervals, 7));
}

// ---- properties ------------------------------------------------------------------------------------------

TEST(Planner, RandomLifetimesValidateAndRepeat) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    RandomShape shape;
    shape.count = 10 + static_cast<int32_t>(seed % 5) * 15;
    shape.steps = 5 + static_cast<int32_t>(seed % 7) * 10;
    shape.longest = 1 + static_cast<int32_t>(seed % 4) * 6;
    shape.largest = seed % 2 == 0 ? 40 : 20000;
    shape.alignments = {4, 4, 8, 16};
    const Plan plan = plan_of(random_intervals(seed, shape));
    const Layout layout = plan_layout(plan);
    EXPECT_THAT(layout_violations(plan, layout), IsEmpty());
    EXPECT_GE(layout.peak, layout.lower_bound);
    EXPECT_TRUE(layout.proven_optimal || layout.peak > layout.lower_bound);
    const Layout again = plan_layout(plan);
    EXPECT_EQ(again.offsets, layout.offsets);
    EXPECT_EQ(again.peak, layout.peak);
  }
}

/// The shape of a training plan: activations of two steps in the forward pass, some kept until their weight
/// gradient, masks kept until their gradient, gradients of two or three steps on the way back.
std::vector<Interval> training_lifetimes(int32_t layers) {
  std::vector<Interval> intervals;
  for (int32_t i = 0; i < layers; ++i) {
    const int32_t back = 3 * layers - 2 * i;
    const int64_t bytes = 64 + int64_t{163840} / (1 + i) * (1 + i % 3);
    intervals.push_back({bytes, 4, i, i + 1 + 2 * (i % 3 == 2)});
    if (i > layers / 2) intervals.push_back({bytes / 8, 4, i, back});                // mask
    if (i > layers / 2 && i % 2 == 0) intervals.push_back({bytes / 4, 4, i, back});  // saved input
    if (i > layers / 2) intervals.push_back({bytes, 4, back, back + 2});             // gradient
    intervals.push_back({128, 4, back, back});                                       // scratch
  }
  return intervals;
}

TEST(Planner, ReachesTheBoundOnTrainingShapedPlans) {
  for (int32_t layers : {5, 20, 43, 61}) {
    SCOPED_TRACE(layers);
    const Plan plan = plan_of(training_lifetimes(layers));
    const Layout layout = plan_layout(plan);
    EXPECT_THAT(layout_violations(plan, layout), IsEmpty());
    EXPECT_EQ(layout.peak, layout.lower_bound);
    EXPECT_TRUE(layout.proven_optimal);
  }
}

TEST(Planner, ThreeHundredBuffersStayCloseToTheBound) {
  int64_t above = 0, bound = 0;
  for (uint32_t seed = 0; seed < 3; ++seed) {
    const Plan plan = plan_of(random_intervals(seed, {300, 200, 20000, 30, {4}}));
    const Layout layout = plan_layout(plan);
    EXPECT_THAT(layout_violations(plan, layout), IsEmpty());
    // Too many for the exact search: only the bound itself is a proof.
    EXPECT_EQ(layout.proven_optimal, layout.peak == layout.lower_bound);
    above += layout.peak - layout.lower_bound;
    bound += layout.lower_bound;
  }
  EXPECT_GT(above, 0) << "every problem was solved: what is not proven is untested";
  // Random lifetimes are harder than networks'; 3 % was measured to be well above what the planner leaves.
  EXPECT_LE(above * 100, bound * 3) << above << " bytes above " << bound;
}

}  // namespace
}  // namespace thaw
