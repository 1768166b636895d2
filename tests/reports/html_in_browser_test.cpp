// The page in headless Chromium: no console error, its numbers are those of the files, it sorts and speaks,
// fits a phone, and nothing that a hostile file says runs. Screenshots are left in the build folder, to be
// looked at.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "reports/html_report.h"
#include "tests/reports/browser.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

using testing::ExampleRun;
using ::testing::HasSubstr;
using testing::Json;
using testing::open_page;
using testing::Opened;

const std::vector<BoardLimits> kBoards = {{"tiny-32k", "small", 32768, 131072},
                                          {"cortex-m4-192k", "large", 196608, 1048576}};

// What a reader sees: the cards, the rows of every table (numbers where cells carry them) and the points that
// the chart library holds.
constexpr const char* kRead = R"(
  const cell = (c) => c.dataset.v === undefined ? c.textContent : Number(c.dataset.v);
  return {
    cards: Object.fromEntries([...document.querySelectorAll(".cards div")].map(
      (d) => [d.querySelector("dt").textContent, [...d.querySelectorAll("dd")].map((x) => x.textContent)])),
    tables: [...document.querySelectorAll("table")].map((t) => [...t.tBodies[0].rows].map((r) => [...r.cells].map(cell))),
    charts: [...document.querySelectorAll("canvas")].map((c) => Chart.getChart(c).data.datasets.flatMap(
      (d) => d.data.filter((p) => p.text).map((p) => [p.x, p.y, p.text]))),
    ready: performance.now(), overflow: document.documentElement.scrollWidth - innerWidth, harmed: window.harmed === true,
    dark: getComputedStyle(document.body).backgroundColor,
  };)";

class HtmlInBrowser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::has_browser()) GTEST_SKIP() << "chromium is not installed: the page was not opened";
  }

  /// The page of a run, in the test's scratch folder.
  testing::fs::path page_of(const ExampleRun& example) {
    folder_ = testing::scratch_folder();
    const thaw::Run run = read_run(testing::write_example(folder_ / "demo", example));
    testing::write_text(folder_ / "report.html", html_report({run}, kBoards, nullptr));
    return folder_ / "report.html";
  }

  testing::fs::path folder_;
};

/// The table whose rows have this many cells and that has this many rows.
Json table_of(const Json& tables, size_t rows, size_t cells) {
  for (const Json& table : tables)
    if (table.size() == rows && table[0].size() == cells) return table;
  ADD_FAILURE() << "no table of " << rows << " rows with " << cells << " cells";
  return Json::array();
}

TEST_F(HtmlInBrowser, NoticesAConsoleError) {
  const Opened opened = open_page(page_of({}), "console.error('planted'); return 1;");
  EXPECT_THAT(opened.console, HasSubstr("planted"));
  EXPECT_THAT(
      open_page(folder_ / "report.html", "setTimeout(() => { throw Error('thrown'); }); return 1;").console,
      HasSubstr("thrown"));
}

TEST_F(HtmlInBrowser, ShowsTheNumbersOfTheFiles) {
  const Opened opened = open_page(page_of({}), kRead);
  EXPECT_EQ(opened.console, "");
  EXPECT_EQ(opened.probe["cards"]["RAM"][0], "60.5 KiB");
  EXPECT_THAT(opened.probe["cards"]["RAM"][1].get<std::string>(), HasSubstr("62,000 bytes"));
  EXPECT_EQ(opened.probe["cards"]["Accuracy"][0], "79.50 %");

  const Json comparison = Json::parse(testing::read_text(folder_ / "demo/comparison.json"))["rows"];
  const Json shown = table_of(opened.probe["tables"], comparison.size(), 12);
  for (size_t i = 0; i < shown.size(); ++i) {
    EXPECT_EQ(shown[i][0], comparison[i]["name"]);
    EXPECT_EQ(shown[i][1], comparison[i]["accuracy"]);
    EXPECT_EQ(shown[i][2], comparison[i]["interval"]["low"]);
    EXPECT_EQ(shown[i][6], comparison[i]["ram_bytes"]);
    EXPECT_EQ(shown[i][8], comparison[i]["macs_per_step"]);
  }

  std::istringstream lines(testing::read_text(folder_ / "demo/trials.jsonl"));
  const Json trials = table_of(opened.probe["tables"], 12, 11);
  std::vector<double> drawn;
  for (const Json& point : opened.probe["charts"][1]) drawn.push_back(point[0].get<double>() * 1024.0);
  size_t row = 0;
  for (std::string line; std::getline(lines, line); ++row) {
    const Json trial = Json::parse(line);
    EXPECT_EQ(trials[row][0], trial["number"]);
    EXPECT_EQ(trials[row][5], trial["accuracy"]);
    EXPECT_EQ(trials[row][6], trial["ram_bytes"]);
    EXPECT_THAT(drawn, ::testing::Contains(::testing::DoubleEq(trial["ram_bytes"].get<double>())));
  }
  EXPECT_EQ(row, 12U);
  EXPECT_EQ(drawn.size(), 12U);
}

