#include "search/run_directory.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "memmodel/paper_metric.h"
#include "memmodel/plan_json.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/interval.h"
#include "sim/base/json.h"
#include "sim/plan/schedule_json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;

const char* outcome_name(const Evaluation& e) {
  return e.diverged() ? "diverged" : e.over_budget ? "over_budget" : "ok";
}

Json accuracies(const Evaluation& e) {
  Json list = Json::array();
  for (const SeedResult& s : e.seeds) list.push_back({{"seed", s.seed}, {"accuracy", s.accuracy}});
  return list;
}

Json measured(const Evaluation& e) {
  return {{"trial", e.number},
          {"outcome", outcome_name(e)},
          {"accuracy", e.accuracy()},
          {"by_seed", accuracies(e)},
          {"ram_bytes", e.ram_bytes},
          {"flash_bytes", e.flash_bytes},
          {"macs_per_step", e.macs_per_step},
          {"learning_rate", e.request.schedule.training.learning_rate}};
}

Json schedule_json(const Schedule& schedule) {
  return Json::parse(write_schedule(schedule));
}

Json curve_json(const SearchResult& result, double threshold) {
  const Trace& trace = result.trace;
  Json points = Json::array();
  for (const TraceStep& step : trace.steps) {
    Json point = {{"frozen", step.frozen}, {"holds", step.holds}};
    point.update(measured(step.evaluation));
    point["schedule"] = schedule_json(step.evaluation.request.schedule);
    points.push_back(std::move(point));
  }
  return {{"schema_version", kSchemaVersion},
          {"measured_on", "validation"},
          {"threshold_points", threshold},
          {"reference_accuracy", trace.reference},
          {"chosen", result.chosen_step() ? Json(*result.chosen_step()) : Json()},
          {"stop_reason", trace.stop_reason},
          {"points", std::move(points)}};
}

Json gain_json(const Gain& gain) {
  return {{"nats", gain.nats}, {"error", gain.error}};
}

/// What each layer adds, as it was measured, with what it needs and whether it was taken.
Json contributions_json(const SearchResult& result) {
  const Contributions& measured = *result.trace.contributions;
  Json layers = Json::array();
  for (const LayerReason& reason : result.reasons) {
    if (!reason.bias_gain) continue;
    Json shares = Json::array();
    for (const WeightGain& weight : measured.weights)
      if (weight.share.op == reason.op)
        shares.push_back({{"eighths", weight.share.eighths}, {"gain", gain_json(weight.gain)}});
    layers.push_back({{"op", reason.op},
                      {"layer", reason.layer},
                      {"biases_from_here", gain_json(*reason.bias_gain)},
                      {"weights", std::move(shares)},
                      {"ram_bytes", reason.ram_bytes},
                      {"macs_per_step", reason.macs},
                      {"verdict", reason.verdict}});
  }
  return {{"schema_version", kSchemaVersion},
          {"measured_on", "validation"},
          {"learning_rate", measured.learning_rate},
          {"biases_beside_weights_from", measured.base},
          {"classifier_loss", measured.classifier_loss},
          {"layers", std::move(layers)}};
}

Json pareto_json(const std::vector<Evaluation>& front) {
  Json points = Json::array();
  for (const Evaluation& e : front) {
    Json point = {{"role", e.request.role}};
    point.update(measured(e));
    point["schedule"] = schedule_json(e.request.schedule);
    points.push_back(std::move(point));
  }
  return {{"schema_version", kSchemaVersion}, {"measured_on", "validation"}, {"points", std::move(points)}};
}

/// Labels first, then each row's predictions seed by seed, one byte a sample; the JSON says where.
struct PredictionFile {
  std::vector<std::byte> bytes;

  int64_t append(const std::vector<int32_t>& classes) {
    const auto at = static_cast<int64_t>(bytes.size());
    for (int32_t c : classes) bytes.push_back(static_cast<std::byte>(c));
    return at;
  }
};

Json difference_json(const PairedDifference& d, bool surely_better) {
  return {{"mean", d.mean}, {"low", d.low()}, {"high", d.high()}, {"surely_better", surely_better}};
}

Json interval_json(double accuracy, int64_t samples) {
  const AccuracyInterval interval = wilson_interval(accuracy, samples);
  return {{"low", interval.low}, {"high", interval.high}};
}

Json as_it_is_json(const AsItIs& shipped, int64_t samples, PredictionFile& file) {
  return {{"accuracy", shipped.accuracy},
          {"interval", interval_json(shipped.accuracy, samples)},
          {"ram_bytes", shipped.ram_bytes},
          {"flash_bytes", shipped.flash_bytes},
          {"macs", shipped.macs},
          {"against_chosen", difference_json(shipped.against_chosen, shipped.surely_better())},
          {"offset", file.append(shipped.predictions)}};
}

Json comparison_json(const SearchResult& result, const SearchProblem& problem, PredictionFile& file) {
  const int64_t samples = problem.test->count;
  Json rows = Json::array();
  const int64_t labels_at = file.append(problem.test->labels);
  for (const ComparisonRow& row : result.comparison) {
    Json json = {{"name", row.name}};
    json.update(measured(row.evaluation));
    json["interval"] = interval_json(row.evaluation.accuracy(), samples);
    if (row.on_validation)
      json["validation"] = {{"trial", row.on_validation->number},
                            {"accuracy", row.on_validation->accuracy()},
                            {"seeds", row.on_validation->seeds.size()}};
    json["is_chosen"] = row.is_chosen;
    json["against_chosen"] = difference_json(row.against_chosen, row.surely_better());
    Json predictions = Json::array();
    for (const SeedResult& s : row.evaluation.seeds)
      predictions.push_back({{"seed", s.seed}, {"offset", file.append(s.predictions)}});
    json["predictions"] = std::move(predictions);
    json["schedule"] = schedule_json(row.evaluation.request.schedule);
    rows.push_back(std::move(json));
  }
  Json document = {{"schema_version", kSchemaVersion},
                   {"measured_on", "test"},
                   {"samples", samples},
                   {"choice", result.choice.reason},
                   {"gained", result.choice.gained},
                   {"predictions_file", "predictions.bin"},
                   {"labels_offset", labels_at},
                   {"rows", std::move(rows)}};
  if (result.as_it_is) document["as_it_is"] = as_it_is_json(*result.as_it_is, samples, file);
  return document;
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
    return a.accuracy() > b.accuracy();
  });
  std::vector<Evaluation> front;
  for (const Evaluation& e : candidates)
    if (front.empty() || e.accuracy() > front.back().accuracy()) front.push_back(e);
  return front;
}

void write_run_directory(const std::filesystem::path& folder, const Evaluator& evaluator,
                         const std::vector<Evaluation>& trials, const SearchResult& result,
                         const SearchOptions& options) {
  PredictionFile predictions;
  const Json comparison = comparison_json(result, evaluator.problem(), predictions);
  write_file_atomically(folder / "predictions.bin", predictions.bytes);
  write_json_file(folder / "comparison.json", comparison);
  write_json_file(folder / "curve.json", curve_json(result, options.threshold_points));
  write_json_file(folder / "pareto.json", pareto_json(pareto_front(trials)));
  if (result.trace.contributions) write_json_file(folder / "contributions.json", contributions_json(result));
  const Network& network = *evaluator.problem().network;
  const Board& board = evaluator.problem().board;
  const PaperMetric paper = paper_metric(network, result.schedule);
  write_json_file(folder / "plan.json",
                  plan_json(device_training_plan(network, result.schedule, board), board, &paper));
  write_file_atomically(folder / "schedule.json", write_schedule(result.schedule));
}

}  // namespace thaw
