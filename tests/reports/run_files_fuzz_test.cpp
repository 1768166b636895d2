// Damaged result files, each for THAW_FUZZ_SECONDS (1 by default): the reader returns or throws thaw::Error,
// and what it accepts makes a page in which nothing from the file runs.
#include <gtest/gtest.h>

#include "reports/figures.h"
#include "reports/html_report.h"
#include "reports/report_json.h"
#include "tests/reports/example_run.h"
#include "tests/support/mutate.h"

namespace thaw {
namespace {

size_t scripts_in(const std::string& page) {
  size_t found = 0;
  for (size_t at = page.find("<script"); at != std::string::npos; at = page.find("<script", at + 1)) ++found;
  return found;
}

/// Every form in which a run is shown.
void show(const Run& run) {
  ASSERT_LE(scripts_in(html_report({run}, {}, nullptr)), 5U);  // three of data, the library, the page's
  report_json({run}, {}, nullptr).dump();
  benchmark_json({run}).dump();
}

class RunFilesFuzz : public ::testing::TestWithParam<const char*> {};

TEST_P(RunFilesFuzz, IsRefusedOrShown) {
  const auto folder = testing::write_example(testing::scratch_folder() / "run", {});
  const testing::Bytes good = testing::bytes_of(testing::read_text(folder / GetParam()));
  const auto count = testing::fuzz({good}, [&](std::span<const std::byte> file) {
    testing::write_text(folder / GetParam(), {reinterpret_cast<const char*>(file.data()), file.size()});
    show(read_run(folder));
  });
  EXPECT_GT(count.accepted, 0);
  EXPECT_LT(count.accepted, count.rounds);
}

INSTANTIATE_TEST_SUITE_P(Files, RunFilesFuzz,
                         ::testing::Values("schedule.json", "run.json", "curve.json", "comparison.json",
                                           "pareto.json", "trials.jsonl", "plan.json"),
                         [](const auto& one) {
                           const std::string name = one.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(BaselineFuzz, IsRefusedOrRead) {
  const auto folder = testing::scratch_folder();
  write_baseline(folder / "good.json", figures_of(read_run(testing::write_example(folder / "run", {}))));
  const auto count = testing::fuzz(
      {testing::bytes_of(testing::read_text(folder / "good.json"))}, [&](std::span<const std::byte> file) {
        testing::write_text(folder / "damaged.json",
                            {reinterpret_cast<const char*>(file.data()), file.size()});
        read_baseline(folder / "damaged.json");
      });
  EXPECT_GT(count.accepted, 0);
  EXPECT_LT(count.accepted, count.rounds);
}

}  // namespace
}  // namespace thaw
