// comparison.json and predictions.bin: the table at the end, on the test split, sample by sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "search/files/measured.h"

namespace thaw {

/// Predicted class of every test sample by one seed's network; of a metric that is not accuracy its error.
struct SeedPredictions {
  int64_t seed = 1;
  std::vector<uint8_t> classes;
  std::vector<float> errors = {};
};

/// The metric on the same test samples less that of the chosen schedule, with its 95 % interval.
struct AgainstChosen {
  double mean = 0.0, low = 0.0, high = 0.0;
  bool surely_better = false;
};

/// What a schedule had reached on validation, where it was measured in full there.
struct OnValidation {
  int64_t trial = 0;
  MetricKind metric = MetricKind::accuracy;
  double value = 0.0;
  int64_t seeds = 0;
};

struct ComparedSchedule : Measured {
  std::string name;
  double low = 0.0, high = 1.0;  // 95 % interval
  std::optional<OnValidation> validation;
  bool is_chosen = false;  // updates what row 0 updates
  std::optional<AgainstChosen> against_chosen;
  std::vector<SeedPredictions> predictions;
};

/// The model as shipped, without training.
struct ShippedRow {
  MetricKind metric = MetricKind::accuracy;
  double value = 0.0, low = 0.0, high = 1.0;
  int64_t ram_bytes = 0, flash_bytes = 0, macs = 0;
  AgainstChosen against_chosen;
  std::vector<uint8_t> predictions;
  std::vector<float> errors = {};
};

/// Row 0 is the chosen schedule. `labels` and all predictions are empty where predictions.bin is missing. Of
/// a metric that is not accuracy a label is 1 for an anomaly, else 0.
struct Comparison {
  int64_t samples = 0;
  std::string choice;  // why the chosen one is the answer; may be empty
  bool gained = true;  // whether anything surely beats the smallest that was measured
  std::vector<uint8_t> labels;
  std::vector<ComparedSchedule> rows;
  std::optional<ShippedRow> as_it_is;
};

/// Both files. predictions.bin: the labels, then each row's predictions seed by seed, then those of the model
/// as shipped, one byte a sample (errors: binary32, little endian); the other says where.
struct ComparisonFiles {
  std::string comparison_json;
  std::vector<std::byte> predictions_bin;
};

/// Equal comparisons give equal bytes.
ComparisonFiles write_comparison(const Comparison& comparison);

/// Reads what write_comparison wrote; without `predictions` those stay empty. Throws Error naming the field.
Comparison read_comparison(const JsonView& view, const std::optional<std::vector<std::byte>>& predictions);

}  // namespace thaw