/// The text of what matches, where it ends within one and a half screens of a laptop; else nothing.
constexpr const char* kFirstLook = R"(
  const early = (selector) => {
    const element = document.querySelector(selector);
    return element && element.getBoundingClientRect().bottom <= 1350 ? element.textContent : "";
  };
  const marks = [...document.querySelectorAll(".chart-comparison svg .line")].map((line) => line.getAttribute("d"));
  return {
    baseline: early("p.baseline"), before: early("p.before"), classes: early("p.classes"), costs: early("p.costs"),
    next: early("pre.next"), cards: early(".cards"), bars: early(".chart-comparison figcaption") ? marks : [],
    axis: [...document.querySelectorAll(".chart-comparison svg text.soft")].map((t) => t.textContent),
    links: [...document.querySelectorAll("nav a")].map((a) => document.querySelector(a.getAttribute("href")) !== null),
    linked: early("nav").length > 0,
    colour: getComputedStyle(document.querySelector("p.update")).borderLeftColor,
    good: getComputedStyle(document.querySelector("p.good, .good")).color,
  };)";

TEST_F(HtmlInBrowser, AnswersWhatAReaderAsksOnTheFirstScreenAndAHalf) {
  const std::vector<BoardLimits> boards = {{"cortex-m4-192k", "large", 196608, 1048576, 80'000'000}};
  const auto look = [&](const ExampleRun& example) {
    folder_ = testing::scratch_folder();
    testing::write_example(folder_ / "demo", example);
    testing::write_text(folder_ / "demo/device.json", Json{{"schema_version", 1},
                                                           {"board", "mps2-an386"},
                                                           {"bits", "identical"},
                                                           {"training_steps", 200},
                                                           {"instructions_per_training_step", 4'000'000}}
                                                          .dump());
    testing::write_text(folder_ / "report.html", html_report({read_run(folder_ / "demo")}, boards, nullptr));
    return open_page(folder_ / "report.html", kFirstLook, "--window-size=1280,900").probe;
  };
  const Json seen = look({});
  const auto text = [&](const char* key) { return seen[key].get<std::string>(); };
  EXPECT_THAT(text("baseline"), HasSubstr("last layer only with 70.00 %")) << "which baseline is best";
  EXPECT_THAT(text("baseline"), HasSubstr("a real difference")) << "is the difference real";
  EXPECT_THAT(text("before"), HasSubstr("50.00 %")) << "before training";
  EXPECT_EQ(seen["bars"].size(), 2U) << "intervals";
  EXPECT_EQ(seen["axis"].front(), "0") << "the axis does not exaggerate";
  EXPECT_EQ(seen["axis"].back(), "100 %");
  EXPECT_THAT(text("classes"),
              HasSubstr("shoe, 79.50 % of its 1,000 samples right, 20.50 % taken for shirt"));
  EXPECT_THAT(text("cards"), HasSubstr("50.0 ms on cortex-m4-192k at 80 MHz, estimated"));
  EXPECT_THAT(text("costs"), HasSubstr("need the most RAM")) << "what layers cost";
  EXPECT_THAT(text("next"), HasSubstr("thaw generate")) << "what to do next";
  EXPECT_TRUE(seen["linked"]) << "where the rest is";
  EXPECT_GE(seen["links"].size(), 6U);
  for (const Json& link : seen["links"]) EXPECT_TRUE(link);
  EXPECT_EQ(seen["colour"], seen["good"]);

  ExampleRun uncertain;
  uncertain.last_layer_less = -0.01;
  const Json unsure = look(uncertain);
  EXPECT_THAT(unsure["baseline"].get<std::string>(), HasSubstr("not surely a difference"));
  EXPECT_NE(unsure["colour"], unsure["good"]);
  ExampleRun beaten;
  beaten.last_layer_less = 0.05;
  const Json worse = look(beaten);
  EXPECT_THAT(worse["baseline"].get<std::string>(), HasSubstr("5.00 points worse"));
  EXPECT_NE(worse["colour"], worse["good"]);
}

TEST_F(HtmlInBrowser, DrawsTheFrontsOfSeveralRunsOnTheSameAxes) {
  folder_ = testing::scratch_folder();
  const thaw::Run one = read_run(testing::write_example(folder_ / "one", {}));
  const thaw::Run two = read_run(testing::write_example(folder_ / "two", {}));
  testing::write_text(folder_ / "report.html", html_report({one, two}, kBoards, nullptr));
  const Opened opened = open_page(folder_ / "report.html", R"(
    const chart = Chart.getChart(document.querySelector(".chart-runs canvas"));
    return {names: chart.data.datasets.map((d) => d.label), low: chart.scales.y.min, high: chart.scales.y.max};)");
  EXPECT_EQ(opened.console, "");
  EXPECT_THAT(opened.probe["names"].get<std::vector<std::string>>(), ::testing::ElementsAre("one", "two"));
  EXPECT_EQ(opened.probe["low"], 0);
  EXPECT_EQ(opened.probe["high"], 100);
}

