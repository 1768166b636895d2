#include "reports/schedule_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/escape.h"

namespace thaw {
namespace {

UpdatedLayer read_layer(const JsonView& view) {
  UpdatedLayer entry;
  entry.op = view.field("op").integer(0, INT32_MAX);
  entry.layer = view.field("layer").string();
  entry.bias = view.field("bias").boolean();
  const JsonView weights = view.field("weights");
  if (weights.is_object()) {
    entry.weights = true;
    for (const JsonView& channel : weights.field("input_channels").items())
      entry.channels.push_back(channel.integer(0, UINT16_MAX));
    if (entry.channels.empty()) weights.fail("the list of channels is empty", "Write \"none\" instead");
  } else if (weights.is_string()) {
    entry.weights = weights.one_of({"none", "all"}) == 1;
  } else {
    weights.expected("\"none\", \"all\" or {\"input_channels\": [...]}");
  }
  if (const auto bits = view.optional_field("fraction_bits")) entry.fraction_bits = bits->integer(0, 8);
  return entry;
}

PromisedFigures read_promise(const JsonView& view) {
  PromisedFigures promise;
  const JsonView accuracy = view.field("accuracy");
  promise.accuracy = accuracy.field("mean").number(0.0, 1.0);
  promise.low = accuracy.field("low").number(0.0, 1.0);
  promise.high = accuracy.field("high").number(0.0, 1.0);
  promise.seeds = accuracy.field("seeds").integer(1, INT32_MAX);
  promise.ram_bytes = view.field("ram_bytes").integer(0);
  promise.flash_bytes = view.field("flash_bytes").integer(0);
  promise.macs_per_step = view.field("macs_per_step").integer(0);
  promise.signature = view.field("signature").string();
  return promise;
}

}  // namespace

ScheduleFile read_schedule_view(const JsonView& view) {
  check_schema_version(view, 1);
  ScheduleFile schedule;
  const JsonView model = view.field("model");
  schedule.model_file = model.field("file").string();
  schedule.model_sha256 = model.field("sha256").string();
  schedule.classes = model.field("classes").integer(1, INT32_MAX);
  const JsonView input = model.field("input");
  if (!input.is_array() || input.size() != schedule.input.size()) input.expected("four sizes: N, H, W, C");
  const std::vector<JsonView> sizes = input.items();
  for (size_t i = 0; i < sizes.size(); ++i) schedule.input[i] = sizes[i].integer(1, INT32_MAX);
  schedule.arithmetic = view.field("arithmetic").string();
  const JsonView training = view.field("training");
  schedule.learning_rate = training.field("learning_rate").number(0.0);
  schedule.epochs = training.field("epochs").integer(1, INT32_MAX);
  schedule.seed = training.field("seed").integer(0, UINT32_MAX);
  for (const JsonView& item : view.field("update").items()) {
    UpdatedLayer entry = read_layer(item);
    if (!schedule.update.empty() && entry.op <= schedule.update.back().op)
      item.field("op").fail(fmt::format("op {} follows op {}", entry.op, schedule.update.back().op),
                            "List layers in ascending order, each once");
    schedule.update.push_back(std::move(entry));
  }
  if (const auto promise = view.optional_field("promise")) schedule.promise = read_promise(*promise);
  if (const auto provenance = view.optional_field("provenance"))
    schedule.strategy = provenance->field("strategy").string();
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
