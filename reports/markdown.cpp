#include "reports/markdown.h"

#include <fmt/format.h>

#include "reports/answer.h"
#include "reports/escape.h"
#include "reports/number_text.h"

namespace thaw {
namespace {

std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) text += " " + cell + " |";
  return text + "\n";
}

std::string answer_section(const Run& run, const std::vector<BoardLimits>& boards) {
  const Answer answer = answer_of(run, boards);
  std::string text = "## Thaw: " + markdown_text(run.name) + "\n\n**Flash " +
                     markdown_text(answer.schedule_file) + "** (" + markdown_text(answer.summary) +
                     "). Updated: " + markdown_text(answer.schedule, 1000) + "\n\n";
  for (const std::string& warning : answer.warnings)
    text += "**Warning: " + markdown_text(warning, 400) + "**\n\n";
  if (!answer.choice.empty()) text += "Chosen because " + markdown_text(answer.choice, 400) + ".\n\n";
  if (!answer.verdict.empty()) text += markdown_text(answer.verdict) + "\n\n";
  if (!answer.device.empty()) text += markdown_text(answer.device) + "\n\n";
  if (!answer.figures.empty()) {
    text += row({"", "", ""}) + row({"---", "---:", "---"});
    for (const AnswerFigure& f : answer.figures)
      text += row({f.name, "**" + f.value + "**", markdown_text(f.detail)});
    text += "\n";
  }
  std::string fits, too_small;
  for (const BoardFit& fit : answer.boards)
    if (fit.fits())
      fits += (fits.empty() ? "" : ", ") + markdown_text(fit.board.name, 60);
    else
      too_small +=
          (too_small.empty() ? "" : ", ") +
          fmt::format("{} ({} bytes of RAM, {} of flash in excess)", markdown_text(fit.board.name, 60),
                      grouped_text(fit.ram_excess), grouped_text(fit.flash_excess));
  if (!fits.empty()) text += "Fits: " + fits + "\n\n";
  if (!too_small.empty()) text += "Too small: " + too_small + "\n\n";
  return text;
}

std::string gate_section(const GateReport& gate) {
  std::string text = gate.level() == Level::fail   ? "### Regression gate: failed\n\n"
                     : gate.level() == Level::warn ? "### Regression gate: passed with warnings\n\n"
                                                   : "### Regression gate: passed\n\n";
  if (!gate.has_baseline) text += "No baseline: nothing was compared with an earlier run.\n\n";
  if (!gate.metrics.empty()) {
    text += row({"metric", "verdict", "baseline", "now", "change", "limit"}) +
            row({"---", "---", "---:", "---:", "---:", "---:"});
    for (const MetricVerdict& v : gate.metrics)
      if (v.status != GateStatus::not_measured)
        text += row(
            {markdown_text(metric_key(v.metric)),
             v.level == Level::info ? status_words(v.status)
                                    : fmt::format("**{}** ({})", status_words(v.status), level_name(v.level)),
             markdown_text(v.before), markdown_text(v.now), markdown_text(v.change), markdown_text(v.limit)});
    text += "\n";
    for (const MetricVerdict& v : gate.metrics)
      if (!v.reason.empty())
        text += "- " + markdown_text(std::string(metric_key(v.metric)) + ": " + v.reason) + "\n";
  }
  for (const BudgetVerdict& b : gate.budgets) text += "- " + markdown_text(budget_text(b)) + "\n";
  for (const std::string& note : gate.notes) text += "- note: " + markdown_text(note) + "\n";
  text += "\n";
  if (!gate.schedule_changes.empty()) {
    text += "The schedule changed:\n\n";
    for (const std::string& line : gate.schedule_changes) text += "- " + markdown_text(line, 400) + "\n";
    text += "\n";
  }
  return text;
}

