// Live bytes and the text map of plans small enough to draw by hand.
#include "memmodel/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/base/printable.h"
#include "tests/memmodel/bare_plan.h"

namespace thaw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::plan_of;

/// Four steps; activations of 8, 4 and 8 bytes chained, a mask of 3 bytes (4 reserved) over steps 1 to 3.
Plan small_plan() {
  Plan plan = plan_of({{8, 4, 0, 1}, {4, 4, 1, 2}, {8, 4, 2, 3}, {3, 4, 1, 3}});
  plan.buffers[3].kind = BufferKind::mask;
  plan.steps.resize(4);
  for (size_t i = 0; i < 4; ++i) {
    plan.steps[i].name = "step";
    plan.steps[i].name += std::to_string(i);
    plan.steps[i].kernel = CopyForward();
  }
  plan.steps[3].phase = Phase::backward;
  return plan;
}

Layout small_layout() {
  return {{0, 8, 0, 12}, 16, 16, 1, true};
}

TEST(Timeline, CountsWhatIsAlive) {
  const std::vector<TimelineStep> steps = timeline(small_plan());
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_THAT((std::vector<int64_t>{steps[0].live_bytes, steps[1].live_bytes, steps[2].live_bytes,
                                    steps[3].live_bytes}),
              ElementsAre(8, 16, 16, 12));
  EXPECT_THAT(steps[1].alive, ElementsAre(BufferId(0), BufferId(1), BufferId(3)));
  EXPECT_FALSE(steps[0].at_peak);
  EXPECT_TRUE(steps[1].at_peak);
  EXPECT_TRUE(steps[2].at_peak);
  EXPECT_TRUE(timeline(Plan()).empty());
}

TEST(Timeline, DrawsARowAStep) {
  EXPECT_THAT(timeline_text(small_plan(), small_layout(), 8),
              HasSubstr("step       bytes  arena, 16 bytes\n"
                        "   0 F         8  aaaa....  step0\n"
                        "   1 F        16  aaaaAAMM *step1\n"
                        "   2 F        16  aaaaAAMM *step2\n"
                        "   3 B        12  aaaa..MM  step3\n"));
}

TEST(Timeline, MarksOverlaps) {
  Layout wrong = small_layout();
  wrong.offsets[3] = 8;  // over the second activation
  EXPECT_THAT(timeline_text(small_plan(), wrong, 8), HasSubstr("   1 F        16  aaaa!!.. *step1\n"));
}

TEST(Timeline, ManyBuffersInOneCellDoNotOverlap) {
  const Plan plan = small_plan();
  EXPECT_THAT(timeline_text(plan, small_layout(), 1), Not(HasSubstr("! *")));
  EXPECT_THAT(timeline_text(plan, small_layout(), 1), HasSubstr("   1 F        16  a *step1\n"));
}

// ---- names -----------------------------------------------------------------------------------------------

TEST(Printable, KeepsTextAndReplacesTheRest) {
  const struct {
    const char* text;
    const char* expected;
  } cases[] = {
      {"", ""},
      {"conv2d/Relu;1", "conv2d/Relu;1"},
      {"tab\tline\n\x7F", "tab?line??"},
      {"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"},
      {"\xFF\xC3", "??"},                // never valid; cut short
      {"\xC0\xAF", "??"},                // overlong
      {"\xE0\x80\x80", "???"},           // overlong
      {"\xED\xA0\x80", "???"},           // surrogate
      {"\xF4\x90\x80\x80", "????"},      // beyond U+10FFFF
      {"\xC2\x85|\xEF\xBF\xBE", "?|?"},  // control character of two bytes; not a character of XML
  };
  for (const auto& c : cases) EXPECT_EQ(printable(c.text), c.expected);
}

TEST(Printable, ShortensByCharacters) {
  EXPECT_EQ(shortened("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(shortened("abcdefghi", 8), "abcde...");
  EXPECT_EQ(shortened("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 5), "\xC3\xA9\xC3\xA9...");
}

}  // namespace
}  // namespace thaw
