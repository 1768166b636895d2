// Live bytes, the text map and the picture of plans small enough to draw by hand.
#include "memmodel/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "memmodel/planner.h"
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

// ---- picture ---------------------------------------------------------------------------------------------

bool is_name(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// True for text in which '<' and '>' do not occur and every '&' begins one of the four entities we write.
bool is_escaped(const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<' || text[i] == '>') return false;
    if (text[i] != '&') continue;
    const std::string rest = text.substr(i, 6);
    if (rest.rfind("&amp;", 0) != 0 && rest.rfind("&lt;", 0) != 0 && rest.rfind("&gt;", 0) != 0 &&
        rest != "&quot;")
      return false;
  }
  return true;
}

/// True for ` name="value"` repeated, values escaped.
bool are_attributes(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const size_t quote = text.find("=\"", at);
    if (text[at] != ' ' || quote == std::string::npos || !is_name(text.substr(at + 1, quote - at - 1)))
      return false;
    const size_t end = text.find('"', quote + 2);
    if (end == std::string::npos || !is_escaped(text.substr(quote + 2, end - quote - 2))) return false;
    at = end + 1;
  }
  return true;
}

/// What is not well-formed in a document of elements, attributes and text; empty where nothing is.
std::string xml_fault(const std::string& xml) {
  std::vector<std::string> open;
  size_t at = 0;
  while (true) {
    const size_t begin = xml.find('<', at);
    const std::string text = xml.substr(at, begin - at);
    if (begin == std::string::npos)
      return !open.empty() ? "open: " + open.back() : text == "\n" ? "" : "rest: " + text;
    if (!is_escaped(text)) return "text: " + text;
    const size_t end = xml.find('>', begin);
    if (end == std::string::npos) return "unfinished tag";
    std::string tag = xml.substr(begin + 1, end - begin - 1);
    at = end + 1;
    if (tag.rfind('/', 0) == 0) {
      if (open.empty() || open.back() != tag.substr(1)) return "closes " + tag;
      open.pop_back();
      continue;
    }
    const bool empty_element = !tag.empty() && tag.back() == '/';
    if (empty_element) tag.pop_back();
    const size_t name_end = std::min(tag.find(' '), tag.size());
    if (!is_name(tag.substr(0, name_end)) || !are_attributes(tag.substr(name_end))) return "tag: " + tag;
    if (!empty_element) open.push_back(tag.substr(0, name_end));
  }
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(ArenaSvg, DrawsEachBufferOnce) {
  Plan plan = small_plan();
  plan.model_file = "small.tflite";
  const std::string svg = arena_svg(plan, small_layout());
  EXPECT_EQ(xml_fault(svg), "");
  EXPECT_EQ(count(svg, "bytes at offset"), 4U);
  EXPECT_EQ(count(svg, "<title>b3: clamp mask, 3 bytes at offset 12, steps 1 to 3</title>"), 1U);
  EXPECT_THAT(svg, HasSubstr("Arena of small.tflite, inference"));
  EXPECT_THAT(svg, HasSubstr("peak 16 bytes = lower bound, reached at step 1 (step1)"));
  EXPECT_THAT(svg, HasSubstr("; proven optimal"));
  EXPECT_THAT(svg, HasSubstr(">clamp mask</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">gradient</text>")));
  EXPECT_THAT(svg, Not(HasSubstr("http://www.w3.org/1999/xlink")));
  EXPECT_EQ(svg, arena_svg(plan, small_layout()));
}

TEST(ArenaSvg, ShowsTheBoundWhereItIsNotReached) {
  Layout layout = small_layout();
  layout.peak = 20;
  layout.proven_optimal = false;
  const std::string svg = arena_svg(small_plan(), layout);
  EXPECT_THAT(svg, HasSubstr("lower bound 16 bytes"));
  EXPECT_THAT(svg, HasSubstr("; not proven optimal"));
  EXPECT_EQ(xml_fault(svg), "");
}

TEST(ArenaSvg, EscapesNames) {
  Plan plan = small_plan();
  for (Buffer& buffer : plan.buffers) buffer.name = "<script>\"&'\x02\xFF";
  for (Step& step : plan.steps) step.name = plan.buffers[0].name;
  plan.model_file = "</svg>&.tflite";
  const std::string svg = arena_svg(plan, small_layout());
  EXPECT_EQ(xml_fault(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;&quot;&amp;'??"));
}

TEST(ArenaSvg, AcceptsAnEmptyPlan) {
  EXPECT_EQ(xml_fault(arena_svg(Plan(), plan_layout(Plan()))), "");
}

TEST(XmlFault, FindsFaults) {
  EXPECT_EQ(xml_fault("<a><b/></a>\n"), "");
  EXPECT_NE(xml_fault("<a><b></a>\n"), "");
  EXPECT_NE(xml_fault("<a>x & y</a>\n"), "");
  EXPECT_NE(xml_fault("<a>\n"), "");
  EXPECT_NE(xml_fault("<a t=\"<\"></a>\n"), "");
  EXPECT_NE(xml_fault("<a t=\"&\"></a>\n"), "");
  EXPECT_NE(xml_fault("<a t=1></a>\n"), "");
}

}  // namespace
}  // namespace thaw
