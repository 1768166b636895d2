// `thaw report` as continuous integration calls it: exit status, words, and what is left on disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reports/example_run.h"
#include "tests/support/project_folders.h"
#include "tests/tools/run_thaw.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::ExampleRun;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::read_text;
using testing::write_example;

/// The baseline of an accepted example run in a folder of the test's own.
class ReportCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::scratch_folder();
    write_example(folder_ / "accepted", {});
    const auto finished = report("accepted", {"--update-baseline", "--quiet"});
    ASSERT_EQ(finished.status, 0) << finished.err;
  }

  testing::Finished report(const std::string& run, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"report", run, "-o", "out", "--baseline", "baseline.json"};
    words.insert(words.end(), more.begin(), more.end());
    return testing::RunningThaw(words, folder_).wait();
  }

  testing::fs::path folder_;
};

TEST_F(ReportCommand, PassesTheSameRunAgain) {
  const auto finished = report("accepted", {"--require-baseline"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.out, HasSubstr("gate: passed\n"));
}

TEST_F(ReportCommand, FailsAWorseRunInEveryForm) {
  ExampleRun worse;
  worse.right = {700, 700};
  worse.ram_bytes += 2048;
  worse.channels = {0, 1, 7};
  write_example(folder_ / "worse", worse);
  const auto finished = report("worse", {"--quiet"});
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.out,
              AllOf(HasSubstr("gate: FAILED"), HasSubstr("[fail] accuracy: REGRESSION, baseline 79.50 %"),
                    HasSubstr("[fail] ram_bytes: REGRESSION, baseline 62,000 bytes"),
                    HasSubstr("+ b7.pw1 (op 20): bias + weights of 3 input channels [0, 1, 7]")));
  EXPECT_THAT(read_text(folder_ / "out/junit.xml"), AllOf(HasSubstr("failures=\"2\""), HasSubstr("+2,048")));
  EXPECT_THAT(read_text(folder_ / "out/comment.md"), HasSubstr("Regression gate: failed"));
  EXPECT_THAT(read_text(folder_ / "out/report.html"),
              HasSubstr("Regression gate: <span class=\"bad\">failed"));
  EXPECT_EQ(testing::Json::parse(read_text(folder_ / "out/report.json"))["gate"]["passed"], false);
}

TEST_F(ReportCommand, PassesARunThatMovedWithinNoise) {
  // 0.7 points lower, beyond the limit, but as many samples were won as chance would win.
  write_example(folder_ / "noise", {});
  std::string predictions = read_text(folder_ / "noise/predictions.bin");
  for (size_t seed = 1; seed <= 2; ++seed) {
    for (size_t i = 0; i < 47; ++i) predictions[1000 * seed + i] = '\0';
    for (size_t i = 900; i < 940; ++i) predictions[1000 * seed + i] = '\1';
  }
  testing::write_text(folder_ / "noise/predictions.bin", predictions);
  testing::Json schedule = testing::Json::parse(read_text(folder_ / "noise/schedule.json"));
  schedule["promise"]["accuracy"]["mean"] = 0.788;
  testing::write_text(folder_ / "noise/schedule.json", schedule.dump());
  const auto finished = report("noise");
  EXPECT_EQ(finished.status, 0) << finished.out;
  EXPECT_THAT(finished.out, AllOf(HasSubstr("accuracy: within noise"), HasSubstr("94 lost, 80 gained")));
}

TEST_F(ReportCommand, TakesAMissingBaselineAsAskedTo) {
  testing::fs::remove(folder_ / "baseline.json");
  auto finished = report("accepted");
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.out, HasSubstr("no baseline: nothing was compared"));
  finished = report("accepted", {"--require-baseline"});
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.err,
              AllOf(HasSubstr("baseline.json: there is no baseline"), HasSubstr("--update-baseline")));
}

TEST_F(ReportCommand, AcceptsAWorseRunOnlyWhenTold) {
  ExampleRun worse;
  worse.ram_bytes += 8;
  write_example(folder_ / "worse", worse);
  const std::string before = read_text(folder_ / "baseline.json");
  EXPECT_EQ(report("worse").status, 2);
  EXPECT_EQ(read_text(folder_ / "baseline.json"), before);
  EXPECT_EQ(report("worse", {"--update-baseline"}).status, 0);
  EXPECT_NE(read_text(folder_ / "baseline.json"), before);
  EXPECT_EQ(report("worse").status, 0);
}

TEST_F(ReportCommand, RequiresImprovementsToBeRecordedWhereTheGateSaysSo) {
  testing::Json rules = testing::Json::parse(
      read_text(testing::fs::path(testing::source_folder()) / "configs/gates/default.json"));
  rules["unrecorded_improvement"] = "fail";
  testing::write_text(folder_ / "strict.json", rules.dump());
  ExampleRun better;
  better.ram_bytes -= 8;
  write_example(folder_ / "better", better);
  EXPECT_EQ(report("better").status, 0);
  const auto finished = report("better", {"--gate", "strict.json"});
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.out, HasSubstr("[fail] ram_bytes: improved"));
  EXPECT_EQ(report("better", {"--gate", "strict.json", "--update-baseline"}).status, 0);
}

TEST_F(ReportCommand, NamesWhatIsWrongInADamagedRun) {
  testing::write_text(folder_ / "accepted/curve.json", "{\"schema_version\": 1, ");
  const auto finished = report("accepted");
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.err, HasSubstr("accepted/curve.json"));
  EXPECT_THAT(finished.out, IsEmpty());
}

TEST_F(ReportCommand, TellsTwoSchedulesApartInWordsAndPicture) {
  ExampleRun other;
  other.channels = {0, 1, 7};
  other.ram_bytes -= 100;
  write_example(folder_ / "other", other);
  const auto finished =
      testing::RunningThaw({"report", "diff", "accepted/schedule.json", "other/schedule.json", "-o", "diff"},
                           folder_)
          .wait();
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.out,
              AllOf(HasSubstr("- b7.pw1 (op 20): bias + weights of 4 input channels"),
                    HasSubstr("1 channels added: 7"), HasSubstr("RAM bytes 62,000 -> 61,900 (-100)")));
  EXPECT_THAT(read_text(folder_ / "diff/diff.svg"), HasSubstr("<svg"));
  EXPECT_THAT(read_text(folder_ / "diff/diff.png"), HasSubstr("PNG"));
}

}  // namespace
}  // namespace thaw
