#include "reports/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/escape.h"

namespace thaw {
namespace {

std::string line(const Measured& m, const std::string& role, const std::string& fidelity,
                 const std::string& on, bool on_front) {
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", m.trial, csv_field(role),
                     csv_field(fidelity), csv_field(on), outcome_name(m.outcome), m.accuracy,
                     m.by_seed.size(), m.ram_bytes, m.flash_bytes, m.macs_per_step, m.learning_rate,
                     on_front ? 1 : 0, csv_field(schedule_words(m.update), 4000));
}

}  // namespace

std::string trials_csv(const Run& run) {
  std::string text =
      "trial,role,fidelity,measured_on,outcome,accuracy,seeds,ram_bytes,flash_bytes,macs_per_step,learning_"
      "rate,"
      "pareto,schedule\n";
  for (const TrialEntry& t : run.trials)
    text += line(
        t, t.role, t.fidelity, t.measured_on,
        std::find(run.pareto_trials.begin(), run.pareto_trials.end(), t.trial) != run.pareto_trials.end());
  if (run.trials.empty() && run.comparison)
    for (const ComparedSchedule& r : run.comparison->rows) text += line(r, r.name, "full", "test", false);
  return text;
}

}  // namespace thaw
