#include "reports/run_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "reports/arena_file.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/json.h"
#include "sim/plan/schedule_json.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostPredictionBytes = uint64_t{1} << 30;

TrainingCurve read_training_curve(const JsonView& view) {
  TrainingCurve curve;
  curve.seed = view.field("seed").integer(0, UINT32_MAX);
  for (const JsonView& item : view.field("epochs").items()) {
    EpochPoint point;
    point.epoch = item.field("epoch").integer(0, INT32_MAX);
    point.loss = item.field("loss").number();
    if (const auto train = item.optional_field("train_accuracy"))
      point.train_accuracy = train->number(0.0, 1.0);
    if (const auto test = item.optional_field("test_loss")) point.test_loss = test->number();
    if (const auto test = item.optional_field("test_accuracy")) point.test_accuracy = test->number(0.0, 1.0);
    curve.epochs.push_back(point);
  }
  return curve;
}

TrialEntry trial_entry(const Evaluation& evaluation) {
  TrialEntry trial{measured(evaluation), evaluation.request, {}};
  for (const SeedResult& seed : evaluation.seeds) {
    if (seed.epochs.empty()) continue;
    trial.curves.push_back({seed.seed, {}});
    const bool classifies = seed.metric == MetricKind::accuracy;
    for (const EpochReport& e : seed.epochs)
      trial.curves.back().epochs.push_back(
          {e.epoch, e.loss, classifies ? std::optional(e.train_accuracy) : std::nullopt, {}, {}});
  }
  return trial;
}

/// Numbers and texts of an object, in the order of their names.
std::vector<std::pair<std::string, std::string>> plain_fields(const JsonView& view) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string& key : view.keys()) {
    const nlohmann::json& value = view.json()[key];
    if (value.is_string())
      fields.emplace_back(key, value.get<std::string>());
    else if (value.is_number())
      fields.emplace_back(key, value.dump());
  }
  return fields;
}

std::string text_of(const JsonView& view, std::string_view key) {
  const auto field = view.optional_field(key);
  return field ? field->string() : "";
}

/// The first metric of each seed's "metrics": mean over the seeds, of the ends of its intervals too. None of
/// runs without test samples.
std::optional<Promise> trained_errors(const std::vector<JsonView>& seeds) {
  Promise trained;
  for (const JsonView& seed : seeds) {
    const auto metrics = seed.optional_field("metrics");
    if (!metrics || metrics->field("test").size() == 0) return std::nullopt;
    const JsonView first = metrics->field("test").items()[0];
    trained.metric = read_metric_kind(first.field("name"));
    const auto mean = [&](const char* key) {
      return first.field(key).number() / static_cast<double>(seeds.size());
    };
    trained.mean += mean("value");
    trained.low += mean("low");
    trained.high += mean("high");
    if (++trained.seeds == 1) trained.signature = text_of(seed, "signature");
  }
  return trained.seeds > 0 ? std::optional(trained) : std::nullopt;
}

RunFacts read_facts(const JsonView& view) {
  check_schema_version(view, 1);
  RunFacts facts;
  facts.thaw = view.field("thaw").string();
  for (const JsonView& word : view.field("command").items()) facts.command.push_back(word.string());
  facts.model_file = view.field("model").field("file").string();
  facts.model_sha256 = view.field("model").field("sha256").string();
  const JsonView data = view.field("data");
  facts.data_name = data.field("name").string();
  facts.data_sha256 = data.field("sha256").string();
  facts.data = plain_fields(data);
  if (const auto names = data.optional_field("class_names"))
    for (const JsonView& name : names->items()) facts.class_names.push_back(name.string());
  if (const auto next = view.optional_field("next"))
    for (const JsonView& command : next->items()) facts.next.push_back(command.string());
  if (const auto samples = data.optional_field("test_samples")) facts.test_samples = samples->integer(0);
  if (const auto machine = view.optional_field("machine")) facts.machine = plain_fields(*machine);
  facts.board = text_of(view, "board");
  facts.strategy = text_of(view, "strategy");
  if (const auto seconds = view.optional_field("seconds")) facts.seconds = seconds->number(0.0);
  const auto seeds = view.optional_field("seeds");
  if (seeds && seeds->is_array())
    for (const JsonView& seed : seeds->items()) facts.curves.push_back(read_training_curve(seed));
  if (const auto accuracy = view.optional_field("accuracy")) {
    Promise trained;
    trained.mean = accuracy->field("mean").number(0.0, 1.0);
    trained.low = accuracy->field("low").number(0.0, 1.0);
    trained.high = accuracy->field("high").number(0.0, 1.0);
    trained.seeds = static_cast<int32_t>(accuracy->field("seeds").integer(1, INT32_MAX));
    if (seeds && seeds->size() > 0) trained.signature = text_of(seeds->items()[0], "signature");
    facts.trained = trained;
  } else if (seeds && seeds->is_array()) {
    facts.trained = trained_errors(seeds->items());
  }
  return facts;
}

