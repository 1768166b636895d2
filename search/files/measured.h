// An evaluation's figures as curve.json, comparison.json and pareto.json hold them, and a line of
// trials.jsonl says them of itself.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "search/files/evaluation.h"

namespace thaw {

class JsonView;

struct SeedValue {
  int64_t seed = 1;
  double value = 0.0;  // of the metric; accuracy is 0..1
};

enum class TrialOutcome { ok, diverged, over_budget };

/// As the files name it: "ok", "diverged" or "over_budget".
const char* outcome_name(TrialOutcome outcome);

/// Of one training run: "ok" or "diverged".
const char* outcome_name(Outcome outcome);
Outcome read_run_outcome(const JsonView& view);

/// As the files name it: "validation" or "test".
const char* measured_on_name(MeasuredOn on);

TrialOutcome read_outcome(const JsonView& view);

/// Bytes exact, the value the mean over seeds: of a diverged one as Evaluation::value says.
struct Measured {
  int64_t trial = 0;  // its number in trials.jsonl
  TrialOutcome outcome = TrialOutcome::ok;
  MetricKind metric = MetricKind::accuracy;
  double value = 0.0;
  std::vector<SeedValue> by_seed;
  int64_t ram_bytes = 0, flash_bytes = 0, macs_per_step = 0;
  int64_t instructions_per_step = 0;  // predicted; 0: not known
  Schedule schedule;
};

Measured measured(const Evaluation& evaluation);

/// Under which key files have a value of this metric: "accuracy" or "value".
const char* value_key(MetricKind metric);

/// That field of an object; accuracy and area are 0..1, errors at least 0.
double metric_field(const JsonView& view, std::string_view key, MetricKind metric);

/// The field "accuracy" or, of another metric, "metric", "better" and "value"; null where that is infinite.
void add_metric(nlohmann::ordered_json& json, MetricKind metric, double value);

/// What add_metric added. Throws Error naming the field.
void read_metric(const JsonView& view, MetricKind& metric, double& value);

/// The fields of an object that are its figures, then the schedule as the last one by `add_schedule`: files
/// have fields of their own between the two.
void add_figures(nlohmann::ordered_json& json, const Measured& measured);
void add_schedule(nlohmann::ordered_json& json, const Measured& measured);

/// Both of them back. Throws Error naming the field.
Measured read_measured(const JsonView& view);

}  // namespace thaw
