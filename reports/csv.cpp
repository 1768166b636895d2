#include "reports/csv.h"

#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

/// Accuracy, or the name of the metric and its value: a run of another task may be judged by two.
std::string value_fields(const Measured& m, bool accuracies) {
  return accuracies ? fmt::format("{}", m.value) : fmt::format("{},{}", metric_key(m.metric), m.value);
}

std::string line(const Measured& m, bool accuracies, const std::string& role, const std::string& fidelity,
                 const std::string& on, bool on_front) {
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", m.trial, csv_field(role),
                     csv_field(fidelity), csv_field(on), outcome_name(m.outcome), value_fields(m, accuracies),
                     m.by_seed.size(), m.ram_bytes, m.flash_bytes, m.macs_per_step,
                     m.schedule.training.learning_rate, on_front ? 1 : 0,
                     csv_field(schedule_words(m.schedule.update), 4000));
}

}  // namespace

std::string trials_csv(const Run& run) {
  const bool accuracies = metric_of(run) == MetricKind::accuracy;
  std::string text = fmt::format(
      "trial,role,fidelity,measured_on,outcome,{},seeds,ram_bytes,flash_bytes,macs_per_step,learning_rate,"
      "pareto,schedule\n",
      accuracies ? "accuracy" : "metric,value");
  for (const TrialEntry& t : run.trials)
    text += line(t, accuracies, t.request.role, t.request.fidelity.name,
                 measured_on_name(t.request.measured_on), on_front(run, t.trial));
  if (run.trials.empty() && run.comparison)
    for (const ComparedSchedule& r : run.comparison->rows)
      text += line(r, accuracies, r.name, "full", "test", false);
  return text;
}

}  // namespace thaw