TEST_F(HtmlInBrowser, SortsTablesAndSpeaksAtTheKeyboard) {
  const Opened opened = open_page(page_of({}), R"(
    const table = [...document.querySelectorAll("table")].find((t) => t.tBodies[0].rows.length === 12);
    const button = table.tHead.rows[0].cells[5].querySelector("button");
    const column = () => [...table.tBodies[0].rows].map((r) => Number(r.cells[5].dataset.v));
    button.click();
    const up = column();
    button.click();
    const said = () => document.getElementById("said").textContent;
    const canvas = document.querySelectorAll("canvas")[1];
    canvas.focus();
    canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
    const first = said();
    canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
    const bars = document.querySelector(".chart-layers svg");
    const second = said();
    bars.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
    return {up, down: column(), sort: table.tHead.rows[0].cells[5].getAttribute("aria-sort"), first, second,
            bar: said(), named: [...document.querySelectorAll("canvas")].every((c) => c.getAttribute("aria-label")),
            shown: Chart.getChart(canvas).tooltip.opacity};)");
  EXPECT_EQ(opened.console, "");
  const auto up = opened.probe["up"].get<std::vector<double>>(),
             down = opened.probe["down"].get<std::vector<double>>();
  EXPECT_EQ(up.size(), 12U);
  EXPECT_TRUE(std::is_sorted(up.begin(), up.end()));
  EXPECT_TRUE(std::is_sorted(down.rbegin(), down.rend()));
  EXPECT_NE(up.front(), up.back());
  EXPECT_EQ(opened.probe["sort"], "descending");
  EXPECT_THAT(opened.probe["first"].get<std::string>(), HasSubstr("trial "));
  EXPECT_THAT(opened.probe["second"].get<std::string>(), HasSubstr("trial "));
  EXPECT_NE(opened.probe["first"], opened.probe["second"]);
  EXPECT_THAT(opened.probe["bar"].get<std::string>(), HasSubstr("b7.pw1"));
  EXPECT_EQ(opened.probe["named"], true);
  EXPECT_EQ(opened.probe["shown"], 1);
}

TEST_F(HtmlInBrowser, FitsAPhoneAndLeavesScreenshots) {
  const testing::fs::path page = page_of({});
  EXPECT_LE(open_page(page, kRead, "--window-size=390,844").probe["overflow"], 0);
  const std::string dark = "--blink-settings=preferredColorScheme=0";
  EXPECT_NE(open_page(page, kRead, dark).probe["dark"], open_page(page, kRead).probe["dark"]);
  const testing::fs::path shots = testing::fs::path(testing::build_folder()) / "report-screenshots";
  testing::fs::create_directories(shots);
  std::string messages;
  for (const auto& [name, flags] : std::vector<std::pair<std::string, std::string>>{
           {"desktop.png", "--window-size=1280,3200 --screenshot="},
           {"phone.png", "--window-size=390,3200 --screenshot="},
           {"dark.png", "--window-size=1280,3200 " + dark + " --screenshot="},
           {"print.pdf", "--no-pdf-header-footer --print-to-pdf="}}) {
    testing::fs::remove(shots / name);
    testing::run_browser(page, flags + "'" + (shots / name).string() + "'", messages);
    EXPECT_TRUE(testing::fs::exists(shots / name)) << messages;
  }
}

TEST_F(HtmlInBrowser, RunsNothingFromHostileFiles) {
  ExampleRun hostile;
  const std::string attack =
      "</script><script>window.harmed=true</script><img src=x onerror=window.harmed=true>";
  hostile.layer_name = hostile.signature = hostile.board = attack;
  const Opened opened = open_page(page_of(hostile), kRead);
  EXPECT_EQ(opened.console, "");
  EXPECT_EQ(opened.probe["harmed"], false);
  EXPECT_THAT(opened.probe["charts"][0][0][2].get<std::string>(), HasSubstr("</script>"));
}

TEST_F(HtmlInBrowser, OpensTwoThousandTrials) {
  ExampleRun large;
  large.trials = 2000;
  const testing::fs::path page = page_of(large);
  const Opened opened = open_page(page, kRead);
  EXPECT_EQ(opened.console, "");
  EXPECT_EQ(opened.probe["charts"][1].size(), 2000U);
  EXPECT_EQ(table_of(opened.probe["tables"], 2000, 11).size(), 2000U);
  EXPECT_LT(testing::fs::file_size(page), size_t{5} << 20);
  std::printf("2,000 trials: %.2f MB, open and drawn after %.0f ms\n",
              static_cast<double>(testing::fs::file_size(page)) / 1e6, opened.probe["ready"].get<double>());
}

}  // namespace
}  // namespace thaw
