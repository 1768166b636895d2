#include "search/files/run_file.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "search/files/measured.h"
#include "sim/base/json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kRunVersion = 1;

// ---- writing ----------------------------------------------------------------------------------------------

Json data_json(const RunData& data) {
  Json json = {{"name", data.name},
               {"format", data.format},
               {"sha256", data.sha256},
               {"class_names", data.class_names},
               {"train_samples", data.train_samples},
               {"test_samples", data.test_samples},
               {"notes", data.notes}};
  if (data.normalisation) json["normalisation"] = normalisation_json(*data.normalisation);
  return json;
}

Json accuracy_json(const RunAccuracy& accuracy) {
  return {{"mean", accuracy.mean}, {"low", accuracy.interval.low}, {"high", accuracy.interval.high}};
}

Json metrics_json(const RunMetrics& metrics) {
  Json list = Json::array();
  for (const Metric& m : metrics.test)
    list.push_back({{"name", m.name},
                    {"better", m.higher_is_better ? "higher" : "lower"},
                    {"value", m.value},
                    {"low", m.low},
                    {"high", m.high}});
  Json json = {{"test", list}};
  if (const auto& threshold = metrics.threshold)
    json["threshold"] = {{"loss", threshold->loss}, {"training_quantile", threshold->training_quantile}};
  return json;
}

Json epoch_json(const EpochReport& epoch, bool classifies) {
  Json json = {{"epoch", epoch.epoch}, {"loss", epoch.loss}};
  if (epoch.train_accuracy) json["train_accuracy"] = *epoch.train_accuracy;
  if (epoch.test_accuracy) json["test_accuracy"] = *epoch.test_accuracy;
  if (epoch.test_loss && !classifies) json["test_loss"] = *epoch.test_loss;
  return json;
}

Json seed_json(const RunSeed& run, bool classifies) {
  Json json = {{"seed", run.seed},
               {"outcome", outcome_name(run.outcome)},
               {"steps", run.steps},
               {"epochs", Json::array()}};
  for (const EpochReport& epoch : run.epochs) json["epochs"].push_back(epoch_json(epoch, classifies));
  if (run.metrics) json["metrics"] = metrics_json(*run.metrics);
  if (run.accuracy) json["accuracy"] = accuracy_json(*run.accuracy);
  if (run.macro_f1) json["macro_f1"] = accuracy_json(*run.macro_f1);
  json["signature"] = run.signature;
  if (run.clipped_values) json["clipped_values"] = *run.clipped_values;
  json["seconds"] = run.seconds;
  return json;
}

void add_train(Json& json, const TrainFacts& train) {
  json["kind"] = "train";
  json["schedule"] = {{"file", train.schedule_file}, {"layers", train.schedule_layers}};
  json["arithmetic"] = train.arithmetic;
  json["batch"] = train.batch;
  json["task"] = task_name(train.task);
  if (train.replay)
    json["replay"] = {{"samples", train.replay->samples}, {"memory_bytes", train.replay->memory_bytes}};
  json["seeds"] = Json::array();
  for (const RunSeed& run : train.seeds)
    json["seeds"].push_back(seed_json(run, train.task == Task::classify));
  if (train.accuracy) {
    json["accuracy"] = accuracy_json(*train.accuracy);
    json["accuracy"]["seeds"] = train.seeds.size();
  }
  json["durations"] = {{"prepare_seconds", train.prepare_seconds}};
}

void add_search(Json& json, const SearchFacts& search) {
  json["kind"] = "search";
  json["strategy"] = search.strategy;
  json["board"] = search.board;
  json["train_samples"] = search.train_samples;
  json["validation_samples"] = search.validation_samples;
  json["mirror"] = search.mirror;
  if (search.task == Task::classify)
    json["classifier"] = search.fresh_classifier ? "fresh" : "kept";
  else
    json["task"] = task_name(search.task);
  json["trials"] = search.trials;
  json["jobs"] = search.jobs;
  json["next"] = search.next;
  json["seconds"] = search.seconds;
}

// ---- reading ----------------------------------------------------------------------------------------------

std::vector<std::string> read_texts(const JsonView& view) {
  std::vector<std::string> texts;
  for (const JsonView& item : view.items()) texts.push_back(item.string());
  return texts;
}

std::vector<double> read_numbers(const JsonView& view) {
  std::vector<double> numbers;
  for (const JsonView& item : view.items()) numbers.push_back(item.number());
  return numbers;
}

RunMachine read_machine(const JsonView& view) {
  return {view.field("processor").string(), view.field("cores").integer(0), view.field("system").string(),
          view.field("compiler").string(), view.field("build").string()};
}

RunData read_data(const JsonView& view) {
  RunData data;
  data.name = view.field("name").string();
  data.format = view.field("format").string();
  data.sha256 = view.field("sha256").string();
  data.class_names = read_texts(view.field("class_names"));
  data.train_samples = view.field("train_samples").integer(0);
  data.test_samples = view.field("test_samples").integer(0);
  data.notes = read_texts(view.field("notes"));
  if (const auto units = view.optional_field("normalisation"))
    data.normalisation = {read_numbers(units->field("mean")),
                          read_numbers(units->field("standard_deviation")), units->field("scale").number(0.0),
                          static_cast<int32_t>(units->field("zero_point").integer(-128, 127))};
  return data;
}

RunAccuracy read_accuracy(const JsonView& view) {
  return {view.field("mean").number(0.0, 1.0),
          {view.field("low").number(0.0, 1.0), view.field("high").number(0.0, 1.0)}};
}

