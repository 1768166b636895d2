#include "reports/layer_effect.h"

#include <algorithm>

#include "reports/schedule_words.h"

namespace thaw {
namespace {

/// The chosen schedule's entry for a layer, or nullptr.
const LayerUpdate* find_update(const Run& run, const std::string& layer) {
  for (const LayerUpdate& entry : run.schedule.update)
    if (entry.layer == layer) return &entry;
  return nullptr;
}

/// The look at the start of the search. A schedule that an earlier stage measured already keeps what that
/// was for, so it is known by what it updates.
bool is_start_look(const Run& run, const TrialEntry& trial) {
  if (!run.curve || trial.request.fidelity.full() || trial.request.measured_on != MeasuredOn::validation)
    return false;
  const CurvePoint& start = run.curve->points.front();
  return trial.schedule.update == start.schedule.update &&
         trial.schedule.training.learning_rate == start.schedule.training.learning_rate;
}

}  // namespace

std::vector<LayerEffect> layer_effects(const Run& run) {
  std::vector<LayerEffect> frozen, updated;
  for (const LayerUpdate& entry : run.schedule.update)
    updated.push_back({entry.layer, std::nullopt, std::nullopt, update_words(entry),
                       entry.weights != UpdatedWeights::none});
  const auto start = std::find_if(run.trials.begin(), run.trials.end(),
                                  [&](const TrialEntry& t) { return is_start_look(run, t); });
  if (start != run.trials.end())
    for (const TrialEntry& trial : run.trials) {
      const auto& tried = trial.request.frozen;
      if (trial.request.kind != TrialKind::look || !tried || tried->what != FrozenTensors::What::weights)
        continue;
      const std::string& layer = tried->layer;
      auto& list = find_update(run, layer) != nullptr ? updated : frozen;
      auto found =
          std::find_if(list.begin(), list.end(), [&](const LayerEffect& e) { return e.layer == layer; });
      if (found == list.end())
        found = list.insert(list.end(), {layer, std::nullopt, std::nullopt, "", false});
      if (found->bytes_saved) continue;  // later looks stand on another schedule
      found->bytes_saved = start->ram_bytes - trial.ram_bytes;
      if (trial.outcome != TrialOutcome::diverged && start->outcome != TrialOutcome::diverged)
        found->lost =
            higher_is_better(trial.metric) ? start->value - trial.value : trial.value - start->value;
    }
  frozen.insert(frozen.end(), updated.begin(), updated.end());
  return frozen;
}

}  // namespace thaw
