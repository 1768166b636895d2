// Whether the labels of a data set are such that a classifier can be trained and measured on them.
#pragma once

#include <cstdint>
#include <string>

#include "sim/data/dataset.h"

namespace thaw {

/// The loss sums one 2^24 a class in uint32 (docs/arithmetic.md).
inline constexpr int32_t max_trained_classes = 255;

/// Adds a warning where classes have no training sample: labels from 1, gaps. Throws Error naming `path` for
/// what can only be a mistake: samples of one class alone, more classes than can be trained, classes that
/// occur in the test split only.
void check_trainable_classes(Dataset& data, const std::string& path);

}  // namespace thaw