RunMetrics read_metrics(const JsonView& view) {
  RunMetrics metrics;
  for (const JsonView& item : view.field("test").items())
    metrics.test.push_back(
        {item.field("name").string(), item.field("better").one_of({"lower", "higher"}) == 1,
         item.field("value").number(), item.field("low").number(), item.field("high").number()});
  if (const auto threshold = view.optional_field("threshold"))
    metrics.threshold = {threshold->field("loss").integer(0),
                         threshold->field("training_quantile").number(0.0, 1.0)};
  return metrics;
}

std::optional<double> read_optional_number(const JsonView& view, std::string_view key, double lowest,
                                           double highest) {
  const auto field = view.optional_field(key);
  return field ? std::optional(field->number(lowest, highest)) : std::nullopt;
}

EpochReport read_run_epoch(const JsonView& view) {
  constexpr double kMost = std::numeric_limits<double>::max();
  EpochReport epoch;
  epoch.epoch = static_cast<int32_t>(view.field("epoch").integer(0, INT32_MAX));
  epoch.loss = view.field("loss").number();
  epoch.train_accuracy = read_optional_number(view, "train_accuracy", 0.0, 1.0);
  epoch.test_accuracy = read_optional_number(view, "test_accuracy", 0.0, 1.0);
  epoch.test_loss = read_optional_number(view, "test_loss", 0.0, kMost);
  return epoch;
}

RunSeed read_run_seed(const JsonView& view) {
  RunSeed run;
  run.seed = static_cast<uint32_t>(view.field("seed").integer(0, UINT32_MAX));
  run.outcome = read_run_outcome(view.field("outcome"));
  run.steps = view.field("steps").integer(0);
  for (const JsonView& item : view.field("epochs").items()) run.epochs.push_back(read_run_epoch(item));
  if (const auto metrics = view.optional_field("metrics")) run.metrics = read_metrics(*metrics);
  if (const auto accuracy = view.optional_field("accuracy")) run.accuracy = read_accuracy(*accuracy);
  if (const auto f1 = view.optional_field("macro_f1")) run.macro_f1 = read_accuracy(*f1);
  run.signature = view.field("signature").string();
  if (const auto clipped = view.optional_field("clipped_values")) run.clipped_values = clipped->integer(0);
  run.seconds = view.field("seconds").number(0.0);
  return run;
}

/// Classification where nothing is said: earlier versions knew no other.
Task read_task(const JsonView& view) {
  const auto task = view.optional_field("task");
  if (!task) return Task::classify;
  return static_cast<Task>(
      task->one_of({task_name(Task::classify), task_name(Task::regress), task_name(Task::reconstruct)}));
}

TrainFacts read_train(const JsonView& view) {
  TrainFacts train;
  train.schedule_file = view.field("schedule").field("file").string();
  train.schedule_layers = view.field("schedule").field("layers").integer(0);
  train.arithmetic = view.field("arithmetic").string();
  train.batch = static_cast<int32_t>(view.field("batch").integer(1, INT32_MAX));
  train.task = read_task(view);
  if (const auto replay = view.optional_field("replay"))
    train.replay = {replay->field("samples").integer(1), replay->field("memory_bytes").integer(1)};
  for (const JsonView& seed : view.field("seeds").items()) train.seeds.push_back(read_run_seed(seed));
  if (const auto accuracy = view.optional_field("accuracy")) train.accuracy = read_accuracy(*accuracy);
  train.prepare_seconds = view.field("durations").field("prepare_seconds").number(0.0);
  return train;
}

SearchFacts read_search(const JsonView& view) {
  SearchFacts search;
  search.strategy = view.field("strategy").string();
  search.board = view.field("board").string();
  search.train_samples = view.field("train_samples").integer(0);
  search.validation_samples = view.field("validation_samples").integer(0);
  search.mirror = view.field("mirror").boolean();
  search.task = read_task(view);
  if (search.task == Task::classify)
    search.fresh_classifier = view.field("classifier").one_of({"kept", "fresh"}) == 1;
  search.trials = view.field("trials").integer(0);
  search.jobs = static_cast<int32_t>(view.field("jobs").integer(1, INT32_MAX));
  search.next = read_texts(view.field("next"));
  search.seconds = view.field("seconds").number(0.0);
  return search;
}

}  // namespace

Json normalisation_json(const RunNormalisation& normalisation) {
  return {{"mean", normalisation.mean},
          {"standard_deviation", normalisation.standard_deviation},
          {"scale", normalisation.scale},
          {"zero_point", normalisation.zero_point}};
}

Json run_json(const RunFile& run) {
  const RunMachine& machine = run.machine;
  Json json = {{"schema_version", kRunVersion},
               {"thaw", run.thaw},
               {"command", run.command},
               {"machine",
                {{"processor", machine.processor},
                 {"cores", machine.cores},
                 {"system", machine.system},
                 {"compiler", machine.compiler},
                 {"build", machine.build}}},
               {"model", {{"file", run.model_file}, {"sha256", run.model_sha256}}},
               {"data", data_json(run.data)}};
  if (run.train) add_train(json, *run.train);
  if (run.search) add_search(json, *run.search);
  return json;
}

RunFile read_run_file(const JsonView& view) {
  check_schema_version(view, kRunVersion);
  RunFile run;
  run.thaw = view.field("thaw").string();
  run.command = read_texts(view.field("command"));
  run.machine = read_machine(view.field("machine"));
  run.model_file = view.field("model").field("file").string();
  run.model_sha256 = view.field("model").field("sha256").string();
  run.data = read_data(view.field("data"));
  if (view.field("kind").one_of({"train", "search"}) == 0)
    run.train = read_train(view);
  else
    run.search = read_search(view);
  return run;
}

}  // namespace thaw
