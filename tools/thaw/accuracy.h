// Accuracy with its interval, and the confusion matrix.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/interval.h"

namespace thaw::cli {

/// "76.85 % (95 % interval 74.95 to 78.65 of 2,000 samples)".
std::string accuracy_text(double share, int64_t count);

/// matrix[label][prediction] counts samples.
std::vector<std::vector<int64_t>> confusion_matrix(const std::vector<int32_t>& labels,
                                                   const std::vector<int32_t>& predictions, int32_t classes);

}  // namespace thaw::cli
