// What separates two schedules: tensors, channels, recipe, figures.
#pragma once

#include <string>
#include <vector>

#include "reports/schedule_words.h"

namespace thaw {

/// One layer that is not updated in the same way; a side that leaves it frozen has bias and weights false.
struct LayerChange {
  int64_t op = 0;
  std::string layer;
  LayerUpdate before, after;
};

struct ScheduleDiff {
  std::vector<LayerChange> layers;   // ascending by op
  std::vector<std::string> recipe;   // "learning rate 0.1 -> 0.05", one entry a field of model or training
  std::vector<std::string> figures;  // promised accuracy, bytes, work; only what changed

  bool same_update() const { return layers.empty() && recipe.empty(); }
};

ScheduleDiff diff_schedules(const Schedule& before, const Schedule& after);

/// One line a change, as patches show it: "- b7.pw1 (op 21): bias + all weights", then "+ ...".
std::vector<std::string> diff_lines(const ScheduleDiff& diff);

}  // namespace thaw
