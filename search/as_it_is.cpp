#include "search/as_it_is.h"

#include "memmodel/device_plan.h"
#include "search/metric.h"
#include "search/schedules.h"
#include "sim/exec/shipped_model.h"
#include "sim/exec/some_samples.h"
#include "sim/plan/training_plan.h"
#include "sim/train/trainer.h"

namespace thaw {
namespace {

// Training samples that the shipped model is asked about: more would cost seconds only.
constexpr int64_t kAsked = 500;

std::vector<bool> right(const std::vector<int32_t>& predictions, const std::vector<int32_t>& labels) {
  std::vector<bool> result;
  for (size_t i = 0; i < labels.size(); ++i) result.push_back(predictions[i] == labels[i]);
  return result;
}

double share(const std::vector<bool>& right) {
  int64_t count = 0;
  for (const bool is_right : right) count += int64_t{is_right};
  return right.empty() ? 0.0 : static_cast<double>(count) / static_cast<double>(right.size());
}

}  // namespace

std::optional<ShippedModel> ask_shipped_model(const Graph& graph, TensorId input, const Samples& train,
                                              const Samples& test, int32_t classes, int32_t threads,
                                              const std::function<bool()>& stopped) {
  if (graph.outputs.size() != 1 || graph.tensor(graph.outputs[0]).elements() != classes) return std::nullopt;
  const Samples asked = some_samples(train, kAsked);
  const std::vector<int32_t> answers = predict_as_shipped(graph, input, asked, threads, {}, stopped);
  ShippedModel shipped;
  shipped.train_accuracy = share(right(answers, asked.labels));
  shipped.knows_classes = knows_classes(answers, asked.labels, classes);
  if (shipped.knows_classes)
    shipped.test_predictions = predict_as_shipped(graph, input, test, threads, {}, stopped);
  return shipped;
}

namespace {

void set_memory(const SearchProblem& problem, AsItIs& row) {
  const MemoryTotals needed =
      device_inference_plan(problem.network->graph, problem.board, problem.input_by).totals;
  row.ram_bytes = needed.ram.required;
  row.flash_bytes = needed.flash.required;
  row.macs = needed.macs_per_step();
}

void set_interval(const SearchProblem& problem, AsItIs& row) {
  const AccuracyInterval interval = test_interval(problem, row.metric, row.value, {row.errors});
  row.low = interval.low;
  row.high = interval.high;
}

}  // namespace

AsItIs as_it_is(const Evaluator& evaluator, const std::vector<int32_t>& predictions,
                const Evaluation& chosen) {
  const SearchProblem& problem = evaluator.problem();
  AsItIs row;
  row.predictions = predictions;
  const std::vector<bool> correct = right(predictions, problem.test->labels);
  row.value = share(correct);
  set_interval(problem, row);
  row.against_chosen = paired_difference({correct}, evaluator.correct(chosen));
  set_memory(problem, row);
  return row;
}

AsItIs output_as_it_is(const Evaluator& evaluator, const Evaluation& chosen) {
  const SearchProblem& problem = evaluator.problem();
  const Network& network = *problem.network;
  const Plan plan = training_plan(network, last_layer_schedule(network, {}));
  Executor executor(plan, {}, KernelSet::host, 1);
  const PrefixCache cut = uncopied_cut(network, *problem.test);
  const CachedSamples test = {&cut, &problem.test->labels, {}, &problem.test->targets};
  AsItIs row;
  row.errors = output_errors(network, judge(executor, network, test));
  row.metric = metric_on(problem, MeasuredOn::test);
  row.value = metric_value(problem, row.metric, row.errors);
  set_interval(problem, row);
  Evaluation shipped;
  shipped.request.measured_on = MeasuredOn::test;
  shipped.seeds.resize(1);
  shipped.seeds[0].metric = row.metric;
  shipped.seeds[0].errors = row.errors;
  row.against_chosen = evaluator.difference(shipped, chosen);
  set_memory(problem, row);
  return row;
}

}  // namespace thaw
