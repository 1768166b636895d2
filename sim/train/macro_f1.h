// Macro F1: how good a classifier is on each class, whatever their sizes.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/train/output_metrics.h"

namespace thaw {

/// The mean over the classes of 2 TP / (2 TP + FP + FN); a class that neither labels nor predictions have is
/// left out. Its 95 % interval is that of the percentiles of kResamples draws of as many samples with
/// replacement (Efron 1979), drawn from a fixed seed: the same on any machine. 0 without samples. Labels and
/// predictions are 0..classes-1, one a sample.
Metric macro_f1(const std::vector<int32_t>& labels, const std::vector<int32_t>& predictions, int32_t classes);

inline constexpr int32_t kResamples = 1000;

}  // namespace thaw
