#include "sim/plan/schedule_json.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "sim/base/class_limit.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/json.h"
#include "sim/plan/schedule_check.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaximalBytes = uint64_t{16} << 20;
constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaximalChannel = 65535;  // kernels hold channel numbers in 16 bits

int32_t int32_field(const JsonView& view, std::string_view key, int64_t lowest, int64_t highest = kInt32Max) {
  return static_cast<int32_t>(view.field(key).integer(lowest, highest));
}

int64_t int64_field(const JsonView& view, std::string_view key) {
  return view.field(key).integer(0);
}

// ---- reading ----------------------------------------------------------------------------------------------

void read_model(const JsonView& view, Schedule& schedule) {
  if (compares_output(schedule.task))
    view.known_keys({"file", "sha256", "input"});
  else
    view.known_keys({"file", "sha256", "classes", "input"});
  schedule.model_file = view.field("file").string();
  const JsonView digest = view.field("sha256");
  schedule.model_sha256 = digest.string();
  if (schedule.model_sha256.size() != 64 ||
      schedule.model_sha256.find_first_not_of("0123456789abcdef") != std::string::npos)
    digest.expected("64 lower-case hexadecimal digits", "'sha256sum MODEL' prints them");
  if (!compares_output(schedule.task))
    schedule.classes = int32_field(view, "classes", kMinimalClasses, kMaximalClasses);
  const JsonView input = view.field("input");
  if (!input.is_array() || input.size() != schedule.input.size()) input.expected("four sizes: N, H, W, C");
  const std::vector<JsonView> sizes = input.items();
  for (size_t i = 0; i < sizes.size(); ++i)
    schedule.input[i] = static_cast<int32_t>(sizes[i].integer(1, kInt32Max));
}

std::optional<int32_t> read_fraction_bits(const JsonView& view) {
  const auto bits = view.optional_field("fraction_bits");
  if (!bits) return std::nullopt;
  const auto value = static_cast<int32_t>(bits->integer(0, 8));
  if (value % 4 != 0) bits->expected("0, 4 or 8");
  return value;
}

void read_training(const JsonView& view, TrainingRecipe& recipe) {
  view.known_keys({"learning_rate", "epochs", "lr_schedule", "warmup_epochs", "seed", "flip", "fraction_bits",
                   "gradient_bits", "fresh_classifier"});
  const JsonView rate = view.field("learning_rate");
  recipe.learning_rate = rate.number(0.0);
  if (recipe.learning_rate == 0.0) rate.expected("a number above 0");
  recipe.epochs = int32_field(view, "epochs", 1);
  view.field("lr_schedule").one_of({"cosine"});
  recipe.lr_schedule = "cosine";
  recipe.warmup_epochs = view.field("warmup_epochs").number(0.0, recipe.epochs);
  recipe.seed = static_cast<uint32_t>(view.field("seed").integer(0, std::numeric_limits<uint32_t>::max()));
  if (const auto flip = view.optional_field("flip")) recipe.flip = flip->boolean();
  if (const auto bits = read_fraction_bits(view)) recipe.fraction_bits = *bits;
  if (const auto bits = view.optional_field("gradient_bits"))
    recipe.gradient_bits = static_cast<int32_t>(bits->integer(7, 14));
  if (const auto fresh = view.optional_field("fresh_classifier")) recipe.fresh_classifier = fresh->boolean();
}

std::vector<int32_t> read_channels(const JsonView& view) {
  view.known_keys({"input_channels"});
  const JsonView list = view.field("input_channels");
  std::vector<int32_t> channels;
  for (const JsonView& item : list.items()) {
    const auto channel = static_cast<int32_t>(item.integer(0, kMaximalChannel));
    if (!channels.empty() && channel <= channels.back())
      item.fail("channel " + std::to_string(channel) + " follows channel " + std::to_string(channels.back()),
                "List channels in ascending order, each once");
    channels.push_back(channel);
  }
  if (channels.empty()) list.fail("the list is empty", "Write \"none\" to update no weights");
  return channels;
}

