// Markdown, JUnit and CSV: within their limits, and deaf to what names contain.
#include "reports/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/csv.h"
#include "reports/escape.h"
#include "reports/gate/junit.h"
#include "reports/schedule_diff.h"
#include "sim/base/json.h"
#include "sim/plan/schedule_json.h"
#include "tests/reports/example_run.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using testing::ExampleRun;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Markdown, FitsAStepSummaryAndAComment) {
  ExampleRun large;
  large.trials = 2000;
  const std::vector<thaw::Run> runs = {
      read_run(testing::write_example(testing::scratch_folder() / "demo", large))};
  const std::string summary = markdown_report(runs, {}, nullptr, kStepSummaryBytes);
  EXPECT_LT(summary.size(), size_t{1} << 20);
  EXPECT_THAT(summary,
              AllOf(HasSubstr("**79.50 %**"), HasSubstr("### All 2000 trials"), HasSubstr("| 2000 |")));
  const std::string comment = markdown_report(runs, {}, nullptr, kPullRequestCommentBytes);
  EXPECT_LE(comment.size(), kPullRequestCommentBytes);
  EXPECT_THAT(comment, EndsWith("|\n\n*Cut here: the whole report does not fit. See report.html.*\n"));
}

TEST(Markdown, NeutralisesNames) {
  EXPECT_EQ(markdown_text("<b>|`x`*_[a](b)@me #1"), "&lt;b&gt;\\|\\`x\\`\\*\\_\\[a\\](b)&#64;me &#35;1");
  EXPECT_EQ(markdown_text("two\nlines"), "two?lines");
}

TEST(Clipped, CutsBetweenCharacters) {
  EXPECT_EQ(clipped("äöüäöü", 9), "äöü…");
  EXPECT_EQ(clipped("äöüäöü", 8), "äö…");
  EXPECT_EQ(clipped("short", 5), "short");
}

TEST(Csv, QuotesAndDisarms) {
  EXPECT_EQ(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
  EXPECT_EQ(csv_field("=HYPERLINK(1)"), "'=HYPERLINK(1)");
  EXPECT_EQ(csv_field("-3.5e2"), "-3.5e2");
  const thaw::Run run = read_run(testing::write_example(testing::scratch_folder(), {}));
  const std::string csv = trials_csv(run);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 13);
  EXPECT_THAT(
      csv,
      HasSubstr(
          "\n2,look: without weights of b7.pw1,look,validation,ok,0.77,1,70000,200000,3000000,0.003125,1,"));
}

TEST(Junit, CountsFailuresAndEscapes) {
  GateReport gate;
  gate.has_baseline = true;
  MetricVerdict ram;
  ram.metric = GateMetric::ram_bytes;
  ram.status = GateStatus::regression;
  ram.level = Level::fail;
  ram.before = "1 byte";
  ram.now = "<2> \"bytes\"";
  MetricVerdict missing;
  missing.metric = GateMetric::instructions_per_step;
  missing.status = GateStatus::not_measured;
  gate.metrics = {ram, missing};
  gate.budgets = {{GateMetric::flash_bytes, "board", 10, 20, Level::info}};
  gate.schedule_changes = {"- b7 & b8"};
  const std::string xml = junit_report(gate, "demo");
  EXPECT_THAT(xml, AllOf(HasSubstr("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""),
                         HasSubstr("now &lt;2&gt; \"bytes\""), HasSubstr("now &lt;2> &quot;bytes&quot;"),
                         HasSubstr("\n- b7 &amp; b8</failure>"),
                         HasSubstr("name=\"flash_bytes budget of board\""), Not(HasSubstr("<2>"))));
}

TEST(ScheduleDiff, TellsTensorsChannelsRecipeAndFiguresApart) {
  const auto view = [](const nlohmann::json& json) { return read_schedule(JsonView(json, "s.json")); };
  testing::Json a = testing::example_schedule({}), b = testing::example_schedule({}, 2);
  b["training"]["learning_rate"] = 0.00625;
  a["promise"] = {{"accuracy", {{"mean", 0.8}, {"low", 0.7}, {"high", 0.9}, {"seeds", 1}}},
                  {"ram_bytes", 3000},
                  {"flash_bytes", 1},
                  {"macs_per_step", 1},
                  {"signature", "a"}};
  b["promise"] = a["promise"];
  b["promise"]["ram_bytes"] = 2000;
  const ScheduleDiff diff = diff_schedules(view(a), view(b));
  ASSERT_THAT(diff.layers, SizeIs(1));
  EXPECT_EQ(diff.layers[0].op, 20);
  EXPECT_THAT(diff.recipe, ::testing::ElementsAre("learning rate 0.003125 -> 0.00625"));
  EXPECT_THAT(diff.figures, ::testing::ElementsAre("RAM bytes 3,000 -> 2,000 (-1,000)"));
  EXPECT_THAT(diff_lines(diff), ::testing::Contains("+ b7.pw1 (op 20): nothing"));
  EXPECT_TRUE(diff_schedules(view(a), view(a)).same_update());
}

}  // namespace
}  // namespace thaw
