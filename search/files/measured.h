// An evaluation's figures as curve.json, comparison.json and pareto.json hold them, and a line of
// trials.jsonl says them of itself.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "search/files/evaluation.h"

namespace thaw {

class JsonView;

struct SeedAccuracy {
  int64_t seed = 1;
  double accuracy = 0.0;  // 0..1
};

enum class TrialOutcome { ok, diverged, over_budget };

/// As the files name it: "ok", "diverged" or "over_budget".
const char* outcome_name(TrialOutcome outcome);

/// As the files name it: "validation" or "test".
const char* measured_on_name(MeasuredOn on);

TrialOutcome read_outcome(const JsonView& view);

/// Bytes exact, accuracy the mean over seeds.
struct Measured {
  int64_t trial = 0;  // its number in trials.jsonl
  TrialOutcome outcome = TrialOutcome::ok;
  double accuracy = 0.0;
  std::vector<SeedAccuracy> by_seed;
  int64_t ram_bytes = 0, flash_bytes = 0, macs_per_step = 0;
  int64_t instructions_per_step = 0;  // predicted; 0: not known
  Schedule schedule;
};

Measured measured(const Evaluation& evaluation);

/// The fields of an object that are its figures, then the schedule as the last one by `add_schedule`: files
/// have fields of their own between the two.
void add_figures(nlohmann::ordered_json& json, const Measured& measured);
void add_schedule(nlohmann::ordered_json& json, const Measured& measured);

/// Both of them back. Throws Error naming the field.
Measured read_measured(const JsonView& view);

}  // namespace thaw
