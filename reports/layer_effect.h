// What freezing each layer would save and cost, as the search measured it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/run_files.h"

namespace thaw {

/// Of a layer's weights: RAM saved (bytes) and how much worse the metric is (on validation) when they are
/// frozen first; absent where the search never looked. `update` says what the chosen schedule updates, empty:
/// nothing; `weights`: whether weights are among it.
struct LayerEffect {
  std::string layer;
  std::optional<int64_t> bytes_saved;
  std::optional<double> lost;
  std::string update;
  bool weights = false;
};

/// Layers of the chosen schedule in its order, and before them those that the search looked at and froze, in
/// the order of its looks. A look is compared with the look at the start.
std::vector<LayerEffect> layer_effects(const Run& run);

}  // namespace thaw
