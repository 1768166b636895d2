#include "reports/csv.h"

#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

std::string line(const Measured& m, const std::string& role, const std::string& fidelity,
                 const std::string& on, bool on_front) {
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", m.trial, csv_field(role),
                     csv_field(fidelity), csv_field(on), outcome_name(m.outcome), m.value, m.by_seed.size(),
                     m.ram_bytes, m.flash_bytes, m.macs_per_step, m.schedule.training.learning_rate,
                     on_front ? 1 : 0, csv_field(schedule_words(m.schedule.update), 4000));
}

}  // namespace

std::string trials_csv(const Run& run) {
  std::string text = fmt::format(
      "trial,role,fidelity,measured_on,outcome,{},seeds,ram_bytes,flash_bytes,macs_per_step,learning_rate,"
      "pareto,schedule\n",
      metric_key(metric_of(run)));
  for (const TrialEntry& t : run.trials)
    text += line(t, t.request.role, t.request.fidelity.name, measured_on_name(t.request.measured_on),
                 on_front(run, t.trial));
  if (run.trials.empty() && run.comparison)
    for (const ComparedSchedule& r : run.comparison->rows) text += line(r, r.name, "full", "test", false);
  return text;
}

}  // namespace thaw
