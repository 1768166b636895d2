// The validator finds each kind of fault in a layout that is otherwise sound.
#include "memmodel/validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/memmodel/bare_plan.h"

namespace thaw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::plan_of;

/// Three buffers, alive in steps 0-1, 1-2 and 2-3; sound with offsets 0, 8, 0.
Plan three_buffers() {
  return plan_of({{8, 4, 0, 1}, {6, 4, 1, 2}, {8, 4, 2, 3}});
}

Layout sound_layout() {
  return {{0, 8, 0}, 16, 16, 1, true};
}

TEST(Validator, AcceptsASoundLayout) {
  EXPECT_THAT(layout_violations(three_buffers(), sound_layout()), IsEmpty());
}

TEST(Validator, AcceptsAnEmptyPlan) {
  EXPECT_THAT(layout_violations(Plan(), Layout()), IsEmpty());
}

TEST(Validator, TwoEqualLifetimesOverlap) {
  const Plan plan = plan_of({{8, 4, 2, 3}, {8, 4, 2, 3}});
  EXPECT_THAT(layout_violations(plan, {{0, 4}, 12, 16, 2, false}),
              ElementsAre(HasSubstr("'b0' and buffer 1 'b1' share bytes [4, 8) at step 2"),
                          HasSubstr("below the 16")));
}

TEST(Validator, FindsEachFault) {
  const struct {
    const char* name;
    Layout layout;
    const char* message;
  } faults[] = {
      {"overlap at the shared step", {{0, 4, 0}, 16, 16, 1, true}, "share bytes [4, 8) at step 1"},
      {"misaligned", {{0, 10, 0}, 18, 16, 1, true}, "offset 10 is not aligned to 4"},
      {"negative", {{0, 8, -4}, 16, 16, 1, true}, "leaves the arena"},
      {"above the peak", {{0, 12, 0}, 16, 16, 1, true}, "at [12, 20) leaves the arena of 16 bytes"},
      {"peak too high", {{0, 8, 0}, 20, 16, 1, true}, "given as 20 bytes but the highest buffer ends at 16"},
      {"missing offset", {{0, std::nullopt, 0}, 8, 16, 1, true}, "'b1' has no offset"},
      {"too few offsets", {{0, 8}, 16, 16, 1, true}, "2 offsets for 3 buffers"},
      {"wrong bound", {{0, 8, 0}, 16, 12, 1, true}, "lower bound is given as 12"},
      {"wrong step of the bound", {{0, 8, 0}, 16, 16, 2, true}, "most bytes are alive at step 1: 16"},
  };
  for (const auto& fault : faults) {
    SCOPED_TRACE(fault.name);
    EXPECT_THAT(layout_violations(three_buffers(), fault.layout),
                ::testing::Contains(HasSubstr(fault.message)));
  }
}

TEST(Validator, FindsAnOffsetOutsideTheArena) {
  Plan plan = three_buffers();
  plan.buffers[2].kind = BufferKind::state;
  EXPECT_THAT(layout_violations(plan, sound_layout()),
              ElementsAre(HasSubstr("is not of the arena but has an offset")));
}

TEST(Validator, FindsAStepThatTouchesADeadBuffer) {
  Plan plan = three_buffers();
  plan.steps.resize(4);
  plan.steps[2].name = "late";
  plan.steps[2].reads = {BufferId(0), BufferId(7)};
  EXPECT_THAT(layout_violations(plan, sound_layout()),
              ElementsAre(HasSubstr("'late' touches buffer 0 'b0', which is alive from step 0 to 1"),
                          HasSubstr("names buffer 7, which does not exist")));
}

}  // namespace
}  // namespace thaw
