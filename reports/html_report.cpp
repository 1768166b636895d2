#include "reports/html_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/answer.h"
#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/html_table.h"
#include "reports/number_text.h"
#include "reports/page_assets.h"
#include "sim/base/interval.h"

namespace thaw {
namespace {

constexpr size_t kMostTableBytes = 1'500'000;

HtmlCell kib_cell(int64_t bytes) {
  return number_cell(kib_text(bytes), static_cast<double>(bytes));
}
HtmlCell share_cell(double share) {
  return number_cell(fmt::format("{:.2f}", 100.0 * share), share);
}
HtmlCell count_cell(int64_t count) {
  return number_cell(grouped_text(count), static_cast<double>(count));
}

HtmlCell layers_cell(const std::vector<UpdatedLayer>& update) {
  return count_cell(static_cast<int64_t>(update.size()));
}
HtmlCell weights_cell(const std::vector<UpdatedLayer>& update) {
  return count_cell(layers_with_weights(update));
}

/// A chart with its description in words below it. `data` is for the page's script, or empty.
std::string figure(const Chart& chart, const std::string& more, const std::string& data = "") {
  return fmt::format(
      "<figure class=\"chart-{}\"><div class=\"scroll still\">{}</div>{}<figcaption>{}. "
      "{}</figcaption></figure>\n",
      chart.name, inline_svg(chart), data, html_text(chart.description, 1000), more);
}

/// The picture for paper and for a page without script; the chart library draws over it from the same
/// numbers.
std::string interactive(const XyChart& chart, const std::string& more) {
  std::string json;  // a name in it cannot end the element it stands in
  for (char c : xy_json(chart).dump()) json += c == '<' ? "\\u003c" : std::string(1, c);
  return figure(xy_picture(chart, false), more,
                "<script type=\"application/json\" class=\"chart-data\">" + json + "</script>");
}

constexpr const char* kHover =
    "<span class=\"screen\">Point at a mark, or move to the picture with Tab and use the arrow keys, to see "
    "what it is.</span>";

std::string boards_html(const Answer& answer) {
  if (answer.boards.empty()) return "";
  std::string text = "<h3>Boards</h3><ul class=\"boards\">\n";
  for (const BoardFit& fit : answer.boards) {
    const std::string verdict =
        fit.fits()
            ? "<span class=\"good\">✓ fits</span>"
            : fmt::format("<span class=\"bad\">✗ too small</span>: {} bytes of RAM, {} of flash in excess",
                          grouped_text(fit.ram_excess), grouped_text(fit.flash_excess));
    text += fmt::format("<li title=\"{}\">{} {}</li>\n", html_text(fit.board.description),
                        html_text(fit.board.name, 60), verdict);
  }
  return text + "</ul>\n";
}

std::string answer_html(const Run& run, const Answer& answer) {
  std::string text = fmt::format("<p class=\"update\"><strong>Flash this schedule: {}</strong> ({})</p>\n",
                                 html_text(answer.schedule_file, 120), html_text(answer.summary));
  if (answer.figures.empty()) text += "<p class=\"soft\">The schedule carries no measured figures.</p>\n";
  text += "<dl class=\"cards\">\n";
  for (const AnswerFigure& f : answer.figures)
    text += fmt::format("<div><dt>{}</dt><dd class=\"value\">{}</dd><dd class=\"detail\">{}</dd></div>\n",
                        html_text(f.name), html_text(f.value), html_text(f.detail));
  text += "</dl>\n";
  for (const std::string& warning : answer.warnings)
    text += "<p class=\"warn\">" + html_text(warning, 400) + ".</p>\n";
  if (!answer.choice.empty()) text += "<p>Chosen because " + html_text(answer.choice, 400) + ".</p>\n";
  if (!answer.verdict.empty()) text += "<p>" + html_text(answer.verdict, 600) + "</p>\n";
  text += fmt::format("<p class=\"soft\">What is updated: {}.</p>\n", html_text(answer.schedule, 1200));
  if (!answer.device.empty())
    text += fmt::format("<p class=\"{}\">{}.</p>\n", run.device->same_bits ? "good" : "bad",
                        html_text(answer.device));
  if (run.facts)
    text += fmt::format("<p class=\"soft\">{} on {}{}</p>\n", html_text(run.schedule.model_file, 80),
                        html_text(run.facts->data_name, 80),
                        run.facts->board.empty() ? "" : ", searched for " + html_text(run.facts->board, 80));
  return text + boards_html(answer);
}

std::string gate_html(const GateReport& gate) {
  const char* verdict = gate.level() == Level::fail   ? "<span class=\"bad\">failed</span>"
                        : gate.level() == Level::warn ? "<span class=\"warn\">passed with warnings</span>"
                                                      : "<span class=\"good\">passed</span>";
  std::string text = fmt::format("<section id=\"gate\"><h2>Regression gate: {}</h2>\n", verdict);
  if (!gate.has_baseline) text += "<p>No baseline: nothing was compared with an earlier run.</p>\n";
  HtmlTable table{"Metrics against the baseline",
                  {"metric", "verdict", "baseline", "now", "change", "limit", "noise"},
                  {},
                  {}};
  for (const MetricVerdict& v : gate.metrics) {
    if (v.status == GateStatus::not_measured) continue;
    HtmlCell status = text_cell(status_words(v.status));
    if (v.level != Level::info)
      status.html = fmt::format("<span class=\"{}\">{} ({})</span>", v.level == Level::fail ? "bad" : "warn",
                                status.html, level_name(v.level));
    table.rows.push_back({text_cell(metric_key(v.metric)), status, text_cell(v.before), text_cell(v.now),
                          text_cell(v.change), text_cell(v.limit), wide_cell(v.reason)});
  }
  if (!table.rows.empty()) text += html_table(table);
  text += "<ul>\n";
  for (const BudgetVerdict& b : gate.budgets)
    text +=
        fmt::format("<li class=\"{}\">{}</li>\n", b.excess() > 0 ? "bad" : "soft", html_text(budget_text(b)));
  for (const std::string& note : gate.notes) text += "<li>" + html_text(note) + "</li>\n";
  text += "</ul>\n";
  if (!gate.schedule_changes.empty()) {
    text += "<h3>Schedule lines that changed</h3><pre>";
    for (const std::string& line : gate.schedule_changes)
      text += fmt::format("<span class=\"{}\">{}</span>\n",
                          line.starts_with('+')   ? "plus"
                          : line.starts_with('-') ? "minus"
                                                  : "soft",
                          html_text(line, 400));
    text += "</pre>\n";
  }
  return text + "</section>\n";
}

std::string outcome_words(const std::string& outcome) {
  return outcome == "ok" ? "" : outcome == "over_budget" ? "does not fit" : outcome;
}

std::string comparison_html(const Comparison& comparison) {
  HtmlTable table{fmt::format("On the {} test samples, which no decision was taken on; accuracy and its 95 % "
                              "interval in %",
                              grouped_text(comparison.samples)),
                  {"schedule", ">accuracy", ">from", ">to", ">validation", ">seeds", ">RAM KiB", ">flash KiB",
                   ">MACs/step", ">rate", ">layers", ">weights"},
                  {},
                  {0}};
  for (const ComparedSchedule& r : comparison.rows)
    table.rows.push_back({text_cell(r.name + (r.outcome == "ok" ? "" : ", " + outcome_words(r.outcome))),
                          share_cell(r.accuracy), share_cell(r.low), share_cell(r.high),
                          r.validation_accuracy ? share_cell(*r.validation_accuracy) : text_cell(""),
                          count_cell(static_cast<int64_t>(r.by_seed.size())), kib_cell(r.ram_bytes),
                          kib_cell(r.flash_bytes), count_cell(r.macs_per_step),
                          number_cell(fmt::format("{:.3g}", r.learning_rate), r.learning_rate),
                          layers_cell(r.update), weights_cell(r.update)});
  if (const auto& shipped = comparison.as_it_is)
    table.rows.push_back({text_cell("as it is, without training"), share_cell(shipped->accuracy),
                          share_cell(shipped->low), share_cell(shipped->high), text_cell(""), text_cell(""),
                          kib_cell(shipped->ram_bytes), kib_cell(shipped->flash_bytes), text_cell(""),
                          text_cell(""), text_cell(""), text_cell("")});
  return "<h3>Compared with what needs no search</h3>\n" + html_table(table);
}

std::string curve_html(const FreezingCurve& curve) {
  HtmlTable table{"Steps of the freezing curve; accuracy on validation, in %",
                  {">step", "frozen", ">accuracy", ">RAM KiB", ">MACs/step", ">layers", ">weights", ""},
                  {},
                  {}};
  if (curve.chosen) table.marked.push_back(*curve.chosen);
  for (size_t i = 0; i < curve.points.size(); ++i) {
    const CurvePoint& p = curve.points[i];
    table.rows.push_back({count_cell(static_cast<int64_t>(i)), text_cell(p.frozen), share_cell(p.accuracy),
                          kib_cell(p.ram_bytes), count_cell(p.macs_per_step), layers_cell(p.update),
                          weights_cell(p.update),
                          text_cell(i == curve.chosen ? "chosen"
                                    : p.holds         ? ""
                                                      : "below the threshold")});
  }
  return "<h3>Freezing curve</h3>\n" +
         interactive(freezing_curve_chart(curve),
                     "Stopped: " + html_text(curve.stop_reason, 400) + ". " + kHover) +
         "<details><summary>The curve as a table</summary>" + html_table(table) + "</details>\n";
}

std::string contributions_html(const std::vector<LayerContribution>& layers) {
  HtmlTable table{"Layers: what their weights add",
                  {"layer", ">RAM KiB", ">MACs/step", ">takes off the loss, nats", ">+- (95 %)", "verdict"},
                  {},
                  {}};
  for (const LayerContribution& l : layers)
    table.rows.push_back({text_cell(l.layer), kib_cell(l.ram_bytes), count_cell(l.macs_per_step),
                          number_cell(fmt::format("{:.4f}", l.nats), l.nats),
                          number_cell(fmt::format("{:.4f}", kStandardErrors95 * l.error), l.error),
                          text_cell(l.verdict)});
  return "<h3>Layers</h3>\n" + figure(contribution_chart(layers), kHover) +
         "<details><summary>The layers as a table</summary>" + html_table(table) + "</details>\n";
}

std::string layers_html(const Run& run) {
  if (!run.contributions.empty()) return contributions_html(run.contributions);
  const std::vector<LayerEffect> effects = layer_effects(run);
  if (effects.empty() || run.trials.empty()) return "";
  HtmlTable table{"Layers: what freezing the weights saves and costs",
                  {"layer", "the chosen schedule updates", ">RAM saved KiB", ">accuracy lost, points"},
                  {},
                  {}};
  for (const LayerEffect& e : effects)
    table.rows.push_back({text_cell(e.layer), text_cell(e.update.empty() ? "frozen" : e.update),
                          e.bytes_saved ? kib_cell(*e.bytes_saved) : text_cell("not looked at"),
                          e.accuracy_lost
                              ? number_cell(fmt::format("{:.2f}", 100.0 * *e.accuracy_lost), *e.accuracy_lost)
                              : text_cell("")});
  return "<h3>Layers</h3>\n" + figure(layer_chart(effects), kHover) +
         "<details><summary>The layers as a table</summary>" + html_table(table) + "</details>\n";
}

std::string trials_html(const Run& run) {
  HtmlTable table{fmt::format("All {} trials; accuracy in %", run.trials.size()),
                  {">trial", "role", "fidelity", "on", "outcome", ">accuracy", ">RAM KiB", ">flash KiB",
                   ">MACs/step", ">rate", "what is updated"},
                  {},
                  {}};
  for (const TrialEntry& t : run.trials) {
    if (std::find(run.pareto_trials.begin(), run.pareto_trials.end(), t.trial) != run.pareto_trials.end())
      table.marked.push_back(table.rows.size());
    table.rows.push_back({count_cell(t.trial), text_cell(t.role), text_cell(t.fidelity),
                          text_cell(t.measured_on), text_cell(outcome_words(t.outcome)),
                          share_cell(t.accuracy), kib_cell(t.ram_bytes), kib_cell(t.flash_bytes),
                          count_cell(t.macs_per_step),
                          number_cell(fmt::format("{:.3g}", t.learning_rate), t.learning_rate),
                          wide_cell(schedule_words(t.update, 8))});
  }
  return "<h3>Every trial</h3>\n" + interactive(pareto_chart(run), kHover) +
         "<details><summary>The trials as a table (those of the Pareto front are set apart)</summary>" +
         html_table(table, kMostTableBytes) + "</details>\n";
}

std::string training_html(const std::vector<TrainingCurve>& curves) {
  HtmlTable table{"Epochs; accuracy in %", {">seed", ">epoch", ">loss", ">training", ">test"}, {}, {}};
  for (const TrainingCurve& curve : curves)
    for (const EpochPoint& p : curve.epochs)
      table.rows.push_back({count_cell(curve.seed), count_cell(p.epoch),
                            number_cell(fmt::format("{:.4f}", p.loss), p.loss), share_cell(p.train_accuracy),
                            p.test_accuracy ? share_cell(*p.test_accuracy) : text_cell("")});
  return "<h3>Training curves</h3>\n" + interactive(training_chart(curves), kHover) +
         "<details><summary>The epochs as a table</summary>" + html_table(table) + "</details>\n";
}

std::string provenance_html(const Run& run) {
  HtmlTable table{"Where these figures come from", {"what", "value"}, {}, {}};
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) table.rows.push_back({text_cell(name), {html_text(value, 1000), false, 0.0, true}});
  };
  add("model", run.schedule.model_file);
  add("model SHA-256", run.schedule.model_sha256);
  add("arithmetic", run.schedule.arithmetic);
  add("training", fmt::format("learning rate {:.6g}, {} epochs, seed {}", run.schedule.learning_rate,
                              run.schedule.epochs, run.schedule.seed));
  if (run.schedule.promise) add("signature", run.schedule.promise->signature);
  if (run.facts) {
    std::string command;
    for (const std::string& word : run.facts->command) command += (command.empty() ? "" : " ") + word;
    add("thaw", run.facts->thaw);
    add("command", command);
    add("strategy", run.facts->strategy);
    add("board", run.facts->board);
    for (const auto& [name, value] : run.facts->data) add("data: " + name, value);
    for (const auto& [name, value] : run.facts->machine) add("machine: " + name, value);
    if (run.facts->seconds) add("duration", seconds_text(*run.facts->seconds));
  }
  if (run.device) add("device", answer_of(run, {}).device);
  for (const std::string& note : run.notes) add("note", note);
  return "<h3>Provenance</h3>\n" + html_table(table);
}

