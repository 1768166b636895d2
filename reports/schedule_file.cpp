#include "reports/schedule_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/escape.h"
#include "sim/plan/schedule_json.h"

namespace thaw {
namespace {

UpdatedLayer shown_layer(const LayerUpdate& update) {
  UpdatedLayer shown;
  shown.op = update.op;
  shown.layer = update.layer;
  shown.bias = update.bias;
  shown.weights = update.weights != UpdatedWeights::none;
  shown.channels.assign(update.channels.begin(), update.channels.end());
  if (update.fraction_bits) shown.fraction_bits = *update.fraction_bits;
  return shown;
}

PromisedFigures shown_promise(const Promise& promise) {
  PromisedFigures shown;
  shown.accuracy = promise.accuracy_mean;
  shown.low = promise.accuracy_low;
  shown.high = promise.accuracy_high;
  shown.seeds = promise.seeds;
  shown.ram_bytes = promise.ram_bytes;
  shown.flash_bytes = promise.flash_bytes;
  shown.macs_per_step = promise.macs_per_step;
  shown.signature = promise.signature;
  return shown;
}

}  // namespace

ScheduleFile read_schedule_view(const JsonView& view) {
  const Schedule read = read_schedule(view);
  ScheduleFile schedule;
  schedule.model_file = read.model_file;
  schedule.model_sha256 = read.model_sha256;
  schedule.arithmetic = read.arithmetic;
  schedule.classes = read.classes;
  std::ranges::copy(read.input, schedule.input.begin());
  schedule.learning_rate = read.training.learning_rate;
  schedule.epochs = read.training.epochs;
  schedule.seed = read.training.seed;
  for (const LayerUpdate& update : read.update) schedule.update.push_back(shown_layer(update));
  if (read.promise) schedule.promise = shown_promise(*read.promise);
  if (read.provenance) schedule.strategy = read.provenance->strategy;
  schedule.document = view.json();
  return schedule;
}

ScheduleFile read_exported_schedule(const std::filesystem::path& path) {
  const nlohmann::json document = read_json_file(path);
  return read_schedule_view(JsonView(document, path.string()));
}

std::string update_words(const UpdatedLayer& layer) {
  std::string weights;
  if (layer.weights)
    weights = layer.channels.empty() ? "all weights"
                                     : fmt::format("weights of {} input channel{}", layer.channels.size(),
                                                   layer.channels.size() == 1 ? "" : "s");
  if (layer.fraction_bits) weights += fmt::format(" with {} fraction bits", *layer.fraction_bits);
  if (layer.bias && layer.weights) return "bias + " + weights;
  return layer.bias ? "bias" : layer.weights ? weights : "nothing";
}

int64_t layers_with_weights(const std::vector<UpdatedLayer>& update) {
  return std::count_if(update.begin(), update.end(), [](const UpdatedLayer& l) { return l.weights; });
}

std::string short_schedule_words(const std::vector<UpdatedLayer>& update) {
  return fmt::format("{} layer{}, weights of {}", update.size(), update.size() == 1 ? "" : "s",
                     layers_with_weights(update));
}

std::string schedule_words(const std::vector<UpdatedLayer>& update, size_t most) {
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
