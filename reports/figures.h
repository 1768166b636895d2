// The figures of a run that a regression gate watches, and the baseline file that keeps them: one type, so
// that what was recorded and what is measured now are compared like with like.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "reports/run_files.h"

namespace thaw {

/// What one seed's network got right, sample by sample.
struct SeedCorrect {
  int64_t seed = 1;
  std::vector<bool> correct;
};

/// The errors of one seed's network, sample by sample.
struct SeedErrors {
  int64_t seed = 1;
  std::vector<double> errors;
};

/// Absent figures were not measured. `labels` is a fingerprint of the test set's labels; `correct` and
/// `errors` are empty where per-sample predictions are not stored.
struct Figures {
  std::string thaw, model_sha256, data_sha256, board;
  MetricKind metric = MetricKind::accuracy;
  std::optional<double> value;  // of the metric on test, mean over seeds; accuracy is 0..1
  double low = 0.0, high = 1.0;
  int64_t samples = 0, seeds = 0;
  std::optional<int64_t> ram_bytes, flash_bytes, macs_per_step, instructions_per_step;
  std::optional<double> search_seconds;
  std::string signature;  // empty: not measured
  std::string labels;
  std::vector<SeedCorrect> correct;
  std::vector<SeedErrors> errors;  // instead, where the metric is not accuracy
  std::vector<bool> anomalous;     // of an area, by test sample; otherwise empty
  Schedule schedule;
};

Figures figures_of(const Run& run);

/// The metric's value, interval, seeds and samples; with its name where it is not accuracy. Requires a value.
nlohmann::ordered_json metric_figures_json(const Figures& figures);

/// Reads what `write_baseline` wrote. Throws Error; unknown keys are refused.
Figures read_baseline(const std::filesystem::path& path);

/// Whole or not at all. Equal figures give equal bytes.
void write_baseline(const std::filesystem::path& path, const Figures& figures);

}  // namespace thaw
