// Folds of the training data: each sample is validated once by a network that was not trained on it, so that
// decisions rest on all of a small data set and never on test samples.
#pragma once

#include <cstdint>
#include <vector>

namespace thaw {

/// Places of samples: what a fold trains on and what it is judged on, each in an order without pattern.
struct Fold {
  std::vector<uint32_t> train, validation;
};

/// Deals samples into `count` folds, stratified: every class is dealt in turn, where the class before it
/// stopped, in an order drawn from `seed`. Validation parts are disjoint and differ by one sample at most; a
/// class of one sample stays in every training part. Throws Error where a validation part would be empty.
/// Requires count >= 2.
std::vector<Fold> validation_folds(const std::vector<int32_t>& labels, int32_t count, uint32_t seed);

}  // namespace thaw
