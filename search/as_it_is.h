// The model as it was shipped: the row that training has to beat, where its classes are the data's or its own
// output is compared.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "search/evaluator.h"
#include "sim/base/paired_test.h"
#include "sim/exec/prefix_cache.h"
#include "sim/graph/graph.h"

namespace thaw {

/// What the shipped model answers, and whether it knows the data's classes.
struct ShippedModel {
  bool knows_classes = false;
  double train_accuracy = 0.0;            // 0..1, on some of the training samples
  std::vector<int32_t> test_predictions;  // of every test sample; empty where the classes are others
};

/// Asks the model on a few hundred training samples whether its classes are the data's (shipped_model.h), and
/// if so for its answers on test. Nothing where the model has another number of outputs than there are
/// classes.
std::optional<ShippedModel> ask_shipped_model(const Graph& graph, TensorId input, const Samples& train,
                                              const Samples& test, int32_t classes, int32_t threads,
                                              const std::function<bool()>& stopped);

/// The row of the final table.
struct AsItIs {
  std::vector<int32_t> predictions;  // of every test sample
  std::vector<double> errors;        // instead, of a metric that is not accuracy
  MetricKind metric = MetricKind::accuracy;
  double value = 0.0, low = 0.0, high = 1.0;         // with its 95 % interval
  int64_t ram_bytes = 0, flash_bytes = 0, macs = 0;  // of inference alone
  PairedDifference against_chosen;                   // by how much its metric is better than the chosen one's

  /// Whether a paired test says that it is better than what training made of it (95 % interval above 0).
  bool surely_better() const { return against_chosen.low() > 0.0; }
};

/// Of a classifier, by its answers on test beside those of the chosen schedule, which is judged on test.
AsItIs as_it_is(const Evaluator& evaluator, const std::vector<int32_t>& predictions,
                const Evaluation& chosen);

/// Of a model whose own output is compared: what it gives before training.
AsItIs output_as_it_is(const Evaluator& evaluator, const Evaluation& chosen);

}  // namespace thaw
