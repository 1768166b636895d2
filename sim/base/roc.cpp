#include "sim/base/roc.h"

#include <algorithm>
#include <cassert>

namespace thaw {
namespace {

/// The share of `sorted` below a value, ties counting half.
double share_below(const std::vector<double>& sorted, double value) {
  const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), value);
  const double wins = static_cast<double>(low - sorted.begin()) + static_cast<double>(high - low) / 2;
  return wins / static_cast<double>(sorted.size());
}

}  // namespace

double Placements::area() const {
  double sum = 0.0;
  for (const double share : anomalies) sum += share;
  return sum / static_cast<double>(anomalies.size());
}

Placements placements(std::span<const double> scores, const std::vector<bool>& anomalous) {
  std::vector<double> normal, anomaly;
  for (size_t i = 0; i < scores.size(); ++i) (anomalous[i] ? anomaly : normal).push_back(scores[i]);
  assert(!normal.empty() && !anomaly.empty());
  std::sort(normal.begin(), normal.end());
  std::sort(anomaly.begin(), anomaly.end());
  Placements result;
  for (size_t i = 0; i < scores.size(); ++i)
    if (anomalous[i])
      result.anomalies.push_back(share_below(normal, scores[i]));
    else
      result.normals.push_back(1.0 - share_below(anomaly, scores[i]));
  return result;
}

}  // namespace thaw
