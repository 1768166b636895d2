// A run directory as values: everything that `thaw search` and `thaw train` leave behind. schedule.json must
// be there; what else is missing is left out of the reports and said so in `notes`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/schedule_file.h"

namespace thaw {

struct SeedAccuracy {
  int64_t seed = 1;
  double accuracy = 0.0;  // 0..1
};

enum class TrialOutcome { ok, diverged, over_budget };

/// As the files name it: "ok", "diverged" or "over_budget".
const char* outcome_name(TrialOutcome outcome);

/// One evaluation's figures. Bytes exact, accuracy the mean over seeds.
struct Measured {
  int64_t trial = 0;
  TrialOutcome outcome = TrialOutcome::ok;
  double accuracy = 0.0;
  std::vector<SeedAccuracy> by_seed;
  int64_t ram_bytes = 0, flash_bytes = 0, macs_per_step = 0;
  double learning_rate = 0.0;
  std::vector<UpdatedLayer> update;
};

struct CurvePoint : Measured {
  std::string frozen;  // what was frozen to get here
  bool holds = true;   // within the threshold of the best so far
};

/// curve.json: accuracy is on validation.
struct FreezingCurve {
  double threshold_points = 0.0, reference_accuracy = 0.0;
  std::optional<size_t> chosen;  // place in points; none where the answer is not on the curve
  std::string stop_reason;
  std::vector<CurvePoint> points;
};

/// What a layer's weights add, as a row of contributions.json: nats of validation loss with their standard
/// error, and the RAM that they need.
struct LayerContribution {
  std::string layer, verdict;  // the verdict is for people
  bool updated = false;        // the run's schedule updates its weights
  double nats = 0.0, error = 0.0;
  int64_t ram_bytes = 0, macs_per_step = 0;
};

/// Predicted class of every test sample by one seed's network.
struct SeedPredictions {
  int64_t seed = 1;
  std::vector<uint8_t> classes;
};

/// Accuracy on the same test samples less that of the chosen schedule, with its 95 % interval.
struct AgainstChosen {
  double mean = 0.0, low = 0.0, high = 0.0;
  bool surely_better = false;
};

struct ComparedSchedule : Measured {
  std::string name;
  double low = 0.0, high = 1.0;  // 95 % interval
  std::optional<double> validation_accuracy;
  std::optional<AgainstChosen> against_chosen;
  std::vector<SeedPredictions> predictions;
};

/// The model as shipped, without training.
struct ShippedRow {
  double accuracy = 0.0, low = 0.0, high = 1.0;
  int64_t ram_bytes = 0, flash_bytes = 0;
  AgainstChosen against_chosen;
};

/// comparison.json: on the test split. Row 0 is the chosen schedule. `labels` and the predictions are empty
/// where predictions.bin is missing.
struct Comparison {
  int64_t samples = 0;
  std::string choice;  // why the chosen one is the answer; may be empty
  std::vector<uint8_t> labels;
  std::vector<ComparedSchedule> rows;
  std::optional<ShippedRow> as_it_is;
};

struct EpochPoint {
  int64_t epoch = 0;
  double loss = 0.0, train_accuracy = 0.0;
  std::optional<double> test_accuracy;
};

struct TrainingCurve {
  int64_t seed = 1;
  std::vector<EpochPoint> epochs;
};

/// A line of trials.jsonl; `curves` where it keeps the epochs of its seeds.
struct TrialEntry : Measured {
  std::string role, fidelity, measured_on;  // the role is for people, the kind for us
  std::string kind;                         // "look", "rate", ...; empty in records of Thaw before 0.2
  std::string frozen_weights_of;            // the layer whose weights a look has frozen; empty: none
  std::vector<TrainingCurve> curves;
};

/// device.json: what `tools/run-on-qemu DIR --json` printed for the schedule's firmware.
struct DeviceCheck {
  std::string board;
  bool same_bits = false;
  int64_t training_steps = 0;
  std::optional<int64_t> instructions_per_step;
};

/// run.json: provenance, and what depends on time and machine.
struct RunFacts {
  std::string thaw, model_file, model_sha256, data_name, data_sha256, board, strategy;
  std::vector<std::string> command;
  std::vector<std::string> class_names;  // by label; may be empty
  std::vector<std::string> next;         // commands that go on from here, as they are typed
  std::vector<std::pair<std::string, std::string>> machine;  // name, value; as they stand in the file
  std::vector<std::pair<std::string, std::string>> data;     // numbers and texts of "data"
  int64_t test_samples = 0;
  std::optional<double> seconds;
  std::optional<PromisedFigures> trained;  // accuracy of `thaw train`; bytes are 0
  std::vector<TrainingCurve> curves;       // of `thaw train`
};

/// One buffer of the arena over its life; steps inclusive.
struct ArenaBuffer {
  std::string name, kind;
  int64_t offset = 0, bytes = 0, first_step = 0, last_step = 0;
};

/// One step of a training step's plan.
struct ArenaStep {
  std::string name, phase;
  int64_t live_bytes = 0;
  bool at_peak = false;
  int64_t stream = -1;  // number of the row stream that the step is a band of; -1: none
};

/// The part of plan.json that shows where each byte lies when.
struct ArenaMap {
  int64_t peak_bytes = 0, lower_bound_bytes = 0;
  bool proven_optimal = false;
  std::string board;  // that the plan was made for; may be empty
  int64_t ram_bytes = 0, flash_bytes = 0, macs_per_step = 0;
  int64_t arena_bytes = 0, persistent_bytes = 0, stack_bytes = 0, constant_bytes = 0, code_bytes = 0;
  std::vector<ArenaBuffer> buffers;  // of the arena only
  std::vector<ArenaStep> steps;
};

struct Run {
  std::string name;           // of the folder
  std::string schedule_file;  // relative to it
  ScheduleFile schedule;
  std::optional<FreezingCurve> curve;
  std::vector<LayerContribution> contributions;  // where the strategy measured them
  std::vector<int64_t> pareto_trials;            // numbers of the trials on the front
  std::optional<Comparison> comparison;
  std::vector<TrialEntry> trials;
  std::optional<RunFacts> facts;
  std::optional<ArenaMap> arena;
  std::optional<DeviceCheck> device;
  std::vector<std::string> notes;
};

/// The chosen schedule's runs, epoch by epoch: of `thaw train`, or of the search's last comparison; or none.
const std::vector<TrainingCurve>& training_curves(const Run& run);

/// Throws Error naming file and field of the first thing that is not as the formats say.
Run read_run(const std::filesystem::path& folder);

}  // namespace thaw
