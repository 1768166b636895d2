// Samples that are not in the model's units: every channel to mean 0 and standard deviation 1, by what the
// training samples hold, so that the application can do the same to what it measures.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/data/dataset.h"
#include "sim/graph/graph.h"

namespace thaw {

/// What was done to every value v of channel c: (v - means[c]) / deviations[c], then quantised with `input`.
/// A sample's element e is of channel e % means.size().
struct Normalisation {
  std::vector<double> means, deviations;
  Quantization input;
};

/// Normalises both splits of `data` by means and standard deviations (of the population) of the training
/// samples, and renews its digest. Channels are the last axis of the samples as the file holds them; the
/// elements of a vector are a channel each. A channel that never changes has deviation 1. `input` is that of
/// the model. The result's `input` is the same where it holds -2 to 2 in at least 16 steps, as a model does
/// that was trained on such samples; else three deviations to either side of the mean fill the int8 range.
/// Throws Error where samples are bytes, or int8 already.
Normalisation normalise(Dataset& data, const Quantization& input);

}  // namespace thaw
