// What a search asks and what it is told: a schedule at a fidelity, and its measured accuracy (or error),
// bytes and work.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/metric_kind.h"
#include "sim/plan/schedule.h"
#include "sim/train/training_report.h"

namespace thaw {

/// How thoroughly a schedule is trained. Cheap looks decide between candidates, full ones are reported.
struct Fidelity {
  std::string name;  // "look" or "full"
  int32_t epochs = 4;
  double samples = 1.0;  // share of the training samples, the first ones of the list

  /// Compared and reported sample by sample, unlike looks.
  bool full() const { return name == "full"; }
  auto operator<=>(const Fidelity&) const = default;
};

/// Where accuracy is measured: decisions on validation folds of the training data (a fold a seed; the rest is
/// trained on), the final table on the test split after training on all training data.
enum class MeasuredOn { validation, test };

/// What a candidate has frozen that the schedule it is compared with trains.
struct FrozenTensors {
  enum class What { weights, layers_before };

  int32_t op = 0;     // Convolution::index
  std::string layer;  // its name
  What what = What::weights;

  bool operator==(const FrozenTensors&) const = default;
};

/// What a trial is for. look: decides between candidates; rate: finds a learning rate; confirm: measures in
/// full what a strategy took; baseline, test: rows of the comparison.
enum class TrialKind { look, rate, confirm, baseline, test };

/// A schedule to train once for each seed. `role` says in words, for people only, what it is for; `kind` and
/// `frozen` say it for programs.
struct EvaluationRequest {
  std::string role;
  Schedule schedule;  // its recipe's epochs and seed are replaced by those below
  Fidelity fidelity;
  MeasuredOn measured_on = MeasuredOn::validation;
  std::vector<uint32_t> seeds = {1};
  TrialKind kind = TrialKind::confirm;
  std::optional<FrozenTensors> frozen = std::nullopt;
};

/// Says what a search is doing now, one line.
using SearchLog = std::function<void(const std::string&)>;

/// One training run of an evaluation.
struct SeedResult {
  uint32_t seed = 1;
  Outcome outcome = Outcome::ok;
  double accuracy = 0.0;     // 0..1; of the last predictions even where the run diverged; of classes alone
  double loss = 0.0;         // mean of the last epoch: nats, or squared units of the output
  double judged_loss = 0.0;  // mean over the samples that were judged: nats, or squared steps of the output
  std::string signature;
  std::vector<int32_t> predictions;  // in full: of every test sample, or of the seed's validation fold
  std::vector<EpochReport> epochs;   // of a run that is tested on the test split; otherwise empty
  MetricKind metric = MetricKind::accuracy;
  double value = 0.0;          // of a metric that is not accuracy
  std::vector<double> errors;  // then, in full: of every sample that was judged (output_errors)
};

struct Evaluation {
  int32_t number = 0;  // place in the record, from 1
  EvaluationRequest request;
  std::vector<SeedResult> seeds;
  int64_t ram_bytes = 0, flash_bytes = 0, macs_per_step = 0;
  int64_t instructions_per_step = 0;  // predicted for the board; 0: not known
  bool over_budget = false;

  bool diverged() const;
  /// What `value` is of.
  MetricKind metric() const { return seeds.empty() ? MetricKind::accuracy : seeds.front().metric; }
  /// The metric, mean over seeds. Of a diverged one, which must never win, 0 where higher is better, else
  /// infinite.
  double value() const;
  /// The value made comparable: higher is better. Finite, so that differences are numbers.
  double score() const;
  /// Mean over seeds of the loss of the samples that were judged: nats, or squared steps of the output;
  /// infinite for a diverged one.
  double judged_loss() const;
};

/// "79.50 %" or "0.0312": the metric as people read it.
std::string value_text(const Evaluation& evaluation);

/// How much a score may fall below the best one where a user allows `threshold`: as it is where the metric is
/// a share, otherwise this share of the best error.
double allowed_fall(const Evaluation& best, double threshold);

/// Whether an evaluation is at most that much worse than the best one.
bool within_threshold(const Evaluation& evaluation, const Evaluation& best, double threshold);

}  // namespace thaw
