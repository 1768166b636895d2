// A trained network as a plain int8 model again, to be written as TFLite and run anywhere.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/exec/executor.h"
#include "sim/exec/prefix_cache.h"
#include "sim/float/float_model.h"
#include "sim/graph/graph.h"
#include "sim/plan/network.h"

namespace thaw {

/// What training left behind. Weights and biases by convolution number, ordered as in Convolution. The
/// classifier's are real values: weights [class][feature] for features in real units.
struct TrainedValues {
  std::vector<std::vector<int8_t>> weights;
  std::vector<std::vector<int32_t>> biases;
  bool classifier_changed = false;  // trained or fresh; otherwise the two below are empty
  std::vector<double> classifier_weights, classifier_biases;
  int64_t clipped = 0;  // float weights and biases outside int8 and int32, moved to the nearest end
};

/// The values that an executor of `training_plan` holds, bit for bit.
TrainedValues trained_values(const Network& network, Executor& executor);

/// Float values rounded to integers, ties to even.
TrainedValues trained_values(const FloatModel& model, const FloatParameters& parameters);

/// Real values that the classifier's logits take; both ends are 0 where nothing was seen.
struct LogitRange {
  double low = 0.0;
  double high = 0.0;
};

/// The range of the logits of up to `limit` samples, for a classifier that has changed.
LogitRange measure_logits(const Network& network, const TrainedValues& values, const PrefixCache& samples,
                          int64_t limit);

/// The model's graph with trained values in place. Convolutions keep their integers bit for bit. A changed
/// classifier (int16 on the device) is rounded to int8, one scale a class (FULLY_CONNECTED: one for all), and
/// its output is quantised to `logits`; operators behind it get the new number of classes. Throws Error where
/// one of them cannot have it.
Graph trained_graph(const Network& network, const TrainedValues& values, const LogitRange& logits);

/// Throws Error where the trained model could not be written or read again, before anything is trained: what
/// decides it is the network alone.
void check_trained_model(const Network& network);

/// The model as it will be once a classifier for `classes` classes is trained: the graph itself where it has
/// as many, otherwise with a classifier of zeros, whose scales mean nothing yet. Throws Error where the model
/// has no classifier, or an operator behind it cannot have so many classes.
Graph with_classes(const Graph& graph, int32_t classes);

}  // namespace thaw
