#include "reports/html_report.h"

#include <fmt/format.h>

#include "reports/answer.h"
#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/html_comparison.h"
#include "reports/html_figure.h"
#include "reports/html_table.h"
#include "reports/number_text.h"
#include "reports/page_assets.h"
#include "reports/schedule_words.h"
#include "sim/base/interval.h"

namespace thaw {
namespace {

constexpr size_t kMostTableBytes = 1'500'000;

HtmlCell layers_cell(const std::vector<LayerUpdate>& update) {
  return count_cell(static_cast<int64_t>(update.size()));
}
HtmlCell weights_cell(const std::vector<LayerUpdate>& update) {
  return count_cell(layers_with_weights(update));
}

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

std::string sentence(const std::string& css_class, const std::string& text) {
  return text.empty() ? "" : fmt::format("<p class=\"{}\">{}</p>\n", css_class, html_text(text, 600));
}

/// What a reader wants in the first ten seconds. Green only where the answer is surely better than what needs
/// no search.
std::string answer_html(const Run& run, const Answer& answer) {
  const bool unsure = run.comparison && !answer.surely_better;
  std::string text =
      fmt::format("<p class=\"update{}\"><strong>Flash this schedule: {}</strong> ({})</p>\n",
                  unsure ? " unsure" : "", html_text(answer.schedule_file, 120), html_text(answer.summary));
  if (answer.figures.empty()) text += "<p class=\"soft\">The schedule carries no measured figures.</p>\n";
  text += "<dl class=\"cards\">\n";
  for (const AnswerFigure& f : answer.figures)
    text += fmt::format("<div><dt>{}</dt><dd class=\"value\">{}</dd><dd class=\"detail\">{}</dd></div>\n",
                        html_text(f.name), html_text(f.value), html_text(f.detail));
  text += "</dl>\n";
  for (const std::string& warning : answer.warnings) text += sentence("warn", warning + ".");
  text += sentence(unsure ? "baseline warn" : "baseline good", answer.best_baseline);
  text += sentence("before", answer.before);
  if (!answer.choice.empty()) text += sentence("choice", "Chosen because " + answer.choice + ".");
  text += sentence("verdict", answer.verdict);
  text += sentence("classes", answer.classes);
  text += sentence("costs", answer.costs);
  if (!answer.next.empty()) {
    text += "<p>Next:</p><pre class=\"next\">";
    for (const std::string& command : answer.next) text += html_text(command, 400) + "\n";
    text += "</pre>\n";
  }
  return text;
}

std::string details_html(const Run& run, const Answer& answer) {
  std::string text = sentence("soft", "What is updated: " + answer.schedule + ".");
  if (!answer.device.empty()) text += sentence(run.device->same_bits ? "good" : "bad", answer.device + ".");
  if (run.facts)
    text += fmt::format(
        "<p class=\"soft\">{} on {}{}</p>\n", html_text(run.schedule.model_file, 80),
        html_text(run.facts->data.name, 80),
        searched_board(run).empty() ? "" : ", searched for " + html_text(searched_board(run), 80));
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

std::string curve_html(const FreezingCurve& curve) {
  const MetricKind metric = curve.points.front().metric;
  HtmlTable table{fmt::format("Steps of the freezing curve; {} on validation{}", metric_name(metric),
                              metric == MetricKind::accuracy ? ", in %" : ""),
                  {">step", "frozen", std::string(">") + metric_name(metric), ">RAM KiB", ">MACs/step",
                   ">layers", ">weights", ""},
                  {},
                  {}};
  if (curve.chosen) table.marked.push_back(*curve.chosen);
  for (size_t i = 0; i < curve.points.size(); ++i) {
    const CurvePoint& p = curve.points[i];
    table.rows.push_back({count_cell(static_cast<int64_t>(i)), text_cell(p.frozen),
                          metric_cell(metric, p.value), kib_cell(p.ram_bytes), count_cell(p.macs_per_step),
                          layers_cell(p.schedule.update), weights_cell(p.schedule.update),
                          text_cell(i == curve.chosen ? "chosen"
                                    : p.holds         ? ""
                                                      : "below the threshold")});
  }
  return html_figure(freezing_curve_chart(curve),
                     "Stopped: " + html_text(curve.stop_reason, 400) + ". " + kHoverHint) +
         "<details><summary>The curve as a table</summary>" + html_table(table) + "</details>\n";
}

std::string contributions_html(const Run& run) {
  HtmlTable table{"Layers: what their weights add",
                  {"layer", ">RAM KiB", ">MACs/step", ">takes off the loss, nats", ">+- (95 %)", "verdict"},
                  {},
                  {}};
  for (const LayerContribution& l : run.contributions)
    table.rows.push_back(
        {text_cell(l.layer), kib_cell(l.ram_bytes), count_cell(l.macs_per_step),
         number_cell(fmt::format("{:.4f}", l.whole().nats), l.whole().nats),
         number_cell(fmt::format("{:.4f}", kStandardErrors95 * l.whole().error), l.whole().error),
         text_cell(l.verdict)});
  return html_figure(contribution_chart(run), kHoverHint) +
         "<details><summary>The layers as a table</summary>" + html_table(table) + "</details>\n";
}

std::string layers_html(const Run& run) {
  if (!run.contributions.empty()) return contributions_html(run);
  const std::vector<LayerEffect> effects = layer_effects(run);
  if (effects.empty() || run.trials.empty()) return "";
  HtmlTable table{
      "Layers: what freezing the weights saves and costs",
      {"layer", "the chosen schedule updates", ">RAM saved KiB", ">" + lost_words(metric_of(run))},
      {},
      {}};
  for (const LayerEffect& e : effects)
    table.rows.push_back({text_cell(e.layer), text_cell(e.update.empty() ? "frozen" : e.update),
                          e.bytes_saved ? kib_cell(*e.bytes_saved) : text_cell("not looked at"),
                          e.lost ? metric_cell(metric_of(run), *e.lost) : text_cell("")});
  return html_figure(layer_chart(effects, metric_of(run)), kHoverHint) +
         "<details><summary>The layers as a table</summary>" + html_table(table) + "</details>\n";
}

std::string trials_html(const Run& run) {
  const MetricKind metric = metric_of(run);
  HtmlTable table{fmt::format("All {} trials; {}{}", run.trials.size(), metric_name(metric),
                              metric == MetricKind::accuracy ? " in %" : ""),
                  {">trial", "role", "fidelity", "on", "outcome", std::string(">") + metric_name(metric),
                   ">RAM KiB", ">flash KiB", ">MACs/step", ">rate", "what is updated"},
                  {},
                  {}};
  for (const TrialEntry& t : run.trials) {
    if (on_front(run, t.trial)) table.marked.push_back(table.rows.size());
    table.rows.push_back(
        {count_cell(t.trial), text_cell(t.request.role), text_cell(t.request.fidelity.name),
         text_cell(measured_on_name(t.request.measured_on)), text_cell(outcome_words(t.outcome)),
         number_cell(named_metric_text(t.metric, t.value, metric, false), t.value), kib_cell(t.ram_bytes),
         kib_cell(t.flash_bytes), count_cell(t.macs_per_step), rate_cell(t.schedule.training.learning_rate),
         wide_cell(schedule_words(t.schedule.update, 8))});
  }
  return html_figure(pareto_chart(run), kHoverHint) +
         "<details><summary>The trials as a table (those of the Pareto front are set apart)</summary>" +
         html_table(table, kMostTableBytes) + "</details>\n";
}

HtmlCell epoch_cell(const std::optional<double>& value, bool is_accuracy) {
  if (!value) return text_cell("");
  return metric_cell(is_accuracy ? MetricKind::accuracy : MetricKind::mean_squared_error, *value);
}

std::string training_html(const std::vector<TrainingCurve>& curves) {
  const bool classifies = shows_accuracy(curves);
  HtmlTable table{classifies ? "Epochs; accuracy in %" : "Epochs; mean squared error",
                  {">seed", ">epoch", ">loss", ">training", ">test"},
                  {},
                  {}};
  for (const TrainingCurve& curve : curves)
    for (const EpochReport& p : curve.epochs)
      table.rows.push_back({count_cell(curve.seed), count_cell(p.epoch),
                            number_cell(fmt::format("{:.4f}", p.loss), p.loss),
                            epoch_cell(classifies ? p.train_accuracy : p.loss, classifies),
                            epoch_cell(classifies ? p.test_accuracy : p.test_loss, classifies)});
  return html_figure(training_chart(curves), kHoverHint) +
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
  add("training", fmt::format("learning rate {:.6g}, {} epochs, seed {}", run.schedule.training.learning_rate,
                              run.schedule.training.epochs, run.schedule.training.seed));
  if (run.schedule.promise) add("signature", run.schedule.promise->signature);
  if (run.facts) {
    std::string command;
    for (const std::string& word : run.facts->command) command += (command.empty() ? "" : " ") + word;
    add("thaw", run.facts->thaw);
    add("command", command);
    if (run.facts->search) add("strategy", run.facts->search->strategy);
    add("board", searched_board(run));
    const RunData& data = run.facts->data;
    add("data: format", data.format);
    add("data: name", data.name);
    add("data: sha256", data.sha256);
    add("data: test_samples", std::to_string(data.test_samples));
    add("data: train_samples", std::to_string(data.train_samples));
    const RunMachine& machine = run.facts->machine;
    add("machine: build", machine.build);
    add("machine: compiler", machine.compiler);
    add("machine: cores", std::to_string(machine.cores));
    add("machine: processor", machine.processor);
    add("machine: system", machine.system);
    if (run.facts->search) add("duration", seconds_text(run.facts->search->seconds));
  }
  if (run.device) add("device", answer_of(run, {}).device);
  for (const std::string& note : run.notes) add("note", note);
  return html_table(table);
}

/// One part of a run's section: a heading that can be linked to.
struct Part {
  std::string id, heading, html;
};

std::vector<Part> parts_of(const Run& run, const Answer& answer) {
  std::vector<Part> parts;
  const auto add = [&](const char* id, const char* heading, const std::string& html) {
    if (!html.empty()) parts.push_back({id, heading, html});
  };
  if (run.comparison)
    add("comparison", "Compared with what needs no search", comparison_html(*run.comparison));
  add("classes", "Classes", classes_html(run));
  add("details", "What is updated, and where it fits", details_html(run, answer));
  if (run.curve) add("curve", "Freezing curve", curve_html(*run.curve));
  if (!run.trials.empty()) add("trials", "Every trial", trials_html(run));
  add("layers", "Layers", layers_html(run));
  if (run.arena) add("arena", "Arena map", html_figure(arena_chart(*run.arena), kHoverHint));
  if (!training_curves(run).empty()) add("training", "Training curves", training_html(training_curves(run)));
  add("provenance", "Provenance", provenance_html(run));
  return parts;
}

std::string run_html(const Run& run, size_t number, bool alone, const std::vector<BoardLimits>& boards) {
  const Answer answer = answer_of(run, boards);
  const std::vector<Part> parts = parts_of(run, answer);
  const auto id = [&](const Part& part) { return fmt::format("run-{}-{}", number, part.id); };
  std::string text = fmt::format("<section id=\"run-{}\"><h2>{}</h2>\n<nav aria-label=\"Parts\"><ul>\n",
                                 number, html_text(alone ? "The answer" : run.name, 100));
  for (const Part& part : parts)
    text += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", id(part), part.heading);
  text += "</ul></nav>\n" + answer_html(run, answer);
  for (const Part& part : parts)
    text += fmt::format("<h3 id=\"{0}\"><a class=\"anchor\" href=\"#{0}\">{1}</a></h3>\n", id(part),
                        part.heading) +
            part.html;
  return text + "</section>\n";
}

}  // namespace

std::string html_report(const std::vector<Run>& runs, const std::vector<BoardLimits>& boards,
                        const GateReport* gate) {
  std::string body;
  if (runs.size() > 1) body += runs_html(runs);
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
