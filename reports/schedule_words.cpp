#include "reports/schedule_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/escape.h"

namespace thaw {
namespace {

bool updates_weights(const LayerUpdate& layer) {
  return layer.weights != UpdatedWeights::none;
}

}  // namespace

std::string update_words(const LayerUpdate& layer) {
  std::string weights;
  if (updates_weights(layer))
    weights = layer.channels.empty() ? "all weights"
                                     : fmt::format("weights of {} input channel{}", layer.channels.size(),
                                                   layer.channels.size() == 1 ? "" : "s");
  if (layer.fraction_bits) weights += fmt::format(" with {} fraction bits", *layer.fraction_bits);
  if (layer.bias && updates_weights(layer)) return "bias + " + weights;
  return layer.bias ? "bias" : updates_weights(layer) ? weights : "nothing";
}

bool updates_weights_of(const Schedule& schedule, const std::string& layer) {
  return std::ranges::any_of(schedule.update,
                             [&](const LayerUpdate& l) { return l.layer == layer && updates_weights(l); });
}

int64_t layers_with_weights(const std::vector<LayerUpdate>& update) {
  return std::ranges::count_if(update, updates_weights);
}

std::string short_schedule_words(const std::vector<LayerUpdate>& update) {
  return fmt::format("{} layer{}, weights of {}", update.size(), update.size() == 1 ? "" : "s",
                     layers_with_weights(update));
}

std::string schedule_words(const std::vector<LayerUpdate>& update, size_t most) {
  if (update.empty()) return "nothing is updated";
  std::string text = fmt::format("{} layer{} from {} on: ", update.size(), update.size() == 1 ? "" : "s",
                                 clipped(update.front().layer, 60));
  // Neighbours that are updated in the same way share an entry: "b1.pw to b4.dw bias".
  size_t entries = 0;
  for (size_t i = 0; i < update.size();) {
    size_t last = i;
    while (last + 1 < update.size() && update_words(update[last + 1]) == update_words(update[i])) ++last;
    if (++entries > most) return text + "; …";
    if (entries > 1) text += "; ";
    text += clipped(update[i].layer, 60);
    if (last > i) text += " to " + clipped(update[last].layer, 60);
    text += " " + update_words(update[i]);
    i = last + 1;
  }
  return text;
}

}  // namespace thaw
