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

TrialEntry trial_entry(const Evaluation& evaluation) {
  TrialEntry trial{measured(evaluation), evaluation.request, {}};
  for (const SeedResult& seed : evaluation.seeds) {
    if (!seed.epochs.empty()) trial.curves.push_back({seed.seed, seed.epochs});
  }
  return trial;
}

/// The first metric of each seed: mean over the seeds, of the ends of its intervals too. None of runs without
/// test samples.
std::optional<Promise> trained_errors(const std::vector<RunSeed>& seeds) {
  Promise trained;
  const auto count = static_cast<double>(seeds.size());
  for (const RunSeed& seed : seeds) {
    if (!seed.metrics || seed.metrics->test.empty()) return std::nullopt;
    const Metric& first = seed.metrics->test.front();
    const std::optional<MetricKind> kind = metric_named(first.name);
    if (!kind) return std::nullopt;
    trained.metric = *kind;
    trained.mean += first.value / count;
    trained.low += first.low / count;
    trained.high += first.high / count;
    if (++trained.seeds == 1) trained.signature = seed.signature;
  }
  return trained.seeds > 0 ? std::optional(trained) : std::nullopt;
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
                [&](const JsonView& view) { run.facts = read_run_file(view); });
  const bool trained = run.facts && run.facts->train;
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
  if (const auto trained = trained_metric(run)) return trained->metric;
  return run.schedule.promise ? run.schedule.promise->metric : MetricKind::accuracy;
}

bool on_front(const Run& run, int64_t trial) {
  return std::ranges::any_of(run.front, [&](const ParetoPoint& p) { return p.trial == trial; });
}

std::vector<TrainingCurve> training_curves(const Run& run) {
  std::vector<TrainingCurve> curves;
  if (run.facts && run.facts->train)
    for (const RunSeed& seed : run.facts->train->seeds) curves.push_back({seed.seed, seed.epochs});
  else if (run.comparison)
    for (const TrialEntry& t : run.trials)
      if (t.trial == run.comparison->rows[0].trial) return t.curves;
  return curves;
}

std::optional<Promise> trained_metric(const Run& run) {
  if (!run.facts || !run.facts->train) return std::nullopt;
  const TrainFacts& train = *run.facts->train;
  if (!train.accuracy) return trained_errors(train.seeds);
  Promise trained;
  trained.mean = train.accuracy->mean;
  trained.low = train.accuracy->interval.low;
  trained.high = train.accuracy->interval.high;
  trained.seeds = static_cast<int32_t>(train.seeds.size());
  if (!train.seeds.empty()) trained.signature = train.seeds.front().signature;
  return trained;
}

std::string searched_board(const Run& run) {
  return run.facts && run.facts->search ? run.facts->search->board : "";
}

std::optional<double> search_seconds(const Run& run) {
  return run.facts && run.facts->search ? std::optional(run.facts->search->seconds) : std::nullopt;
}

}  // namespace thaw