std::string comparison_section(const Run& run) {
  if (!run.comparison) return "";
  std::string text =
      fmt::format("### Compared on {} test samples\n\n", grouped_text(run.comparison->samples)) +
      row({"schedule", metric_name(run.comparison->rows[0].metric), "95 % interval", "validation", "seeds",
           "RAM KiB", "flash KiB", "MACs/step"}) +
      row({"---", "---:", "---:", "---:", "---:", "---:", "---:", "---:"});
  for (const ComparedSchedule& r : run.comparison->rows)
    text += row({markdown_text(r.name),
                 r.outcome == TrialOutcome::diverged ? "diverged" : metric_text(r.metric, r.value),
                 metric_text(r.metric, r.low) + " to " + metric_text(r.metric, r.high),
                 r.validation ? named_metric_text(r.validation->metric, r.validation->value, r.metric) : "",
                 std::to_string(r.by_seed.size()), kib_text(r.ram_bytes), kib_text(r.flash_bytes),
                 grouped_text(r.macs_per_step)});
  if (const auto& shipped = run.comparison->as_it_is)
    text += row(
        {"as it is", metric_text(shipped->metric, shipped->value),
         metric_text(shipped->metric, shipped->low) + " to " + metric_text(shipped->metric, shipped->high),
         "", "", kib_text(shipped->ram_bytes), kib_text(shipped->flash_bytes), ""});
  return text + "\n";
}

std::string curve_section(const Run& run) {
  if (!run.curve) return "";
  std::string text = "### Freezing curve (validation)\n\n" +
                     row({"frozen", metric_name(metric_of(run)), "RAM KiB", ""}) +
                     row({"---", "---:", "---:", "---"});
  for (size_t i = 0; i < run.curve->points.size(); ++i) {
    const CurvePoint& p = run.curve->points[i];
    text += row({markdown_text(p.frozen), metric_text(p.metric, p.value), kib_text(p.ram_bytes),
                 i == run.curve->chosen ? "**chosen**"
                 : p.holds              ? ""
                                        : "below the threshold"});
  }
  return text + "\nStopped: " + markdown_text(run.curve->stop_reason, 400) + ".\n\n";
}

std::string trials_section(const Run& run) {
  if (run.trials.empty()) return "";
  std::string text =
      fmt::format("### All {} trials\n\n", run.trials.size()) +
      row({"trial", "role", "fidelity", "on", "outcome", metric_name(metric_of(run)), "RAM KiB"}) +
      row({"---:", "---", "---", "---", "---", "---:", "---:"});
  for (const TrialEntry& t : run.trials)
    text += row({std::to_string(t.trial), markdown_text(t.request.role),
                 markdown_text(t.request.fidelity.name, 40), measured_on_name(t.request.measured_on),
                 markdown_text(outcome_name(t.outcome)), named_metric_text(t.metric, t.value, metric_of(run)),
                 kib_text(t.ram_bytes)});
  return text + "\n";
}

std::string provenance_section(const Run& run) {
  std::string text = "### Provenance\n\n";
  text += "- model " + markdown_text(run.schedule.model_file) + ", SHA-256 " +
          markdown_text(run.schedule.model_sha256) + "\n";
  if (run.facts) {
    std::string command;
    for (const std::string& word : run.facts->command) command += (command.empty() ? "" : " ") + word;
    text += "- data " + markdown_text(run.facts->data.name) + ", SHA-256 " +
            markdown_text(run.facts->data.sha256) + "\n- thaw " + markdown_text(run.facts->thaw) + ": " +
            markdown_text(command, 1000) + "\n";
    if (const auto seconds = search_seconds(run)) text += "- " + seconds_text(*seconds) + "\n";
  }
  for (const std::string& note : run.notes) text += "- note: " + markdown_text(note) + "\n";
  return text + "\n";
}

}  // namespace

std::string markdown_report(const std::vector<Run>& runs, const std::vector<BoardLimits>& boards,
                            const GateReport* gate, size_t most_bytes) {
  std::string text;
  for (const Run& run : runs) text += answer_section(run, boards);
  if (gate != nullptr) text += gate_section(*gate);
  for (const Run& run : runs) text += comparison_section(run) + curve_section(run) + provenance_section(run);
  for (const Run& run : runs) text += trials_section(run);
  if (text.size() <= most_bytes) return text;
  const std::string notice = "\n*Cut here: the whole report does not fit. See report.html.*\n";
  if (most_bytes <= notice.size()) return "";
  const size_t end = text.rfind('\n', most_bytes - notice.size() - 1);
  return text.substr(0, end == std::string::npos ? 0 : end + 1) + notice;
}

}  // namespace thaw
