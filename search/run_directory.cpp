#include "search/run_directory.h"

#include <algorithm>

#include "memmodel/paper_metric.h"
#include "memmodel/plan_json.h"
#include "search/files/comparison_file.h"
#include "search/files/contributions_file.h"
#include "search/files/curve_file.h"
#include "search/files/pareto_file.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/json.h"
#include "sim/plan/schedule_json.h"
#include "sim/train/output_metrics.h"

namespace thaw {
namespace {

FreezingCurve curve_of(const SearchResult& result, double threshold) {
  const Trace& trace = result.trace;
  FreezingCurve curve{threshold, trace.reference, result.chosen_step(), trace.stop_reason, {}};
  for (const TraceStep& step : trace.steps)
    curve.points.push_back({measured(step.evaluation), step.frozen, step.holds});
  return curve;
}

/// Every layer whose weights fit alone, as it was measured.
ContributionsFile contributions_of(const SearchResult& result) {
  const Contributions& measured = *result.trace.contributions;
  ContributionsFile file{measured.learning_rate, measured.base, measured.classifier_loss, {}};
  for (const LayerReason& reason : result.reasons) {
    if (!reason.bias_gain) continue;
    LayerContribution layer{reason.op, reason.layer,     reason.verdict, *reason.bias_gain,
                            {},        reason.ram_bytes, reason.macs};
    for (const WeightGain& weight : measured.weights)
      if (weight.share.op == reason.op) layer.weights.push_back({weight.share.eighths, weight.gain});
    file.layers.push_back(std::move(layer));
  }
  return file;
}

/// At most 255 classes.
std::vector<uint8_t> as_bytes(const std::vector<int32_t>& classes) {
  return {classes.begin(), classes.end()};
}

std::vector<float> as_floats(const std::vector<double>& errors) {
  return {errors.begin(), errors.end()};
}

/// In files it is the metric's own difference: of errors one below 0 is the better one.
AgainstChosen against_chosen(MetricKind metric, const PairedDifference& d, bool surely_better) {
  if (higher_is_better(metric)) return {d.mean, d.low(), d.high(), surely_better};
  return {-d.mean, -d.high(), -d.low(), surely_better};
}

ComparedSchedule compared(const ComparisonRow& row) {
  const MetricKind metric = row.evaluation.metric();
  ComparedSchedule result{measured(row.evaluation),
                          row.name,
                          row.low,
                          row.high,
                          {},
                          row.is_chosen,
                          against_chosen(metric, row.against_chosen, row.surely_better()),
                          {}};
  if (const auto& on = row.on_validation)
    result.validation = {on->number, on->metric(), on->value(), std::ssize(on->seeds)};
  for (const SeedResult& s : row.evaluation.seeds)
    result.predictions.push_back({s.seed, as_bytes(s.predictions), as_floats(s.errors)});
  return result;
}

ShippedRow shipped_row(const AsItIs& shipped) {
  return {shipped.metric,
          shipped.value,
          shipped.low,
          shipped.high,
          shipped.ram_bytes,
          shipped.flash_bytes,
          shipped.macs,
          against_chosen(shipped.metric, shipped.against_chosen, shipped.surely_better()),
          as_bytes(shipped.predictions),
          as_floats(shipped.errors)};
}

/// Classes, or where the output is compared which samples are anomalies.
std::vector<uint8_t> labels_of(const SearchProblem& problem) {
  if (!compares_output(problem.network->task)) return as_bytes(problem.test->labels);
  std::vector<uint8_t> labels(static_cast<size_t>(problem.test->count), 0);
  const std::vector<bool> anomalous = anomalous_samples(problem.train->labels, problem.test->labels);
  std::copy(anomalous.begin(), anomalous.end(), labels.begin());
  return labels;
}

Comparison comparison_of(const SearchResult& result, const SearchProblem& problem) {
  Comparison comparison;
  comparison.samples = problem.test->count;
  comparison.choice = result.choice.reason;
  comparison.gained = result.choice.gained;
  comparison.labels = labels_of(problem);
  for (const ComparisonRow& row : result.comparison) comparison.rows.push_back(compared(row));
  if (const auto& shipped = result.as_it_is) comparison.as_it_is = shipped_row(*shipped);
  return comparison;
}

std::vector<ParetoPoint> pareto_points(const std::vector<Evaluation>& trials) {
  std::vector<ParetoPoint> points;
  for (const Evaluation& e : pareto_front(trials)) points.push_back({measured(e), e.request.role});
  return points;
}

}  // namespace

void check_run_files(const std::filesystem::path& folder) {
  for (const char* name :
       {"trials.jsonl", "schedule.json", "curve.json", "contributions.json", "pareto.json", "comparison.json",
        "predictions.bin", "plan.json", "run.json", "state.bin", "model.tflite"})
    if (std::filesystem::is_directory(folder / name))
      throw Error((folder / name).string(), "is a folder, where a file of the run is to be written",
                  "Give another folder with -o");
}

std::vector<Evaluation> pareto_front(const std::vector<Evaluation>& trials) {
  std::vector<Evaluation> candidates;
  for (const Evaluation& e : trials)
    if (e.request.measured_on == MeasuredOn::validation && e.request.fidelity.full() && !e.diverged() &&
        !e.over_budget)
      candidates.push_back(e);
  std::stable_sort(candidates.begin(), candidates.end(), [](const Evaluation& a, const Evaluation& b) {
    if (a.ram_bytes != b.ram_bytes) return a.ram_bytes < b.ram_bytes;
    return a.score() > b.score();
  });
  std::vector<Evaluation> front;
  for (const Evaluation& e : candidates)
    if (front.empty() || e.score() > front.back().score()) front.push_back(e);
  return front;
}

void write_run_directory(const std::filesystem::path& folder, const Evaluator& evaluator,
                         const std::vector<Evaluation>& trials, const SearchResult& result,
                         const SearchOptions& options) {
  const ComparisonFiles comparison = write_comparison(comparison_of(result, evaluator.problem()));
  write_file_atomically(folder / "predictions.bin", comparison.predictions_bin);
  write_file_atomically(folder / "comparison.json", comparison.comparison_json);
  write_file_atomically(folder / "curve.json", write_curve(curve_of(result, options.threshold_points)));
  write_file_atomically(folder / "pareto.json", write_pareto(pareto_points(trials)));
  if (result.trace.contributions)
    write_file_atomically(folder / "contributions.json", write_contributions(contributions_of(result)));
  const Network& network = *evaluator.problem().network;
  const Board& board = evaluator.problem().board;
  const PaperMetric paper = paper_metric(network, result.schedule);
  write_json_file(folder / "plan.json",
                  plan_json(device_training_plan(network, result.schedule, board), board, &paper));
  write_file_atomically(folder / "schedule.json", write_schedule(result.schedule));
}

}  // namespace thaw
