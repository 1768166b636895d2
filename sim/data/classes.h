// Whether the labels of a data set are such that a classifier can be trained and measured on them.
#pragma once

#include <cstdint>
#include <string>

#include "sim/data/dataset.h"

namespace thaw {

/// Adds a warning where classes have no training sample: labels from 1, gaps. Throws Error naming `path` for
/// what can only be a mistake: samples of one class alone, more classes than can be trained, classes that
/// occur in the test split only.
void check_trainable_classes(Dataset& data, const std::string& path);

}  // namespace thaw
