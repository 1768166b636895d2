#include "search/expected_work.h"

#include "search/schedules.h"
#include "search/strategies/additive.h"

namespace thaw {
namespace {

// Of the layers' whole weights, so many add enough for a look at a quarter of them.
constexpr double kPromising = 0.3;

// Runs of a rate search: four looks by fours, and whole runs around the best.
constexpr double kRateLooks = 4.0, kRateRuns = 3.0;

/// Forward of one sample from the first updated layer on.
double forward_after_cut(const Network& network, const Schedule& schedule) {
  double macs = 0.0;
  for (size_t i = first_updated_layer(network, schedule); i < network.layers.size(); ++i)
    if (const auto* convolution = std::get_if<Convolution>(&network.layers[i].kind))
      macs += static_cast<double>(convolution->macs());
  return macs;
}

}  // namespace

double run_work(const SearchProblem& problem, const MemoryTotals& needed, const TrainingRun& run) {
  const bool on_test = run.measured_on == MeasuredOn::test;
  const double trained = on_test ? static_cast<double>(problem.train->count)
                                 : static_cast<double>(problem.folds[run.fold].train.size()) * run.samples;
  const double judged = on_test ? static_cast<double>(problem.test->count)
                                : static_cast<double>(problem.folds[run.fold].validation.size());
  const double forward = forward_after_cut(*problem.network, run.schedule);
  const double backward = static_cast<double>(needed.macs_input_gradient + needed.macs_weight_gradient);
  return trained * run.schedule.training.epochs * (forward + backward) + judged * forward;
}

double request_work(const Evaluator& evaluator, const Schedule& schedule, const Fidelity& fidelity,
                    MeasuredOn measured_on, double runs) {
  const TrainingRun run =
      training_run({"", schedule, fidelity, measured_on, {1}, TrialKind::look}, 0, evaluator.problem());
  return runs * run_work(evaluator.problem(), evaluator.memory(schedule), run);
}

double rate_and_confirmation_work(const Evaluator& evaluator, const StrategyTask& task,
                                  const Schedule& schedule) {
  const auto work = [&](const Fidelity& fidelity, double runs) {
    return request_work(evaluator, schedule, fidelity, MeasuredOn::validation, runs);
  };
  const double rates =
      task.rates.given ? 0.0 : work(task.rates.look, kRateLooks) + work(task.rates.run, kRateRuns);
  return rates + work(task.rates.full, static_cast<double>(task.rates.seeds.size()));
}

double contributions_work(const Evaluator& evaluator, const StrategyTask& task) {
  const Network& network = *evaluator.problem().network;
  const auto seeds = static_cast<double>(task.look_seeds.size());
  double work = 0.0;
  const auto add = [&](const Selection& selection, double runs) {
    work += request_work(evaluator, schedule_of(network, task.recipe, selection), task.first_look,
                         MeasuredOn::validation, runs);
  };
  for (int32_t op = task.space.first_op; op < head_op(network); ++op) add({op, {}}, seeds);
  for (const int32_t op : task.space.weights) add({op, {{op, 8}}}, (1.0 + kPromising) * seeds);
  return work;
}

Schedule typical_schedule(const Evaluator& evaluator, const StrategyTask& task) {
  const Network& network = *evaluator.problem().network;
  const int32_t middle = (task.space.first_op + head_op(network)) / 2;
  return bias_schedule(network, task.recipe, middle);
}

double looks_work(const Evaluator& evaluator, const StrategyTask& task, double looks) {
  return request_work(evaluator, typical_schedule(evaluator, task), task.rates.look, MeasuredOn::validation,
                      looks * static_cast<double>(task.look_seeds.size()));
}

}  // namespace thaw
