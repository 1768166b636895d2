#include "reports/run_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "reports/arena_file.h"
#include "sim/base/error.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostTrialBytes = uint64_t{1} << 30;
constexpr uint64_t kMostPredictionBytes = uint64_t{1} << 30;

TrialOutcome read_outcome(const JsonView& view) {
  return static_cast<TrialOutcome>(view.one_of({"ok", "diverged", "over_budget"}));
}

/// The figures that curve.json, comparison.json and pareto.json give each point.
void read_measured(const JsonView& view, Measured& m) {
  m.trial = view.field("trial").integer(0, INT32_MAX);
  m.outcome = read_outcome(view.field("outcome"));
  m.accuracy = view.field("accuracy").number(0.0, 1.0);
  for (const JsonView& s : view.field("by_seed").items())
    m.by_seed.push_back({s.field("seed").integer(0, UINT32_MAX), s.field("accuracy").number(0.0, 1.0)});
  m.ram_bytes = view.field("ram_bytes").integer(0);
  m.flash_bytes = view.field("flash_bytes").integer(0);
  m.macs_per_step = view.field("macs_per_step").integer(0);
  m.learning_rate = view.field("learning_rate").number(0.0);
  m.update = read_schedule_view(view.field("schedule")).update;
}

std::vector<LayerContribution> read_contributions(const JsonView& view,
                                                  const std::vector<UpdatedLayer>& update) {
  std::vector<LayerContribution> layers;
  for (const JsonView& layer : view.field("layers").items()) {
    LayerContribution row;
    row.layer = layer.field("layer").string();
    row.verdict = layer.field("verdict").string();
    row.updated =
        std::ranges::any_of(update, [&](const UpdatedLayer& u) { return u.weights && u.layer == row.layer; });
    row.ram_bytes = layer.field("ram_bytes").integer(-INT32_MAX, INT32_MAX);
    row.macs_per_step = layer.field("macs_per_step").integer(0);
    for (const JsonView& share : layer.field("weights").items())
      if (share.field("eighths").integer(1, 8) == 8) {
        row.nats = share.field("gain").field("nats").number();
        row.error = share.field("gain").field("error").number();
      }
    layers.push_back(std::move(row));
  }
  return layers;
}

FreezingCurve read_curve(const JsonView& view) {
  check_schema_version(view, 1);
  FreezingCurve curve;
  curve.threshold_points = view.field("threshold_points").number(0.0, 100.0);
  curve.reference_accuracy = view.field("reference_accuracy").number(0.0, 1.0);
  curve.stop_reason = view.field("stop_reason").string();
  for (const JsonView& item : view.field("points").items()) {
    CurvePoint point;
    read_measured(item, point);
    point.frozen = item.field("frozen").string();
    point.holds = item.field("holds").boolean();
    curve.points.push_back(std::move(point));
  }
  if (curve.points.empty()) view.field("points").fail("the curve has no points");
  if (const auto chosen = view.optional_field("chosen"))  // null: a baseline won
    curve.chosen = static_cast<size_t>(chosen->integer(0, static_cast<int64_t>(curve.points.size()) - 1));
  return curve;
}

std::vector<uint8_t> slice(const std::vector<std::byte>& bytes, const JsonView& offset, int64_t count) {
  const int64_t at = offset.integer(0);
  if (at > static_cast<int64_t>(bytes.size()) - count)
    offset.fail(fmt::format("{} bytes from byte {} of predictions.bin on are named, but it has {} bytes",
                            count, at, bytes.size()),
                "The run directory is incomplete: copy it again, or repeat the search");
  std::vector<uint8_t> classes;
  for (int64_t i = 0; i < count; ++i)
    classes.push_back(std::to_integer<uint8_t>(bytes[static_cast<size_t>(at + i)]));
  return classes;
}

AgainstChosen read_against_chosen(const JsonView& view) {
  return {view.field("mean").number(-1.0, 1.0), view.field("low").number(-1.0, 1.0),
          view.field("high").number(-1.0, 1.0), view.field("surely_better").boolean()};
}

ShippedRow read_shipped(const JsonView& view) {
  const JsonView interval = view.field("interval");
  return {view.field("accuracy").number(0.0, 1.0), interval.field("low").number(0.0, 1.0),
          interval.field("high").number(0.0, 1.0), view.field("ram_bytes").integer(0),
          view.field("flash_bytes").integer(0),    read_against_chosen(view.field("against_chosen"))};
}

Comparison read_comparison(const JsonView& view, const std::optional<std::vector<std::byte>>& predictions) {
  check_schema_version(view, 1);
  Comparison comparison;
  comparison.samples = view.field("samples").integer(1, INT32_MAX);
  if (predictions) comparison.labels = slice(*predictions, view.field("labels_offset"), comparison.samples);
  for (const JsonView& item : view.field("rows").items()) {
    ComparedSchedule row;
    read_measured(item, row);
    row.name = item.field("name").string();
    row.low = item.field("interval").field("low").number(0.0, 1.0);
    row.high = item.field("interval").field("high").number(0.0, 1.0);
    if (const auto validation = item.optional_field("validation"))
      row.validation_accuracy = validation->field("accuracy").number(0.0, 1.0);
    if (const auto against = item.optional_field("against_chosen"))
      row.against_chosen = read_against_chosen(*against);
    if (predictions)
      for (const JsonView& p : item.field("predictions").items())
        row.predictions.push_back({p.field("seed").integer(0, UINT32_MAX),
                                   slice(*predictions, p.field("offset"), comparison.samples)});
    comparison.rows.push_back(std::move(row));
  }
  if (comparison.rows.empty()) view.field("rows").fail("there are no rows");
  if (const auto choice = view.optional_field("choice")) comparison.choice = choice->string();
  if (const auto shipped = view.optional_field("as_it_is")) comparison.as_it_is = read_shipped(*shipped);
  return comparison;
}

