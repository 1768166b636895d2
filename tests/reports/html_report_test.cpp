// The page: numbers equal the files, nothing from a file can run or break it, and it stays small.
#include "reports/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/report_folder.h"
#include "tests/reports/example_run.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::ExampleRun;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<BoardLimits> kBoards = {{"tiny-32k", "small", 32768, 131072},
                                          {"cortex-m4-192k", "large", 196608, 1048576}};

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

std::string page_of(const ExampleRun& example) {
  return html_report({read_run(testing::write_example(testing::scratch_folder() / "demo", example))}, kBoards,
                     nullptr);
}

TEST(HtmlReport, SaysTheAnswerFirst) {
  const std::string page = page_of({});
  const size_t answer = page.find("Flash this schedule:");
  ASSERT_NE(answer, std::string::npos);
  EXPECT_LT(answer, page.find("<table"));
  EXPECT_LT(answer, page.find("<svg"));
  EXPECT_THAT(page, AllOf(HasSubstr("79.50 %"), HasSubstr("95 % interval 77.50 % to 81.50 %"),
                          HasSubstr("60.5 KiB"), HasSubstr("62,000 bytes: arena 50,000"),
                          HasSubstr("3,000,000 MACs"), HasSubstr("9.50 points above the last layer only"),
                          HasSubstr("29,232 bytes of RAM, 68,928 of flash in excess")));
  for (const char* chart : {"freezing-curve", "pareto", "layers", "arena"})
    EXPECT_THAT(page, HasSubstr(std::string("<figure class=\"chart-") + chart));
}

TEST(HtmlReport, NeedsNoNetwork) {
  const std::string page = page_of({});
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* way : {"<link", "src=", "@import", "url(", "fetch(", "XMLHttpRequest"})
    EXPECT_THAT(page, Not(HasSubstr(way)));
}

TEST(HtmlReport, EscapesNamesFromFiles) {
  ExampleRun hostile;
  hostile.layer_name = "</script><script>alert(1)</script><img onerror=\"x\" 'y'>";
  hostile.signature = "\"><script>alert(2)</script>";
  hostile.board = "<b onload=alert(3)>";
  const std::string page = page_of(hostile);
  const size_t of_the_page = count(page_of({}), "<script");
  EXPECT_EQ(count(page, "<script"), of_the_page);
  EXPECT_EQ(count(page, "</script"), of_the_page);
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<img")), Not(HasSubstr("<b onload")), HasSubstr("&lt;/script&gt;")));
}

TEST(HtmlReport, HoldsTwoThousandTrialsInFiveMegabytes) {
  ExampleRun large;
  large.trials = 2000;
  const std::string page = page_of(large);
  EXPECT_LT(page.size(), size_t{5} << 20);
  EXPECT_THAT(page, HasSubstr("All 2000 trials"));
  EXPECT_GE(count(page, "class=\"mark "), 2000U);
}

TEST(HtmlReport, StaysSmallWithHugeNames) {
  ExampleRun hostile;
  hostile.layer_name = std::string(1 << 16, '&');
  hostile.trials = 60;
  EXPECT_LT(page_of(hostile).size(), size_t{5} << 20);
}

TEST(ReportFolder, HoldsEveryForm) {
  const auto folder = testing::scratch_folder();
  const thaw::Run run = read_run(testing::write_example(folder / "demo", {}));
  const GateReport gate = judge(figures_of(run), nullptr, GateRules{}, kBoards);
  const auto written = write_report_folder(folder / "out", {run}, kBoards, &gate);
  for (const char* name :
       {"report.html", "summary.md", "comment.md", "junit.xml", "trials.csv", "report.json", "benchmark.json",
        "charts/freezing-curve.svg", "charts/pareto.svg", "charts/layers.svg", "charts/arena.svg"}) {
    EXPECT_THAT(written, ::testing::Contains(name));
    EXPECT_GT(std::filesystem::file_size(folder / "out" / name), 0U) << name;
  }
  const auto json = nlohmann::json::parse(testing::read_text(folder / "out/report.json"));
  EXPECT_EQ(json["runs"][0]["figures"]["ram_bytes"], 62000);
  EXPECT_DOUBLE_EQ(json["runs"][0]["figures"]["accuracy"]["mean"], 0.795);
  const auto benchmark = nlohmann::json::parse(testing::read_text(folder / "out/benchmark.json"));
  EXPECT_EQ(benchmark[1]["name"], "demo: RAM");
  EXPECT_EQ(benchmark[1]["value"], 62000);
  EXPECT_NEAR(benchmark[0]["value"].get<double>(), 20.5, 1e-9);
}

TEST(ReportFolder, ShowsTrainingCurvesAndSeveralRuns) {
  const auto folder = testing::scratch_folder();
  const auto search = testing::write_example(folder / "search", {});
  testing::Json schedule = testing::example_schedule({});
  testing::write_text(folder / "train/seed-1/schedule.json", schedule.dump());
  testing::Json epochs = testing::Json::array();
  for (int e = 1; e <= 3; ++e)
    epochs.push_back({{"epoch", e},
                      {"loss", 1.0 / e},
                      {"train_accuracy", 0.5 + 0.1 * e},
                      {"test_accuracy", 0.4 + 0.1 * e}});
  testing::Json seed = {{"seed", 1},        {"outcome", "ok"},   {"steps", 12},
                        {"epochs", epochs}, {"signature", "77"}, {"seconds", 2.5}};
  testing::Json run = nlohmann::ordered_json::parse(testing::read_text(search / "run.json"));
  run["kind"] = "train";
  run["schedule"] = {{"file", "schedule.json"}, {"layers", 3}};
  run["arithmetic"] = "int8";
  run["batch"] = 1;
  run["task"] = "classify";
  run["durations"] = {{"prepare_seconds", 0.5}};
  run["seeds"] = testing::Json::array({seed});
  run["accuracy"] = {{"mean", 0.7}, {"low", 0.68}, {"high", 0.72}, {"seeds", 1}};
  testing::write_text(folder / "train/run.json", run.dump());
  const std::string page = html_report({read_run(search), read_run(folder / "train")}, kBoards, nullptr);
  EXPECT_THAT(page, AllOf(HasSubstr("chart-training"), HasSubstr("70.00 %"), HasSubstr("href=\"#run-2\"")));
}

}  // namespace
}  // namespace thaw
