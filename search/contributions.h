// What each tensor adds alone: the fall of the validation loss by the biases from a layer on, and by some of
// one layer's weights on top. Measured once, independent of any budget, shared by strategies.
#pragma once

#include <cstdint>
#include <vector>

#include "search/evaluator.h"
#include "search/files/gain.h"
#include "search/space.h"

namespace thaw {

/// By the biases from convolution `first_op` on, over the classifier alone.
struct BiasGain {
  int32_t first_op = 0;
  Gain gain;
};

/// By the weights over the biases alone that the base or, before it, the layer itself brings.
struct WeightGain {
  WeightShare share;
  Gain gain;
};

struct Contributions {
  double learning_rate = 0.0;       // at which all was measured
  int32_t base = 0;                 // biases from here on were updated beside the weights, at least
  double classifier_loss = 0.0;     // of the classifier alone, nats
  std::vector<BiasGain> biases;     // ascending
  std::vector<WeightGain> weights;  // by convolution, then share

  /// The sum of what its parts add: the published objective (Lin et al. 2022, section 3.2). 0 where a part is
  /// unknown.
  double gain(const Selection& selection) const;
  const WeightGain* find(WeightShare share) const;
};

/// Looks at fidelity `look` with each of `seeds` (a fold a seed) at the biases from every convolution of the
/// space on, then at every weight tensor whole, and at a quarter of those that surely add something; other
/// shares lie on the power law through these two, or are proportional.
Contributions measure_contributions(Evaluator& evaluator, const TrainingRecipe& recipe,
                                    const SearchSpace& space, const Fidelity& look,
                                    const std::vector<uint32_t>& seeds);

}  // namespace thaw