LayerUpdate read_layer(const JsonView& view) {
  view.known_keys({"layer", "op", "bias", "weights", "fraction_bits"});
  LayerUpdate entry;
  entry.layer = view.field("layer").string();
  entry.op = int32_field(view, "op", 0);
  entry.bias = view.field("bias").boolean();
  const JsonView weights = view.field("weights");
  if (weights.is_object()) {
    entry.weights = UpdatedWeights::channels;
    entry.channels = read_channels(weights);
  } else if (weights.is_string()) {
    entry.weights = weights.one_of({"none", "all"}) == 0 ? UpdatedWeights::none : UpdatedWeights::all;
  } else {
    weights.expected("\"none\", \"all\" or {\"input_channels\": [...]}");
  }
  entry.fraction_bits = read_fraction_bits(view);
  if (entry.fraction_bits && entry.weights == UpdatedWeights::none)
    view.field("fraction_bits").fail("the layer updates no weights", "Remove the field");
  if (!entry.bias && entry.weights == UpdatedWeights::none)
    view.fail("updates neither bias nor weights", "Remove the entry");
  return entry;
}

std::vector<LayerUpdate> read_update(const JsonView& view) {
  std::vector<LayerUpdate> update;
  for (const JsonView& item : view.items()) {
    LayerUpdate entry = read_layer(item);
    if (!update.empty() && entry.op <= update.back().op)
      item.field("op").fail(
          "op " + std::to_string(entry.op) + " follows op " + std::to_string(update.back().op),
          "List layers in ascending order, each once");
    update.push_back(std::move(entry));
  }
  return update;
}

void read_promised_values(const JsonView& view, Promise& promise) {
  const double most = is_share(promise.metric) ? 1.0 : std::numeric_limits<double>::max();
  promise.mean = view.field("mean").number(0.0, most);
  promise.low = view.field("low").number(is_share(promise.metric) ? 0.0 : -most, promise.mean);
  promise.high = view.field("high").number(promise.mean, most);
  promise.seeds = int32_field(view, "seeds", 1);
}

void read_promised_metric(const JsonView& view, Promise& promise) {
  promise.metric = read_metric_kind(view.field("name"));
  view.field("better").one_of({better_name(promise.metric)});
  read_promised_values(view, promise);
}

Promise read_promise(const JsonView& view) {
  Promise promise;
  if (const auto metric = view.optional_field("metric")) {
    view.known_keys({"metric", "ram_bytes", "flash_bytes", "macs_per_step", "signature"});
    metric->known_keys({"name", "better", "mean", "low", "high", "seeds"});
    read_promised_metric(*metric, promise);
  } else {
    view.known_keys({"accuracy", "ram_bytes", "flash_bytes", "macs_per_step", "signature"});
    view.field("accuracy").known_keys({"mean", "low", "high", "seeds"});
    read_promised_values(view.field("accuracy"), promise);
  }
  promise.ram_bytes = int64_field(view, "ram_bytes");
  promise.flash_bytes = int64_field(view, "flash_bytes");
  promise.macs_per_step = int64_field(view, "macs_per_step");
  promise.signature = view.field("signature").string();
  return promise;
}

Provenance read_provenance(const JsonView& view) {
  view.known_keys({"thaw", "strategy", "threshold", "run"});
  Provenance provenance;
  provenance.thaw = view.field("thaw").string();
  provenance.strategy = view.field("strategy").string();
  provenance.threshold = view.field("threshold").number(0.0, 100.0);
  provenance.run = view.field("run").string();
  return provenance;
}

// ---- writing ----------------------------------------------------------------------------------------------

Json model_json(const Schedule& schedule) {
  Json json = {{"file", schedule.model_file}, {"sha256", schedule.model_sha256}};
  if (!compares_output(schedule.task)) json["classes"] = schedule.classes;
  json["input"] = schedule.input;
  return json;
}

