// A run directory as values: everything that `thaw search` and `thaw train` leave behind. schedule.json must
// be there; what else is missing is left out of the reports and said so in `notes`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "search/files/comparison_file.h"
#include "search/files/contributions_file.h"
#include "search/files/curve_file.h"
#include "search/files/pareto_file.h"
#include "search/files/run_file.h"
#include "search/files/trial_file.h"

namespace thaw {

struct TrainingCurve {
  int64_t seed = 1;
  std::vector<EpochReport> epochs;
};

/// A line of trials.jsonl; `curves` where it keeps the epochs of its seeds.
struct TrialEntry : Measured {
  EvaluationRequest request;
  std::vector<TrainingCurve> curves;
};

/// device.json: what `tools/run-on-qemu DIR --json` printed for the schedule's firmware.
struct DeviceCheck {
  std::string board;
  bool same_bits = false;
  int64_t training_steps = 0;
  std::optional<int64_t> instructions_per_step;
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
  bool trains = true;
  std::string board;  // that the plan was made for; may be empty
  int64_t ram_bytes = 0, flash_bytes = 0, macs_per_step = 0;
  int64_t instructions_per_step = 0;  // predicted; 0: not known
  int64_t arena_bytes = 0, persistent_bytes = 0, stack_bytes = 0, constant_bytes = 0, code_bytes = 0;
  std::vector<ArenaBuffer> buffers;  // of the arena only
  std::vector<ArenaStep> steps;
};

struct Run {
  std::string name;           // of the folder
  std::string schedule_file;  // relative to it
  Schedule schedule;
  std::optional<FreezingCurve> curve;
  std::vector<LayerContribution> contributions;  // where the strategy measured them
  std::vector<ParetoPoint> front;
  std::optional<Comparison> comparison;
  std::vector<TrialEntry> trials;
  std::optional<RunFile> facts;
  std::optional<ArenaMap> arena;
  std::optional<DeviceCheck> device;
  std::vector<std::string> notes;
};

/// What decisions of a search were taken by, or a training run is judged by.
MetricKind metric_of(const Run& run);

/// Whether a trial is on the Pareto front.
bool on_front(const Run& run, int64_t trial);

/// The chosen schedule's runs, epoch by epoch: of `thaw train`, or of the search's last comparison; or none.
std::vector<TrainingCurve> training_curves(const Run& run);

/// What `thaw train` measured, where it did, accuracy or error: its bytes are 0.
std::optional<Promise> trained_metric(const Run& run);

/// The board of a search; empty where the run is none.
std::string searched_board(const Run& run);

/// How long a search took.
std::optional<double> search_seconds(const Run& run);

/// Throws Error naming file and field of the first thing that is not as the formats say.
Run read_run(const std::filesystem::path& folder);

}  // namespace thaw
