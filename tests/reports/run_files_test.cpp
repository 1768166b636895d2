// Hostile and damaged result files: a clear error that names file and field, never a crash.
#include "reports/run_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/figures.h"
#include "reports/gate/gate_rules.h"
#include "reports/html_report.h"
#include "sim/base/error.h"
#include "tests/reports/example_run.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;

struct Damage {
  const char* name;
  const char* file;
  const char* from;  // replaced once; "" cuts the file in half
  const char* to;
  const char* words;
};

class DamagedRun : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedRun, IsRefusedByName) {
  const Damage& damage = GetParam();
  const auto folder = testing::write_example(testing::scratch_folder(), {});
  std::string text = testing::read_text(folder / damage.file);
  const std::string from = damage.from;
  if (from.empty()) {
    text.resize(text.size() / 2);
  } else {
    ASSERT_NE(text.find(from), std::string::npos);
    text.replace(text.find(from), from.size(), damage.to);
  }
  testing::write_text(folder / damage.file, text);
  EXPECT_THAT(error_of([&] { read_run(folder); }), AllOf(HasSubstr(damage.file), HasSubstr(damage.words)));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, DamagedRun,
    ::testing::Values(
        Damage{"CutSchedule", "schedule.json", "", "", "byte"},
        Damage{"CutTrials", "trials.jsonl", "", "", "line"},
        Damage{"NewerVersion", "curve.json", "\"schema_version\": 1", "\"schema_version\": 2",
               "schema_version"},
        Damage{"NotANumber", "comparison.json", "\"ram_bytes\": 62000", "\"ram_bytes\": NaN", "byte"},
        Damage{"Beyond", "comparison.json", "\"ram_bytes\": 62000", "\"ram_bytes\": 1e999",
               "comparison.json"},
        Damage{"Negative", "schedule.json", "\"ram_bytes\": 62000", "\"ram_bytes\": -1", "promise.ram_bytes"},
        Damage{"ShareAboveOne", "curve.json", "\"reference_accuracy\": 0.81", "\"reference_accuracy\": 81",
               "reference_accuracy"},
        Damage{"ChosenOutside", "curve.json", "\"chosen\": 1", "\"chosen\": 3", "chosen"},
        Damage{"Text", "plan.json", "\"peak_bytes\": 49984", "\"peak_bytes\": \"many\"", "layout.peak_bytes"},
        Damage{"NoWork", "plan.json", "\"macs_per_step\"", "\"macs\"", "totals"},
        Damage{"LifeOutside", "plan.json", "\"last_step\": 2", "\"last_step\": 200", "last_step"},
        Damage{"Offset", "comparison.json", "\"offset\": 2000", "\"offset\": 9223372036854775807", "offset"},
        Damage{"NoTrialRole", "trials.jsonl", "\"role\"", "\"part\"", "role"},
        Damage{"Command", "run.json", "\"search\",", "7,", "command"},
        Damage{"Kind", "run.json", "\"kind\": \"search\"", "\"kind\": \"other\"", "kind"},
        Damage{"UnknownMetric", "curve.json", "\"accuracy\"", "\"metric\": \"luck\", \"accuracy\"",
               "metric"}),
    [](const auto& one) { return one.param.name; });

TEST(RunFiles, NamesTheBytesThatPredictionsLack) {
  const auto folder = testing::write_example(testing::scratch_folder(), {});
  testing::write_text(folder / "predictions.bin", "short");
  EXPECT_THAT(error_of([&] { read_run(folder); }),
              AllOf(HasSubstr("comparison.json: labels_offset"), HasSubstr("it has 5 bytes")));
}

TEST(RunFiles, ReadsAnAnswerThatIsNotOnTheCurve) {
  const auto folder = testing::write_example(testing::scratch_folder(), {});
  std::string curve = testing::read_text(folder / "curve.json");
  const std::string chosen = "\"chosen\": 1";
  ASSERT_NE(curve.find(chosen), std::string::npos);
  curve.replace(curve.find(chosen), chosen.size(), "\"chosen\": null");
  testing::write_text(folder / "curve.json", curve);
  const thaw::Run run = read_run(folder);
  ASSERT_TRUE(run.curve);
  EXPECT_FALSE(run.curve->chosen);
  EXPECT_THAT(html_report({run}, {}, nullptr), HasSubstr("</html>"));
}

TEST(RunFiles, NotesWhatIsMissing) {
  const auto folder = testing::write_example(testing::scratch_folder(), {});
  for (const char* name :
       {"curve.json", "pareto.json", "comparison.json", "trials.jsonl", "plan.json", "run.json"})
    std::filesystem::remove(folder / name);
  const thaw::Run run = read_run(folder);
  EXPECT_EQ(run.notes.size(), 6U);
  std::filesystem::remove(folder / "schedule.json");
  EXPECT_THAT(error_of([&] { read_run(folder); }), HasSubstr("there is no schedule.json"));
  EXPECT_THAT(error_of([&] { read_run(folder / "nowhere"); }), HasSubstr("is not a folder"));
}

