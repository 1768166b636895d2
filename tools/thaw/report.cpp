// `thaw report RUN... -o DIR`: pictures, tables and a regression gate from result files;
// `thaw report diff A B`: what separates two schedules.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memmodel/board.h"
#include "reports/charts/run_charts.h"
#include "reports/gate/gate.h"
#include "reports/report_folder.h"
#include "reports/report_json.h"
#include "reports/schedule_diff.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/output_folder.h"
#include "sim/plan/schedule_json.h"
#include "tools/thaw/command.h"
#include "tools/thaw/common_options.h"
#include "tools/thaw/config_file.h"
#include "tools/thaw/json_output.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {
namespace {

namespace fs = std::filesystem;

struct Options : CommonOptions {
  std::vector<std::string> runs;
  std::string baseline, gate, boards;
  bool require_baseline = false, update_baseline = false;
  std::string before, after;  // of diff
};

std::vector<BoardLimits> known_boards(const Options& options) {
  std::vector<BoardLimits> boards;
  for (const Board& board :
       read_boards(options.boards.empty() ? config_file("boards", "--boards") : fs::path(options.boards)))
    boards.push_back({board.name, board.description, board.ram_bytes, board.flash_bytes, board.clock_hz,
                      board.cycles_per_instruction});
  return by_ram(std::move(boards));
}

/// Judges the first run; nothing where the user asked for no gate.
std::optional<GateReport> judge_first(const Options& options, const Run& run,
                                      const std::vector<BoardLimits>& boards) {
  if (options.baseline.empty() && (options.require_baseline || options.update_baseline))
    throw Error("--baseline", "no baseline file was named", "Add --baseline FILE");
  if (options.baseline.empty() && options.gate.empty()) return std::nullopt;
  const GateRules rules = read_gate_rules(options.gate.empty() ? config_file("gates/default.json", "--gate")
                                                               : fs::path(options.gate));
  const Figures now = figures_of(run);
  if (options.baseline.empty() || !fs::exists(options.baseline)) {
    if (options.require_baseline)
      throw Error(options.baseline, "there is no baseline",
                  "Write one with --update-baseline, or leave out --require-baseline");
    return judge(now, nullptr, rules, boards);
  }
  const Figures before = read_baseline(options.baseline);
  return judge(now, &before, rules, boards);
}

void say_that_there_are_no_pngs(const Options& options) {
  if (!can_draw_png() && !options.quiet)
    print_remark(
        "note: charts are SVG only: for PNG install librsvg (Debian: librsvg2-2, fonts-dejavu-core)\n");
}

/// What was just accepted as the new baseline does not fail the build; a budget still does.
bool stops_build(const GateReport& gate, bool updated) {
  if (!updated) return !gate.passed();
  for (const BudgetVerdict& b : gate.budgets)
    if (b.level == Level::fail) return true;
  return false;
}

int report(const Options& options) {
  if (options.runs.empty()) throw CLI::RequiredError("RUN");
  std::vector<Run> runs;
  for (const std::string& folder : options.runs) runs.push_back(read_run(folder));
  const std::vector<BoardLimits> boards = known_boards(options);
  const std::optional<GateReport> gate = judge_first(options, runs[0], boards);
  const GateReport* judged = gate ? &*gate : nullptr;
  const fs::path folder = options.output.empty() ? fs::path(options.runs[0]) / "report" : options.output;
  const std::vector<std::string> written = write_report_folder(folder, runs, boards, judged);
  say_that_there_are_no_pngs(options);
  if (options.update_baseline) {
    open_output_folder(fs::path(options.baseline).parent_path());
    write_baseline(options.baseline, figures_of(runs[0]));
  }
  if (options.json) {
    print_document(report_json(runs, boards, judged));
  } else if (!options.quiet) {
    fmt::print("{}: {}\n", folder.string(), fmt::join(written, ", "));
    if (options.update_baseline) fmt::print("{}: new baseline\n", options.baseline);
  }
  // What stops a build is said even with --quiet.
  const bool stops = gate && stops_build(*gate, options.update_baseline);
  if (gate && (stops || !options.quiet)) fmt::print(options.json ? stderr : stdout, "{}", gate_text(*gate));
  return stops ? kGateFailed : kDone;
}

int diff(const Options& options) {
  const Schedule before = read_schedule_file(options.before);
  const Schedule after = read_schedule_file(options.after);
  const ScheduleDiff found = diff_schedules(before, after);
  const std::vector<std::string> lines = diff_lines(found);
  if (!options.output.empty()) {
    open_output_folder(options.output);
    const Chart picture = diff_chart(before, after);
    write_file_atomically(fs::path(options.output) / "diff.svg", standalone_svg(picture));
    if (can_draw_png()) write_file_atomically(fs::path(options.output) / "diff.png", chart_png(picture));
    say_that_there_are_no_pngs(options);
  }
  if (options.json) {
    print_document({{"schema_version", 1},
                    {"before", options.before},
                    {"after", options.after},
                    {"same_update", found.same_update()},
                    {"changes", lines},
                    {"figures", found.figures}});
    return kDone;
  }
  if (options.quiet) return kDone;
  fmt::print("--- {}\n+++ {}\n", options.before, options.after);
  if (found.same_update()) fmt::print("the same layers, channels and recipe\n");
  for (const std::string& line : lines) fmt::print("{}\n", line);
  for (const std::string& line : found.figures) fmt::print("= {}\n", line);
  return kDone;
}

void add_diff(CLI::App& parent, Options& options) {
  CLI::App* app =
      parent.add_subcommand("diff", "Tell two schedules apart: tensors, channels, recipe, figures");
  app->add_option("A", options.before, "Schedule before (schedule.json)")->required();
  app->add_option("B", options.after, "Schedule after")->required();
  add_common_options(*app, options, {Flag::json, Flag::quiet, Flag::output});
  app->footer(
      "With -o DIR the picture too: diff.svg, diff.png.\n"
      "Examples:\n"
      "  thaw report diff configs/schedules/reference/biases.json "
      "configs/schedules/reference/last-blocks.json\n"
      "  thaw report diff runs/demo/schedule.json runs/fashion/schedule.json -o runs/diff");
}

}  // namespace

Command add_report(CLI::App& root) {
  auto options = std::make_shared<Options>();
  CLI::App* app =
      root.add_subcommand("report", "Show runs as pages and tables, and gate them against a baseline");
  app->add_option("RUN", options->runs, "Run directories, as 'thaw search' and 'thaw train' write them");
  app->add_option("--baseline", options->baseline, "Figures of an accepted run to compare the first RUN with")
      ->type_name("FILE");
  app->add_option("--gate", options->gate, "Limits (default: configs/gates/default.json)")->type_name("FILE");
  app->add_flag("--require-baseline", options->require_baseline, "A missing baseline is an error");
  app->add_flag("--update-baseline", options->update_baseline,
                "Accept the first RUN: write its figures to --baseline");
  app->add_option("--boards", options->boards, "Folder of boards (default: configs/boards)")
      ->type_name("DIR");
  add_common_options(*app, *options, {Flag::json, Flag::quiet, Flag::output});
  add_diff(*app, *options);
  app->footer(
      "Exit status: 0 passed, 2 a gate failed, 1 bad input.\n"
      "Examples:\n"
      "  thaw report runs/demo -o runs/demo/report\n"
      "  thaw report diff configs/schedules/reference/last-layer.json "
      "configs/schedules/reference/last-blocks.json");
  return {app, [options, app] { return app->got_subcommand("diff") ? diff(*options) : report(*options); }};
}

}  // namespace thaw::cli