std::string run_html(const Run& run, size_t number, bool alone, const std::vector<BoardLimits>& boards) {
  std::string text = fmt::format("<section id=\"run-{}\"><h2>{}</h2>\n", number,
                                 html_text(alone ? "The answer" : run.name, 100));
  text += answer_html(run, answer_of(run, boards));
  if (run.comparison) text += comparison_html(*run.comparison);
  if (run.curve) text += curve_html(*run.curve);
  if (!run.trials.empty()) text += trials_html(run);
  text += layers_html(run);
  if (run.arena) text += "<h3>Arena map</h3>\n" + figure(arena_chart(*run.arena), kHover);
  if (!training_curves(run).empty()) text += training_html(training_curves(run));
  return text + provenance_html(run) + "</section>\n";
}

/// Several runs: their answers side by side.
std::string overview_html(const std::vector<Run>& runs) {
  HtmlTable table{"The chosen schedule of each run; accuracy in %",
                  {"run", ">accuracy", ">interval from", ">to", ">RAM KiB", ">flash KiB", ">MACs/step"},
                  {},
                  {}};
  for (size_t i = 0; i < runs.size(); ++i) {
    const Figures f = figures_of(runs[i]);
    std::vector<HtmlCell> row = {
        {fmt::format("<a href=\"#run-{}\">{}</a>", i + 1, html_text(runs[i].name, 100)), false, 0.0, false}};
    for (const std::optional<double>& share : {f.accuracy, f.accuracy ? std::optional(f.low) : std::nullopt,
                                               f.accuracy ? std::optional(f.high) : std::nullopt})
      row.push_back(share ? share_cell(*share) : text_cell(""));
    row.push_back(f.ram_bytes ? kib_cell(*f.ram_bytes) : text_cell(""));
    row.push_back(f.flash_bytes ? kib_cell(*f.flash_bytes) : text_cell(""));
    row.push_back(f.macs_per_step ? count_cell(*f.macs_per_step) : text_cell(""));
    table.rows.push_back(std::move(row));
  }
  return "<section id=\"overview\"><h2>Runs</h2>\n" + html_table(table) + "</section>\n";
}

}  // namespace

