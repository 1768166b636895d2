#include "reports/report_json.h"

#include <fmt/format.h>

#include "reports/answer.h"
#include "reports/escape.h"
#include "reports/figures.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

template <typename Number>
Json or_null(const std::optional<Number>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json figures_json(const Figures& f) {
  Json json;
  const char* key = f.metric == MetricKind::accuracy ? "accuracy" : "metric";
  json[key] = f.value ? metric_figures_json(f) : Json(nullptr);
  json["ram_bytes"] = or_null(f.ram_bytes);
  json["flash_bytes"] = or_null(f.flash_bytes);
  json["macs_per_step"] = or_null(f.macs_per_step);
  json["instructions_per_step"] = or_null(f.instructions_per_step);
  json["search_seconds"] = or_null(f.search_seconds);
  json["signature"] = clipped(f.signature);
  return json;
}

Json row_json(const ComparedSchedule& r) {
  Json json = {{"name", clipped(r.name)}, {"outcome", outcome_name(r.outcome)}};
  add_metric(json, r.metric, r.value);
  json["low"] = r.low;
  json["high"] = r.high;
  json["ram_bytes"] = r.ram_bytes;
  json["flash_bytes"] = r.flash_bytes;
  json["macs_per_step"] = r.macs_per_step;
  return json;
}

Json run_json(const Run& run, const std::vector<BoardLimits>& boards) {
  const Answer answer = answer_of(run, boards);
  Json fits = Json::array();
  for (const BoardFit& fit : answer.boards)
    fits.push_back({{"board", clipped(fit.board.name)},
                    {"fits", fit.fits()},
                    {"ram_excess_bytes", fit.ram_excess},
                    {"flash_excess_bytes", fit.flash_excess}});
  Json rows = Json::array();
  if (run.comparison)
    for (const ComparedSchedule& r : run.comparison->rows) rows.push_back(row_json(r));
  Json notes = Json::array();
  for (const std::string& note : run.notes) notes.push_back(clipped(note));
  return {{"name", clipped(run.name)},
          {"schedule_file", clipped(answer.schedule_file)},
          {"schedule", answer.schedule},
          {"verdict", answer.verdict},
          {"device", answer.device},
          {"figures", figures_json(figures_of(run))},
          {"boards", fits},
          {"comparison", rows},
          {"trials", run.trials.size()},
          {"notes", notes}};
}

Json gate_json(const GateReport& gate) {
  Json metrics = Json::array(), budgets = Json::array();
  for (const MetricVerdict& v : gate.metrics)
    metrics.push_back({{"metric", metric_key(v.metric)},
                       {"status", status_words(v.status)},
                       {"level", level_name(v.level)},
                       {"baseline", v.before},
                       {"now", v.now},
                       {"change", v.change},
                       {"limit", v.limit},
                       {"reason", v.reason}});
  for (const BudgetVerdict& b : gate.budgets)
    budgets.push_back({{"metric", metric_key(b.metric)},
                       {"of", clipped(b.of)},
                       {"required_bytes", b.required},
                       {"available_bytes", b.available},
                       {"excess_bytes", b.excess()},
                       {"level", level_name(b.level)}});
  return {{"passed", gate.passed()},
          {"level", level_name(gate.level())},
          {"has_baseline", gate.has_baseline},
          {"metrics", metrics},
          {"budgets", budgets},
          {"schedule_changes", gate.schedule_changes},
          {"notes", gate.notes}};
}

}  // namespace

Json report_json(const std::vector<Run>& runs, const std::vector<BoardLimits>& boards,
                 const GateReport* gate) {
  Json list = Json::array();
  for (const Run& run : runs) list.push_back(run_json(run, boards));
  return {
      {"schema_version", 1}, {"runs", list}, {"gate", gate == nullptr ? Json(nullptr) : gate_json(*gate)}};
}

Json benchmark_json(const std::vector<Run>& runs) {
  Json list = Json::array();
  for (const Run& run : runs) {
    const Figures f = figures_of(run);
    const auto add = [&](const char* name, const char* unit, const Json& value) {
      list.push_back({{"name", clipped(run.name) + ": " + name}, {"unit", unit}, {"value", value}});
    };
    if (f.value && f.metric == MetricKind::accuracy) {
      add("error", "%", 100.0 * (1.0 - *f.value));
      list.back()["range"] = fmt::format("± {:.2f}", 50.0 * (f.high - f.low));
    } else if (f.value) {  // smaller is better here, so an area is told by what it lacks
      const bool lacks = higher_is_better(f.metric);
      add(lacks ? "1 - area under the curve" : metric_name(f.metric), "", lacks ? 1.0 - *f.value : *f.value);
      list.back()["range"] = fmt::format("± {:.4g}", 0.5 * (f.high - f.low));
    }
    if (f.ram_bytes) add("RAM", "bytes", *f.ram_bytes);
    if (f.flash_bytes) add("flash", "bytes", *f.flash_bytes);
    if (f.macs_per_step) add("work", "MACs/step", *f.macs_per_step);
    if (f.instructions_per_step) add("instructions", "instructions/step", *f.instructions_per_step);
    if (f.search_seconds) add("search time", "s", *f.search_seconds);
    if (!list.empty()) list.back()["extra"] = clipped(schedule_words(f.schedule.update), 1000);
  }
  return list;
}

}  // namespace thaw