TEST(GateRules, RefusesWhatItDoesNotKnow) {
  const auto folder = testing::scratch_folder();
  const auto refuse = [&](const std::string& metrics) {
    testing::write_text(folder / "gate.json", "{\"schema_version\": 1, \"metrics\": [" + metrics + "]}");
    return error_of([&] { read_gate_rules(folder / "gate.json"); });
  };
  EXPECT_THAT(refuse(R"({"metric": "speed", "better": "lower", "level": "fail"})"),
              HasSubstr("metrics[0].metric"));
  EXPECT_THAT(refuse(R"({"metric": "signature", "better": "lower", "level": "fail"})"),
              HasSubstr("goes with"));
  EXPECT_THAT(
      refuse(R"({"metric": "ram_bytes", "better": "lower", "noise": {"rule": "paired"}, "level": "fail"})"),
      HasSubstr("only accuracy"));
  EXPECT_THAT(refuse(R"({"metric": "ram_bytes", "better": "lower", "limits": {}, "level": "fail"})"),
              HasSubstr("limits"));
  const std::string ram = R"({"metric": "ram_bytes", "better": "lower", "level": "fail"})";
  EXPECT_THAT(refuse(ram + "," + ram), HasSubstr("has a rule already"));
}

TEST(GateRules, RefusesWhatWouldPassEveryRun) {
  const auto folder = testing::scratch_folder();
  const auto refuse = [&](const std::string& members) {
    testing::write_text(folder / "gate.json", "{\"schema_version\": 1, " + members + "}");
    return error_of([&] { read_gate_rules(folder / "gate.json"); });
  };
  const std::string place = (folder / "gate.json").string() + ": ";
  EXPECT_THAT(refuse(R"("metrics": [])"), HasSubstr(place + "metrics: is empty: such a gate would pass"));
  EXPECT_THAT(refuse(R"("metrics": [], "budgets": [])"), HasSubstr("metrics: is empty"));
  EXPECT_THAT(refuse(R"("budgets": [])"), HasSubstr("metrics"));
  const auto metric = [&](const std::string& name, const std::string& rest) {
    return refuse(R"("metrics": [{"metric": ")" + name + R"(", "level": "fail", )" + rest + "}]");
  };
  EXPECT_THAT(metric("accuracy", R"("better": "lower")"),
              HasSubstr(place + "metrics[0].better: is \"lower\", but of accuracy \"higher\" is better"));
  for (const char* name :
       {"ram_bytes", "flash_bytes", "macs_per_step", "instructions_per_step", "search_seconds"})
    EXPECT_THAT(metric(name, R"("better": "higher")"),
                HasSubstr(std::string("but of ") + name + " \"lower\" is better"));
  EXPECT_THAT(metric("accuracy", R"("better": "same")"), HasSubstr("goes with"));
  for (const char* limit : {R"({"absolute": -1})", R"({"percent": -0.5})", R"({"absolute": 101})",
                            R"({"percent": 100.5})", R"({"absolute": "1"})"})
    EXPECT_THAT(metric("accuracy", R"("better": "higher", "limit": )" + std::string(limit)),
                HasSubstr("metrics[0].limit."))
        << limit;
  for (const char* p : {"0", "-0.1", "1.5"})
    EXPECT_THAT(metric("accuracy", R"("better": "higher", "noise": {"rule": "paired", "significance": )" +
                                       std::string(p) + "}"),
                HasSubstr("metrics[0].noise.significance"))
        << p;
  const std::string ram = R"("metrics": [{"metric": "ram_bytes", "better": "lower", "level": "fail"}], )";
  const auto budget = [](const std::string& bytes) {
    return R"({"metric": "ram_bytes", "level": "fail", "available": )" + bytes + "}";
  };
  EXPECT_THAT(refuse(ram + R"("budgets": [)" + budget("1") + "," + budget("2") + "]"),
              HasSubstr("budgets[1].metric: this metric has a budget already"));
  EXPECT_THAT(refuse(ram + R"("budgets": [)" + budget("-1") + "]"), HasSubstr("budgets[0].available"));
  EXPECT_THAT(refuse(ram + R"("budgets": [)" + budget("\"192KB\"") + "]"), HasSubstr("budgets[0].available"));
}

TEST(GateRules, ReadsABudgetInEveryWayThatABoardWritesItsSizes) {
  const auto folder = testing::scratch_folder();
  for (const char* size : {"196608", "\"192K\"", "\"192 KiB\"", "\"196608\""}) {
    testing::write_text(
        folder / "gate.json",
        R"({"schema_version": 1, "metrics": [{"metric": "ram_bytes", "better": "lower", "level": "fail"}],
            "budgets": [{"metric": "ram_bytes", "level": "fail", "available": )" +
            std::string(size) + "}]}");
    EXPECT_EQ(read_gate_rules(folder / "gate.json").budgets.at(0).available, 196608) << size;
  }
}

TEST(Baseline, RefusesDamage) {
  const auto folder = testing::scratch_folder();
  const Figures figures = figures_of(read_run(testing::write_example(folder / "run", {})));
  write_baseline(folder / "baseline.json", figures);
  const std::string good = testing::read_text(folder / "baseline.json");
  const auto refuse = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    testing::write_text(folder / "damaged.json", text);
    return error_of([&] { read_baseline(folder / "damaged.json"); });
  };
  EXPECT_THAT(refuse("\"schema_version\": 1", "\"schema_version\": 2"), HasSubstr("schema_version"));
  EXPECT_THAT(refuse("\"samples\": \"ff", "\"samples\": \"f"),
              HasSubstr("250 lower-case hexadecimal digits"));
  EXPECT_THAT(refuse("\"board\"", "\"bord\""), HasSubstr("bord"));
}

}  // namespace
}  // namespace thaw
