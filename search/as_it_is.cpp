#include "search/as_it_is.h"

#include "memmodel/device_plan.h"
#include "sim/exec/shipped_model.h"
#include "sim/exec/some_samples.h"

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

AsItIs as_it_is(const Graph& graph, const Board& board, const std::vector<int32_t>& predictions,
                const std::vector<int32_t>& labels, const CorrectBySeed& chosen, InputBy input) {
  AsItIs row;
  row.predictions = predictions;
  const std::vector<bool> correct = right(predictions, labels);
  row.accuracy = share(correct);
  row.against_chosen = paired_difference({correct}, chosen);
  const MemoryTotals needed = device_inference_plan(graph, board, input).totals;
  row.ram_bytes = needed.ram.required;
  row.flash_bytes = needed.flash.required;
  row.macs = needed.macs_per_step();
  return row;
}

}  // namespace thaw
