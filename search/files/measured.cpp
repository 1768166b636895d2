#include "search/files/measured.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/base/json.h"
#include "sim/plan/schedule_json.h"

namespace thaw {

const char* outcome_name(TrialOutcome outcome) {
  switch (outcome) {
    case TrialOutcome::ok:
      return "ok";
    case TrialOutcome::diverged:
      return "diverged";
    case TrialOutcome::over_budget:
      return "over_budget";
  }
  return "";
}

const char* outcome_name(Outcome outcome) {
  return outcome == Outcome::diverged ? "diverged" : "ok";
}

Outcome read_run_outcome(const JsonView& view) {
  return view.one_of({"ok", "diverged"}) == 1 ? Outcome::diverged : Outcome::ok;
}

const char* measured_on_name(MeasuredOn on) {
  return on == MeasuredOn::test ? "test" : "validation";
}

TrialOutcome read_outcome(const JsonView& view) {
  return static_cast<TrialOutcome>(view.one_of({"ok", "diverged", "over_budget"}));
}

Measured measured(const Evaluation& e) {
  Measured m;
  m.trial = e.number;
  m.outcome = e.diverged()    ? TrialOutcome::diverged
              : e.over_budget ? TrialOutcome::over_budget
                              : TrialOutcome::ok;
  m.metric = e.metric();
  m.value = e.value();
  for (const SeedResult& s : e.seeds)
    m.by_seed.push_back({s.seed, m.metric == MetricKind::accuracy ? s.accuracy : s.value});
  m.ram_bytes = e.ram_bytes;
  m.flash_bytes = e.flash_bytes;
  m.macs_per_step = e.macs_per_step;
  m.instructions_per_step = e.instructions_per_step;
  m.schedule = e.request.schedule;
  return m;
}

const char* value_key(MetricKind metric) {
  return metric == MetricKind::accuracy ? "accuracy" : "value";
}

double metric_field(const JsonView& view, std::string_view key, MetricKind metric) {
  return view.field(key).number(0.0, is_share(metric) ? 1.0 : std::numeric_limits<double>::max());
}

void add_metric(nlohmann::ordered_json& json, MetricKind metric, double value) {
  if (metric != MetricKind::accuracy) {
    json["metric"] = metric_name(metric);
    json["better"] = better_name(metric);
  }
  json[value_key(metric)] = std::isfinite(value) ? nlohmann::ordered_json(value) : nullptr;
}

void read_metric(const JsonView& view, MetricKind& metric, double& value) {
  if (const auto name = view.optional_field("metric")) {
    metric = read_metric_kind(*name);
    view.field("better").one_of({better_name(metric)});
  }
  if (metric != MetricKind::accuracy && !view.optional_field("value"))  // null: it diverged
    value = std::numeric_limits<double>::infinity();
  else
    value = metric_field(view, value_key(metric), metric);
}

void add_figures(nlohmann::ordered_json& json, const Measured& m) {
  json["trial"] = m.trial;
  json["outcome"] = outcome_name(m.outcome);
  add_metric(json, m.metric, m.value);
  json["by_seed"] = nlohmann::ordered_json::array();
  for (const SeedValue& s : m.by_seed)
    json["by_seed"].push_back({{"seed", s.seed}, {value_key(m.metric), s.value}});
  json["ram_bytes"] = m.ram_bytes;
  json["flash_bytes"] = m.flash_bytes;
  json["macs_per_step"] = m.macs_per_step;
  if (m.instructions_per_step > 0) json["instructions_per_step"] = m.instructions_per_step;
  json["learning_rate"] = m.schedule.training.learning_rate;
}

void add_schedule(nlohmann::ordered_json& json, const Measured& m) {
  json["schedule"] = nlohmann::ordered_json::parse(write_schedule(m.schedule));
}

Measured read_measured(const JsonView& view) {
  Measured m;
  m.trial = view.field("trial").integer(0, INT32_MAX);
  m.outcome = read_outcome(view.field("outcome"));
  read_metric(view, m.metric, m.value);
  for (const JsonView& s : view.field("by_seed").items())
    m.by_seed.push_back(
        {s.field("seed").integer(0, UINT32_MAX), metric_field(s, value_key(m.metric), m.metric)});
  m.ram_bytes = view.field("ram_bytes").integer(0);
  m.flash_bytes = view.field("flash_bytes").integer(0);
  m.macs_per_step = view.field("macs_per_step").integer(0);
  if (const auto count = view.optional_field("instructions_per_step"))
    m.instructions_per_step = count->integer(0);
  view.field("learning_rate").number(0.0);  // the schedule's, for people
  m.schedule = read_schedule(view.field("schedule"));
  return m;
}

}  // namespace thaw