std::string html_report(const std::vector<Run>& runs, const std::vector<BoardLimits>& boards,
                        const GateReport* gate) {
  std::string body;
  if (runs.size() > 1) body += overview_html(runs);
  // A failed gate is the news; a passed one follows the answer.
  const bool gate_first = gate != nullptr && gate->level() != Level::info;
  if (gate_first) body += gate_html(*gate);
  for (size_t i = 0; i < runs.size(); ++i) {
    body += run_html(runs[i], i + 1, runs.size() == 1, boards);
    if (i == 0 && gate != nullptr && !gate_first) body += gate_html(*gate);
  }
  const std::string title = "Thaw: " + html_text(runs[0].name, 80) + (runs.size() > 1 ? " and others" : "");
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src "
      "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  html += title + "</title>\n<style>\n";
  html += page_style();
  html += chart_style();
  html += "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the answer</a>\n<header><h1>" +
          title + "</h1></header>\n<main id=\"main\">\n" + body +
          "</main>\n<footer><p class=\"soft\">Made by thaw report; the page needs no network.</p></footer>\n"
          "<div id=\"tip\" hidden></div>\n<div id=\"said\" role=\"status\"></div>\n<script>\n";
  html += chart_library();
  html += "</script>\n<script>\n";
  html += page_script();
  return html + "</script>\n</body>\n</html>\n";
}

}  // namespace thaw
