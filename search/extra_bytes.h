// The paper's extra memory of selections, from what their parts cost: the parts add up.
#pragma once

#include <cstdint>
#include <map>

#include "search/space.h"

namespace thaw {

/// Bytes of extra memory (paper_metric.h), rounded up part by part.
class ExtraBytes {
 public:
  ExtraBytes(const Network& network, const TrainingRecipe& recipe, const SearchSpace& space);

  /// Of the biases from this convolution on, the classifier's part included.
  int64_t of_biases(int32_t first_bias) const { return biases_.at(first_bias); }
  /// What one layer's weights add.
  int64_t of_weights(WeightShare share) const { return weights_.at(share); }
  int64_t of(const Selection& selection) const;

 private:
  std::map<int32_t, int64_t> biases_;
  std::map<WeightShare, int64_t> weights_;
};

}  // namespace thaw