DeviceCheck read_device(const JsonView& view) {
  check_schema_version(view, 1);
  DeviceCheck device;
  device.board = view.field("board").string();
  device.same_bits = view.field("bits").one_of({"identical", "different"}) == 0;
  device.training_steps = view.field("training_steps").integer(0);
  if (const auto count = view.optional_field("instructions_per_training_step"))  // null: not counted
    device.instructions_per_step = count->integer(0);
  return device;
}

/// Calls `read` with the parsed file where it exists; otherwise notes what the reports will lack.
void read_optional(const fs::path& file, const std::string& what_is_lost, std::vector<std::string>& notes,
                   const std::function<void(const JsonView&)>& read) {
  if (!fs::exists(file)) {
    if (!what_is_lost.empty())
      notes.push_back(file.filename().string() + " is not in the run directory: " + what_is_lost);
    return;
  }
  const nlohmann::json document = read_json_file(file);
  read(JsonView(document, file.string()));
}

/// Of several seeds `thaw train` keeps one folder each; their schedules differ in nothing but the seed.
fs::path schedule_path(const fs::path& folder) {
  if (fs::exists(folder / "schedule.json")) return folder / "schedule.json";
  std::vector<fs::path> nested;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && fs::exists(entry.path() / "schedule.json"))
      nested.push_back(entry.path() / "schedule.json");
  if (!nested.empty()) return *std::min_element(nested.begin(), nested.end());
  throw Error(folder.string(), "there is no schedule.json in this folder",
              "Name a run directory that 'thaw search' or 'thaw train' wrote");
}

}  // namespace

Run read_run(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw Error(folder.string(), "is not a folder", "Name a run directory that 'thaw search' wrote");
  Run run;
  // A folder's name may be any bytes; reports are UTF-8.
  const nlohmann::json name = fs::weakly_canonical(folder).filename().string();
  run.name = nlohmann::json::parse(name.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const fs::path schedule = schedule_path(folder);
  run.schedule_file = schedule.lexically_relative(folder).string();
  run.schedule = read_schedule_file(schedule);
  read_optional(folder / "run.json", "no provenance", run.notes,
                [&](const JsonView& view) { run.facts = read_facts(view); });
  const bool trained = run.facts && !run.facts->curves.empty();
  read_optional(folder / "curve.json", trained ? "" : "no freezing curve", run.notes,
                [&](const JsonView& view) { run.curve = read_curve(view); });
  read_optional(folder / "contributions.json", "", run.notes,
                [&](const JsonView& view) { run.contributions = read_contributions(view).layers; });
  read_optional(folder / "pareto.json", trained ? "" : "no Pareto front", run.notes,
                [&](const JsonView& view) { run.front = read_pareto(view); });
  std::optional<std::vector<std::byte>> predictions;
  if (fs::exists(folder / "comparison.json")) {
    if (fs::exists(folder / "predictions.bin"))
      predictions = read_file(folder / "predictions.bin", kMostPredictionBytes);
    else
      run.notes.push_back("predictions.bin is not in the run directory: accuracies cannot be paired");
  }
  read_optional(folder / "comparison.json", trained ? "" : "no comparison", run.notes,
                [&](const JsonView& view) { run.comparison = read_comparison(view, predictions); });
  if (fs::exists(folder / "trials.jsonl"))
    for (const TrialRow& row : read_trials(folder / "trials.jsonl"))
      run.trials.push_back(trial_entry(row.evaluation));
  else if (!trained)
    run.notes.push_back("trials.jsonl is not in the run directory: single trials are not shown");
  read_optional(folder / "plan.json", "no arena map", run.notes,
                [&](const JsonView& view) { run.arena = read_arena_map(view); });
  read_optional(folder / "device.json", "", run.notes,
                [&](const JsonView& view) { run.device = read_device(view); });
  return run;
}

MetricKind metric_of(const Run& run) {
  if (run.curve) return run.curve->points.front().metric;
  if (!run.front.empty()) return run.front.front().metric;
  if (run.facts && run.facts->trained) return run.facts->trained->metric;
  return run.schedule.promise ? run.schedule.promise->metric : MetricKind::accuracy;
}

bool on_front(const Run& run, int64_t trial) {
  return std::ranges::any_of(run.front, [&](const ParetoPoint& p) { return p.trial == trial; });
}

const std::vector<TrainingCurve>& training_curves(const Run& run) {
  static const std::vector<TrainingCurve> kNone;
  if (run.facts && !run.facts->curves.empty()) return run.facts->curves;
  if (run.comparison)
    for (const TrialEntry& t : run.trials)
      if (t.trial == run.comparison->rows[0].trial) return t.curves;
  return kNone;
}

}  // namespace thaw
