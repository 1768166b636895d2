// The model as it was shipped: the row that training has to beat, where its classes are the data's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "memmodel/board.h"
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
  std::vector<int32_t> predictions;                  // of every test sample
  double accuracy = 0.0;                             // 0..1
  int64_t ram_bytes = 0, flash_bytes = 0, macs = 0;  // of inference alone
  PairedDifference against_chosen;                   // its accuracy less the chosen schedule's

  /// Whether a paired test says that it is better than what training made of it (95 % interval above 0).
  bool surely_better() const { return against_chosen.low() > 0.0; }
};

AsItIs as_it_is(const Graph& graph, const Board& board, const std::vector<int32_t>& predictions,
                const std::vector<int32_t>& labels, const CorrectBySeed& chosen,
                InputBy input = InputBy::image);

}  // namespace thaw
