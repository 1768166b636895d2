#include "search/files/measured.h"

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
  m.accuracy = e.accuracy();
  for (const SeedResult& s : e.seeds) m.by_seed.push_back({s.seed, s.accuracy});
  m.ram_bytes = e.ram_bytes;
  m.flash_bytes = e.flash_bytes;
  m.macs_per_step = e.macs_per_step;
  m.instructions_per_step = e.instructions_per_step;
  m.schedule = e.request.schedule;
  return m;
}

void add_figures(nlohmann::ordered_json& json, const Measured& m) {
  json["trial"] = m.trial;
  json["outcome"] = outcome_name(m.outcome);
  json["accuracy"] = m.accuracy;
  json["by_seed"] = nlohmann::ordered_json::array();
  for (const SeedAccuracy& s : m.by_seed)
    json["by_seed"].push_back({{"seed", s.seed}, {"accuracy", s.accuracy}});
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
  m.accuracy = view.field("accuracy").number(0.0, 1.0);
  for (const JsonView& s : view.field("by_seed").items())
    m.by_seed.push_back({s.field("seed").integer(0, UINT32_MAX), s.field("accuracy").number(0.0, 1.0)});
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
