#include "reports/report_folder.h"

#include <fmt/format.h>

#include "reports/charts/run_charts.h"
#include "reports/csv.h"
#include "reports/gate/junit.h"
#include "reports/html_report.h"
#include "reports/markdown.h"
#include "reports/report_json.h"
#include "sim/base/file.h"
#include "sim/base/json.h"
#include "sim/base/output_folder.h"

namespace thaw {

std::vector<std::string> write_report_folder(const std::filesystem::path& folder,
                                             const std::vector<Run>& runs,
                                             const std::vector<BoardLimits>& boards, const GateReport* gate) {
  open_output_folder(folder);
  std::vector<std::string> written;
  const auto write = [&](const std::string& name, const std::string& text) {
    write_file_atomically(folder / name, text);
    written.push_back(name);
  };
  write("report.html", html_report(runs, boards, gate));
  write("summary.md", markdown_report(runs, boards, gate, kStepSummaryBytes));
  write("comment.md", markdown_report(runs, boards, gate, kPullRequestCommentBytes));
  if (gate != nullptr) write("junit.xml", junit_report(*gate, runs[0].name));
  for (size_t i = 0; i < runs.size(); ++i)
    write(runs.size() == 1 ? "trials.csv" : fmt::format("trials-{}.csv", i + 1), trials_csv(runs[i]));
  write("report.json", json_text(report_json(runs, boards, gate)));
  write("benchmark.json", json_text(benchmark_json(runs)));
  open_output_folder(folder / "charts");
  for (size_t i = 0; i < runs.size(); ++i)
    for (const Chart& chart : run_charts(runs[i])) {
      const std::string name = "charts/" + chart.name + (runs.size() == 1 ? "" : fmt::format("-{}", i + 1));
      write(name + ".svg", standalone_svg(chart));
      if (can_draw_png()) write(name + ".png", chart_png(chart));
    }
  return written;
}

}  // namespace thaw
