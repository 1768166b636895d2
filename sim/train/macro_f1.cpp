#include "sim/train/macro_f1.h"

#include <algorithm>
#include <cassert>

#include "sim/data/random.h"

namespace thaw {
namespace {

struct Counts {
  int64_t right = 0, labels = 0, predictions = 0;
};

double f1_of(const std::vector<Counts>& classes) {
  double sum = 0.0, present = 0.0;
  for (const Counts& c : classes) {
    if (c.labels + c.predictions == 0) continue;
    sum += 2.0 * static_cast<double>(c.right) / static_cast<double>(c.labels + c.predictions);
    present += 1.0;
  }
  return present > 0.0 ? sum / present : 0.0;
}

}  // namespace

Metric macro_f1(const std::vector<int32_t>& labels, const std::vector<int32_t>& predictions,
                int32_t classes) {
  assert(labels.size() == predictions.size());
  Metric metric{"macro F1", true, 0.0, 0.0, 0.0};
  if (labels.empty()) return metric;
  std::vector<Counts> counts;
  const auto add = [&](size_t sample) {
    const auto label = static_cast<size_t>(labels[sample]);
    const auto predicted = static_cast<size_t>(predictions[sample]);
    ++counts[label].labels;
    ++counts[predicted].predictions;
    if (label == predicted) ++counts[label].right;
  };
  counts.assign(static_cast<size_t>(classes), {});
  for (size_t i = 0; i < labels.size(); ++i) add(i);
  metric.value = f1_of(counts);

  constexpr uint32_t kSeed = 1;
  const auto count = static_cast<uint32_t>(labels.size());
  std::vector<double> drawn;
  for (uint32_t draw = 0; draw < kResamples; ++draw) {
    const uint32_t key = random_key(kSeed, 0, draw);
    counts.assign(counts.size(), {});
    for (uint32_t i = 0; i < count; ++i) add(random_word(key, i) % count);
    drawn.push_back(f1_of(counts));
  }
  metric.low = std::min(metric.value, quantile(drawn, 0.025));
  metric.high = std::max(metric.value, quantile(drawn, 0.975));
  return metric;
}

}  // namespace thaw