TrainingCurve read_training_curve(const JsonView& view) {
  TrainingCurve curve;
  curve.seed = view.field("seed").integer(0, UINT32_MAX);
  for (const JsonView& item : view.field("epochs").items()) {
    EpochPoint point;
    point.epoch = item.field("epoch").integer(0, INT32_MAX);
    point.loss = item.field("loss").number();
    point.train_accuracy = item.field("train_accuracy").number(0.0, 1.0);
    if (const auto test = item.optional_field("test_accuracy")) point.test_accuracy = test->number(0.0, 1.0);
    curve.epochs.push_back(point);
  }
  return curve;
}

void read_purpose(const JsonView& view, TrialEntry& trial) {
  trial.kind = view.field("kind").string();
  const auto frozen = view.optional_field("frozen");
  if (frozen && frozen->field("what").one_of({"weights", "layers_before"}) == 0)
    trial.frozen_weights_of = frozen->field("layer").string();
}

TrialEntry read_trial(const JsonView& view) {
  check_schema_version(view, 1);
  TrialEntry trial;
  trial.trial = view.field("number").integer(1, INT32_MAX);
  trial.role = view.field("role").string();
  if (const auto purpose = view.optional_field("purpose")) read_purpose(*purpose, trial);
  trial.fidelity = view.field("fidelity").field("name").string();
  trial.measured_on = view.field("measured_on").string();
  trial.outcome = read_outcome(view.field("outcome"));
  trial.accuracy = view.field("accuracy").number(0.0, 1.0);
  trial.ram_bytes = view.field("ram_bytes").integer(0);
  trial.flash_bytes = view.field("flash_bytes").integer(0);
  trial.macs_per_step = view.field("macs_per_step").integer(0);
  for (const JsonView& s : view.field("seeds").items()) {
    trial.by_seed.push_back({s.field("seed").integer(0, UINT32_MAX), s.field("accuracy").number(0.0, 1.0)});
    if (s.optional_field("epochs")) trial.curves.push_back(read_training_curve(s));
  }
  const ScheduleFile schedule = read_schedule_view(view.field("schedule"));
  trial.learning_rate = schedule.learning_rate;
  trial.update = schedule.update;
  return trial;
}

std::vector<TrialEntry> read_trials(const fs::path& path) {
  const std::vector<std::byte> bytes = read_file(path, kMostTrialBytes);
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<TrialEntry> trials;
  for (int64_t line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string where = fmt::format("{}: line {}", path.string(), line);
    if (end > 0) {
      const nlohmann::json document = parse_json(rest.substr(0, end), where);
      trials.push_back(read_trial(JsonView(document, where)));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return trials;
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
    PromisedFigures trained;
    trained.accuracy = accuracy->field("mean").number(0.0, 1.0);
    trained.low = accuracy->field("low").number(0.0, 1.0);
    trained.high = accuracy->field("high").number(0.0, 1.0);
    trained.seeds = accuracy->field("seeds").integer(1, INT32_MAX);
    if (seeds && seeds->size() > 0) trained.signature = text_of(seeds->items()[0], "signature");
    facts.trained = trained;
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

std::vector<int64_t> read_front(const JsonView& view) {
  check_schema_version(view, 1);
  std::vector<int64_t> trials;
  for (const JsonView& point : view.field("points").items())
    trials.push_back(point.field("trial").integer(0, INT32_MAX));
  return trials;
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
  run.schedule = read_exported_schedule(schedule);
  read_optional(folder / "run.json", "no provenance", run.notes,
                [&](const JsonView& view) { run.facts = read_facts(view); });
  const bool trained = run.facts && !run.facts->curves.empty();
  read_optional(folder / "curve.json", trained ? "" : "no freezing curve", run.notes,
                [&](const JsonView& view) { run.curve = read_curve(view); });
  read_optional(folder / "contributions.json", "", run.notes, [&](const JsonView& view) {
    run.contributions = read_contributions(view, run.schedule.update);
  });
  read_optional(folder / "pareto.json", trained ? "" : "no Pareto front", run.notes,
                [&](const JsonView& view) { run.pareto_trials = read_front(view); });
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
    run.trials = read_trials(folder / "trials.jsonl");
  else if (!trained)
    run.notes.push_back("trials.jsonl is not in the run directory: single trials are not shown");
  read_optional(folder / "plan.json", "no arena map", run.notes,
                [&](const JsonView& view) { run.arena = read_arena_map(view); });
  read_optional(folder / "device.json", "", run.notes,
                [&](const JsonView& view) { run.device = read_device(view); });
  return run;
}

const char* outcome_name(TrialOutcome outcome) {
  switch (outcome) {
    case TrialOutcome::ok:
      return "ok";
    case TrialOutcome::diverged:
      return "diverged";
    case TrialOutcome::over_budget:
      return "over_budget";
  }
  return "";
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
