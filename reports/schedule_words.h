// What a schedule updates, in words for tables, pictures and pages.
#pragma once

#include <string>
#include <vector>

#include "sim/plan/schedule.h"

namespace thaw {

/// "bias + all weights", "weights of 3 input channels", ...
std::string update_words(const LayerUpdate& layer);

/// Whether any weights of that layer are updated.
bool updates_weights_of(const Schedule& schedule, const std::string& layer);

/// How many layers have weights among what is updated.
int64_t layers_with_weights(const std::vector<LayerUpdate>& update);

/// A schedule in a few words: "26 layers, weights of 12".
std::string short_schedule_words(const std::vector<LayerUpdate>& update);

/// A schedule in one line: "4 layers from b7.pw1 on: b7.pw1 bias + all weights; ...", at most `most` layers.
std::string schedule_words(const std::vector<LayerUpdate>& update, size_t most = 64);

}  // namespace thaw
