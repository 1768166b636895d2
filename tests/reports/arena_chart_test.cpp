// The picture of an arena small enough to draw by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <string>
#include <vector>

#include "reports/charts/run_charts.h"

namespace thaw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Two steps; an activation of 8 KiB, and a mask of 4 above it in the second.
ArenaMap small_arena() {
  ArenaMap arena;
  arena.peak_bytes = arena.lower_bound_bytes = 12 * 1024;
  arena.proven_optimal = true;
  arena.buffers = {{"the input of a layer", "activation", 0, 8 * 1024, 0, 1},
                   {"m", "mask", 8 * 1024, 4096, 1, 1}};
  arena.steps = {{"conv", "forward", 8 * 1024, false, -1}, {"back", "backward", 12 * 1024, true, -1}};
  return arena;
}

/// The elements below a picture's root, by what the XML library reads.
struct Drawn {
  std::vector<std::string> titles, inside;
  std::vector<double> widths, heights;  // of the buffers

  explicit Drawn(const std::string& svg) {
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_string(svg.c_str());
    EXPECT_TRUE(result) << result.description() << " at " << result.offset;
    for (const pugi::xml_node& node : document.child("svg").children()) {
      const std::string name = node.attribute("class").as_string();
      if (name == "inside") inside.emplace_back(node.text().as_string());
      if (!name.starts_with("mark buffer")) continue;
      titles.emplace_back(node.child("title").text().as_string());
      widths.push_back(node.attribute("width").as_double());
      heights.push_back(node.attribute("height").as_double());
    }
  }
};

TEST(ArenaChart, DrawsEachBufferOverItsLife) {
  const Chart chart = arena_chart(small_arena(), 1280, 720);
  const Drawn drawn(standalone_svg(chart));
  EXPECT_THAT(
      drawn.titles,
      ElementsAre("the input of a layer (activation)\n8,192 bytes (8.0 KiB) at offset 0\nsteps 0 to 1",
                  "m (clamp mask)\n4,096 bytes (4.0 KiB) at offset 8,192\nsteps 1 to 1"));
  ASSERT_EQ(drawn.widths.size(), 2U);
  EXPECT_NEAR(drawn.widths[0], 2 * drawn.widths[1], 0.1);
  EXPECT_NEAR(drawn.heights[0], 2 * drawn.heights[1], 0.1);
  EXPECT_THAT(drawn.inside, ElementsAre("the input of a layer", "m"));
  EXPECT_THAT(chart.body, HasSubstr("= most alive at a step"));
  EXPECT_THAT(chart.body, Not(HasSubstr(">gradient</text>"))) << "nothing of that kind is there";
  EXPECT_EQ(chart.description,
            "Peak 12,288 bytes (12.0 KiB), most bytes alive at step 1 (back), proven the smallest possible; "
            "2 buffers over 2 steps");
}

TEST(ArenaChart, ShowsTheBoundWhereItIsNotReached) {
  ArenaMap arena = small_arena();
  arena.peak_bytes = 14 * 1024;
  arena.proven_optimal = false;
  const Chart chart = arena_chart(arena);
  EXPECT_THAT(chart.body, HasSubstr("most alive at a step 12,288 bytes"));
  EXPECT_THAT(chart.body, HasSubstr("peak 14,336 bytes"));
  EXPECT_THAT(chart.description, Not(HasSubstr("proven")));
}

TEST(ArenaChart, NamesAreTextAndNothingElse) {
  ArenaMap arena = small_arena();
  for (ArenaBuffer& buffer : arena.buffers) buffer.name = "<script>\"&'\x02\xFF";
  for (ArenaStep& step : arena.steps) step.name = "</svg>&";
  const Drawn drawn(standalone_svg(arena_chart(arena, 1280, 720)));
  ASSERT_EQ(drawn.titles.size(), 2U);
  EXPECT_THAT(drawn.titles[0], HasSubstr("<script>\"&'?? (activation)"));
  EXPECT_THAT(drawn.inside, ElementsAre("<script>\"&'??", "<script>\"&'??"));
}

TEST(ArenaChart, AcceptsAnEmptyArena) {
  EXPECT_THAT(Drawn(standalone_svg(arena_chart(ArenaMap()))).titles, ElementsAre());
}

}  // namespace
}  // namespace thaw
