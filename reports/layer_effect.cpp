#include "reports/layer_effect.h"

#include <algorithm>
#include <map>

namespace thaw {
namespace {

/// The chosen schedule's entry for a layer, or nullptr.
const UpdatedLayer* find_update(const Run& run, const std::string& layer) {
  for (const UpdatedLayer& entry : run.schedule.update)
    if (entry.layer == layer) return &entry;
  return nullptr;
}

/// The look at the start of the search. A schedule that an earlier stage measured already keeps what that
/// was for, so it is known by what it updates.
bool is_start_look(const Run& run, const TrialEntry& trial) {
  if (!run.curve || trial.fidelity != "look" || trial.measured_on != "validation") return false;
  const CurvePoint& start = run.curve->points.front();
  return trial.update == start.update && trial.learning_rate == start.learning_rate;
}

}  // namespace

std::vector<LayerEffect> layer_effects(const Run& run) {
  std::vector<LayerEffect> frozen, updated;
  for (const UpdatedLayer& entry : run.schedule.update)
    updated.push_back({entry.layer, std::nullopt, std::nullopt, update_words(entry), entry.weights});
  const auto start = std::find_if(run.trials.begin(), run.trials.end(),
                                  [&](const TrialEntry& t) { return is_start_look(run, t); });
  if (start != run.trials.end())
    for (const TrialEntry& trial : run.trials) {
      if (trial.kind != "look" || trial.frozen_weights_of.empty()) continue;
      const std::string& layer = trial.frozen_weights_of;
      auto& list = find_update(run, layer) != nullptr ? updated : frozen;
      auto found =
          std::find_if(list.begin(), list.end(), [&](const LayerEffect& e) { return e.layer == layer; });
      if (found == list.end())
        found = list.insert(list.end(), {layer, std::nullopt, std::nullopt, "", false});
      if (found->bytes_saved) continue;  // later looks stand on another schedule
      found->bytes_saved = start->ram_bytes - trial.ram_bytes;
      if (trial.outcome != TrialOutcome::diverged && start->outcome != TrialOutcome::diverged)
        found->accuracy_lost = start->accuracy - trial.accuracy;
    }
  frozen.insert(frozen.end(), updated.begin(), updated.end());
  return frozen;
}

}  // namespace thaw
