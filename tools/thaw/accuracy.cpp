#include "tools/thaw/accuracy.h"

#include <fmt/format.h>

#include <cstddef>

#include "sim/base/grouped_text.h"
#include "tools/thaw/table.h"

namespace thaw::cli {

std::string accuracy_text(double share, int64_t count) {
  const AccuracyInterval interval = wilson_interval(share, count);
  return fmt::format("{:.2f} % (95 % interval {:.2f} to {:.2f} of {} samples)", 100 * share,
                     100 * interval.low, 100 * interval.high, grouped_text(count));
}

std::vector<std::vector<int64_t>> confusion_matrix(const std::vector<int32_t>& labels,
                                                   const std::vector<int32_t>& predictions, int32_t classes) {
  const auto n = static_cast<size_t>(classes);
  std::vector<std::vector<int64_t>> matrix(n, std::vector<int64_t>(n, 0));
  for (size_t i = 0; i < labels.size(); ++i)
    ++matrix[static_cast<size_t>(labels[i])][static_cast<size_t>(predictions[i])];
  return matrix;
}

}  // namespace thaw::cli