Json training_json(const TrainingRecipe& recipe) {
  return {{"learning_rate", recipe.learning_rate},
          {"epochs", recipe.epochs},
          {"lr_schedule", recipe.lr_schedule},
          {"warmup_epochs", recipe.warmup_epochs},
          {"seed", recipe.seed},
          {"flip", recipe.flip},
          {"fraction_bits", recipe.fraction_bits},
          {"gradient_bits", recipe.gradient_bits},
          {"fresh_classifier", recipe.fresh_classifier}};
}

Json layer_json(const LayerUpdate& entry) {
  Json json = {{"layer", entry.layer}, {"op", entry.op}, {"bias", entry.bias}};
  switch (entry.weights) {
    case UpdatedWeights::none:
      json["weights"] = "none";
      break;
    case UpdatedWeights::all:
      json["weights"] = "all";
      break;
    case UpdatedWeights::channels:
      json["weights"]["input_channels"] = entry.channels;
      break;
  }
  if (entry.fraction_bits) json["fraction_bits"] = *entry.fraction_bits;
  return json;
}

/// {"accuracy": {"mean": ...}}, or "metric" with its name and direction.
Json promised_metric_json(const Promise& promise) {
  Json values = {
      {"mean", promise.mean}, {"low", promise.low}, {"high", promise.high}, {"seeds", promise.seeds}};
  if (promise.metric == MetricKind::accuracy) return {{"accuracy", values}};
  Json metric = {{"name", metric_name(promise.metric)}, {"better", better_name(promise.metric)}};
  metric.update(values);
  return {{"metric", metric}};
}

Json promise_json(const Promise& promise) {
  Json json = promised_metric_json(promise);
  json.update({{"ram_bytes", promise.ram_bytes},
               {"flash_bytes", promise.flash_bytes},
               {"macs_per_step", promise.macs_per_step},
               {"signature", promise.signature}});
  return json;
}

Json provenance_json(const Provenance& provenance) {
  return {{"thaw", provenance.thaw},
          {"strategy", provenance.strategy},
          {"threshold", provenance.threshold},
          {"run", provenance.run}};
}

}  // namespace

Schedule read_schedule(const JsonView& view) {
  check_schema_version(view, kScheduleSchemaVersion);
  view.known_keys({"schema_version", "task", "model", "arithmetic", "input_by", "training", "update",
                   "promise", "provenance"});
  Schedule schedule;
  if (const auto task = view.optional_field("task"))
    schedule.task = std::array{Task::classify, Task::regress, Task::reconstruct}.at(
        task->one_of({"classify", "regress", "reconstruct"}));
  read_model(view.field("model"), schedule);
  schedule.arithmetic = view.field("arithmetic").one_of({"int8", "float"}) == 0 ? "int8" : "float";
  if (const auto input = view.optional_field("input_by"))
    schedule.input_by = input->one_of({"image", "rows"}) == 0 ? InputBy::image : InputBy::rows;
  read_training(view.field("training"), schedule.training);
  schedule.update = read_update(view.field("update"));
  if (const auto promise = view.optional_field("promise")) schedule.promise = read_promise(*promise);
  if (const auto provenance = view.optional_field("provenance"))
    schedule.provenance = read_provenance(*provenance);
  return schedule;
}

Schedule read_schedule(std::string_view text, const std::string& where) {
  const nlohmann::json document = parse_json(text, where);
  return read_schedule(JsonView(document, where));
}

Schedule read_schedule_file(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path, kMaximalBytes);
  return read_schedule({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

std::string write_schedule(const Schedule& schedule) {
  Json json = {{"schema_version", kScheduleSchemaVersion}};
  if (compares_output(schedule.task)) json["task"] = task_name(schedule.task);
  json["model"] = model_json(schedule);
  json["arithmetic"] = schedule.arithmetic;
  if (schedule.input_by != InputBy::image) json["input_by"] = input_by_name(schedule.input_by);
  json["training"] = training_json(schedule.training);
  json["update"] = Json::array();
  for (const LayerUpdate& entry : schedule.update) json["update"].push_back(layer_json(entry));
  if (schedule.promise) json["promise"] = promise_json(*schedule.promise);
  if (schedule.provenance) json["provenance"] = provenance_json(*schedule.provenance);
  return json_text(json);
}

}  // namespace thaw
