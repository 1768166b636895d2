// The "extra memory" of Lin et al., "On-Device Training Under 256KB Memory" (2022), by which published
// schedules are labelled. It leaves out the forward pass, gradients and the classifier's weights: a label for
// comparison, never a need of ours (`totals.h` is that).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/plan/network.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// One layer's share in bits; `op` counts as in Schedule.
struct PaperLayer {
  int32_t op = 0;
  std::string name;
  int64_t weight_bits = 0;      // 32 an updated bias, 8 an updated weight
  int64_t momentum_bits = 0;    // always 0: no momentum
  int64_t activation_bits = 0;  // 1 an output element of an updated convolution (its clamp mask), 8 an input
                                // element of the channels whose weights are updated; classifier: 8 a feature

  int64_t bits() const { return weight_bits + momentum_bits + activation_bits; }
};

/// Layers from the earliest updated convolution to the last one, then the classifier.
struct PaperMetric {
  std::vector<PaperLayer> layers;
  int64_t weight_bits = 0, momentum_bits = 0, activation_bits = 0;

  int64_t total_bits() const { return weight_bits + momentum_bits + activation_bits; }
  /// As schedules are labelled: KiB rounded to 0.1, halves to even.
  double total_kib() const;
};

/// The metric of a schedule. Residual adds count nothing; an updated classifier counts only its input.
PaperMetric paper_metric(const Network& network, const Schedule& schedule);

}  // namespace thaw
