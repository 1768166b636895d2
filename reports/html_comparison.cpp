#include "reports/html_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "reports/charts/run_charts.h"
#include "reports/class_figures.h"
#include "reports/escape.h"
#include "reports/figures.h"
#include "reports/html_figure.h"
#include "reports/html_table.h"
#include "reports/number_text.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

/// The chance that a class is taken for another, as a shade.
HtmlCell confusion_cell(double share, bool right) {
  HtmlCell cell = number_cell(share == 0.0 ? "" : fmt::format("{:.0f}", 100.0 * share), share);
  cell.html = fmt::format("<span class=\"shade{}\" style=\"--share:{:.3f}\">{}</span>", right ? " right" : "",
                          share, cell.html);
  return cell;
}

// More columns than these are no matrix that anybody reads; the table then says what each is mostly taken
// for.
constexpr size_t kMostColumns = 16;

}  // namespace

std::string outcome_words(TrialOutcome outcome) {
  if (outcome == TrialOutcome::ok) return "";
  return outcome == TrialOutcome::over_budget ? "does not fit" : outcome_name(outcome);
}

std::string comparison_html(const Comparison& comparison) {
  const MetricKind metric = comparison.rows.front().metric;
  HtmlTable table{
      fmt::format("On the {} test samples, which no decision was taken on; {} and its 95 % interval{}",
                  grouped_text(comparison.samples), metric_name(metric),
                  metric == MetricKind::accuracy ? " in %" : ""),
      {"schedule", std::string(">") + metric_name(metric), ">from", ">to", ">validation", ">seeds",
       ">RAM KiB", ">flash KiB", ">MACs/step", ">rate", ">layers", ">weights"},
      {},
      {0}};
  for (const ComparedSchedule& r : comparison.rows)
    table.rows.push_back(
        {text_cell(r.name + (r.outcome == TrialOutcome::ok ? "" : ", " + outcome_words(r.outcome))),
         metric_cell(metric, r.value), metric_cell(metric, r.low), metric_cell(metric, r.high),
         r.validation
             ? number_cell(named_metric_text(r.validation->metric, r.validation->value, metric, false),
                           r.validation->value)
             : text_cell(""),
         count_cell(static_cast<int64_t>(r.by_seed.size())), kib_cell(r.ram_bytes), kib_cell(r.flash_bytes),
         count_cell(r.macs_per_step), rate_cell(r.schedule.training.learning_rate),
         count_cell(std::ssize(r.schedule.update)), count_cell(layers_with_weights(r.schedule.update))});
  if (const auto& shipped = comparison.as_it_is)
    table.rows.push_back({text_cell("as it is, without training"), metric_cell(metric, shipped->value),
                          metric_cell(metric, shipped->low), metric_cell(metric, shipped->high),
                          text_cell(""), text_cell(""), kib_cell(shipped->ram_bytes),
                          kib_cell(shipped->flash_bytes), text_cell(""), text_cell(""), text_cell(""),
                          text_cell("")});
  return html_figure(comparison_chart(comparison), kHoverHint) +
         "<details><summary>The comparison as a table</summary>" + html_table(table) + "</details>\n";
}

std::string classes_html(const Run& run) {
  const std::vector<ClassFigures> classes = class_figures(run);
  if (classes.size() < 2) return "";
  HtmlTable table{"Of each class's test samples, in %: how many are right, and what the others are taken for",
                  {"class", ">samples", ">right", "mostly taken for"},
                  {},
                  {weakest_class(classes)}};
  const bool matrix = classes.size() <= kMostColumns;
  if (matrix)
    for (const ClassFigures& c : classes) table.header.push_back(">" + clipped(c.name, 12));
  for (size_t i = 0; i < classes.size(); ++i) {
    const ClassFigures& c = classes[i];
    const size_t other = most_confused_with(classes, i);
    std::vector<HtmlCell> row = {text_cell(clipped(c.name, 40)), count_cell(c.samples), share_cell(c.right),
                                 text_cell(c.taken_for[other] > 0.0 ? clipped(classes[other].name, 40) : "")};
    if (matrix)
      for (size_t p = 0; p < classes.size(); ++p) row.push_back(confusion_cell(c.taken_for[p], p == i));
    table.rows.push_back(std::move(row));
  }
  return html_table(table);
}

std::string runs_html(const std::vector<Run>& runs) {
  const bool accuracies = std::ranges::all_of(
      runs, [](const Run& run) { return figures_of(run).metric == MetricKind::accuracy; });
  HtmlTable table{accuracies ? "The chosen schedule of each run; accuracy in %"
                             : "The chosen schedule of each run, each by its own metric; accuracy in %",
                  {"run", accuracies ? ">accuracy" : ">metric", ">interval from", ">to", ">RAM KiB",
                   ">flash KiB", ">MACs/step"},
                  {},
                  {}};
  for (size_t i = 0; i < runs.size(); ++i) {
    const Figures f = figures_of(runs[i]);
    std::vector<HtmlCell> row = {
        {fmt::format("<a href=\"#run-{}\">{}</a>", i + 1, html_text(runs[i].name, 100)), false, 0.0, false}};
    for (const std::optional<double>& value : {f.value, f.value ? std::optional(f.low) : std::nullopt,
                                               f.value ? std::optional(f.high) : std::nullopt})
      row.push_back(value ? metric_cell(f.metric, *value) : text_cell(""));
    row.push_back(f.ram_bytes ? kib_cell(*f.ram_bytes) : text_cell(""));
    row.push_back(f.flash_bytes ? kib_cell(*f.flash_bytes) : text_cell(""));
    row.push_back(f.macs_per_step ? count_cell(*f.macs_per_step) : text_cell(""));
    table.rows.push_back(std::move(row));
  }
  const std::optional<XyChart> chart = runs_chart(runs);
  return "<section id=\"overview\"><h2>Runs</h2>\n" + html_table(table) +
         (chart ? html_figure(*chart, kHoverHint) : "") + "</section>\n";
}

}  // namespace thaw
