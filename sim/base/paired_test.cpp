#include "sim/base/paired_test.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "sim/base/interval.h"
#include "sim/base/roc.h"

namespace thaw {
namespace {

/// Twice the smaller tail of a fair coin thrown lost + gained times.
double exact_binomial(int64_t lost, int64_t gained) {
  const auto throws = static_cast<double>(lost + gained);
  double tail = 0.0;
  for (int64_t k = 0; k <= std::min(lost, gained); ++k) {
    const auto heads = static_cast<double>(k);
    tail += std::exp(std::lgamma(throws + 1.0) - std::lgamma(heads + 1.0) -
                     std::lgamma(throws - heads + 1.0) - throws * std::log(2.0));
  }
  return std::min(1.0, 2.0 * tail);
}

/// P(chi-square with one degree of freedom > x).
double chi_square_tail(double x) {
  return std::erfc(std::sqrt(x / 2.0));
}

}  // namespace

PairedTest paired_test(const std::vector<PairedSeed>& seeds) {
  PairedTest test;
  if (seeds.empty()) return test;
  double sum = 0.0, squares = 0.0;
  for (size_t sample = 0; sample < seeds[0].before.size(); ++sample) {
    int64_t difference = 0;
    for (const PairedSeed& seed : seeds) {
      if (seed.before[sample] == seed.now[sample]) continue;
      ++(seed.before[sample] ? test.lost : test.gained);
      difference += seed.before[sample] ? 1 : -1;
    }
    sum += static_cast<double>(difference);
    squares += static_cast<double>(difference * difference);
  }
  if (seeds.size() == 1)
    test.p = exact_binomial(test.lost, test.gained);
  else if (squares > 0.0)
    test.p = chi_square_tail(sum * sum / squares);
  return test;
}

double unpaired_test(double share_before, int64_t count_before, double share_now, int64_t count_now) {
  if (count_before <= 0 || count_now <= 0) return 1.0;
  const auto before = static_cast<double>(count_before), now = static_cast<double>(count_now);
  const double pooled = (share_before * before + share_now * now) / (before + now);
  const double variance = pooled * (1.0 - pooled) * (1.0 / before + 1.0 / now);
  const double difference = share_now - share_before;
  if (variance <= 0.0) return difference == 0.0 ? 1.0 : 0.0;
  return chi_square_tail(difference * difference / variance);
}

namespace {

/// Share of the seeds that got a sample right.
double share_right(const CorrectBySeed& correct, size_t sample) {
  int64_t right = 0;
  for (const std::vector<bool>& seed : correct) right += int64_t{seed[sample]};
  return static_cast<double>(right) / static_cast<double>(correct.size());
}

}  // namespace

double PairedDifference::low() const {
  return std::max(-bound, centre - kStandardErrors95 * standard_error);
}

double PairedDifference::high() const {
  return std::min(bound, centre + kStandardErrors95 * standard_error);
}

double PairedDifference::p_not_above(double margin) const {
  if (standard_error == 0.0) return centre > margin ? 0.0 : 1.0;
  return 0.5 * std::erfc((centre - margin) / (standard_error * std::sqrt(2.0)));
}

PairedDifference paired_difference(const CorrectBySeed& a, const CorrectBySeed& b) {
  PairedDifference result;
  if (a.empty() || b.empty() || a[0].empty()) return result;
  assert(a[0].size() == b[0].size());
  double sum = 0.0, squares = 1.0;  // half a sample lost and half a sample gained
  for (size_t sample = 0; sample < a[0].size(); ++sample) {
    const double difference = share_right(a, sample) - share_right(b, sample);
    sum += difference;
    squares += difference * difference;
  }
  result.samples = static_cast<int64_t>(a[0].size());
  result.mean = sum / static_cast<double>(result.samples);
  const double count = static_cast<double>(result.samples) + 2.0;
  result.centre = sum / count;
  result.standard_error = std::sqrt((squares / count - result.centre * result.centre) / count);
  return result;
}

std::vector<double> mean_of_seeds(const ValuesBySeed& values) {
  std::vector<double> means(values[0].size(), 0.0);
  for (const std::vector<double>& seed : values)
    for (size_t i = 0; i < means.size(); ++i) means[i] += seed[i] / static_cast<double>(values.size());
  return means;
}

namespace {

/// Mean of the differences, and the variance of that mean.
struct MeanDifference {
  double mean = 0.0, variance = 0.0;
};

MeanDifference mean_difference(const std::vector<double>& a, const std::vector<double>& b) {
  const auto count = static_cast<double>(a.size());
  MeanDifference result;
  for (size_t i = 0; i < a.size(); ++i) result.mean += (a[i] - b[i]) / count;
  double squares = 0.0;
  for (size_t i = 0; i < a.size(); ++i) squares += std::pow(a[i] - b[i] - result.mean, 2.0);
  result.variance = squares / std::max(1.0, count - 1.0) / count;
  return result;
}

/// Placements, their means over the seeds.
Placements mean_placements(const ValuesBySeed& scores, const std::vector<bool>& anomalous) {
  ValuesBySeed anomalies, normals;
  for (const std::vector<double>& seed : scores) {
    Placements one = placements(seed, anomalous);
    anomalies.push_back(std::move(one.anomalies));
    normals.push_back(std::move(one.normals));
  }
  return {mean_of_seeds(anomalies), mean_of_seeds(normals)};
}

}  // namespace

PairedDifference paired_difference(const ValuesBySeed& a, const ValuesBySeed& b) {
  PairedDifference result;
  result.bound = std::numeric_limits<double>::infinity();
  if (a.empty() || b.empty() || a[0].empty()) return result;
  assert(a[0].size() == b[0].size());
  const MeanDifference difference = mean_difference(mean_of_seeds(a), mean_of_seeds(b));
  result.samples = static_cast<int64_t>(a[0].size());
  result.mean = result.centre = difference.mean;
  result.standard_error = std::sqrt(difference.variance);
  return result;
}

PairedDifference area_difference(const ValuesBySeed& a, const ValuesBySeed& b,
                                 const std::vector<bool>& anomalous) {
  PairedDifference result;
  if (a.empty() || b.empty() || a[0].empty()) return result;
  const Placements of_a = mean_placements(a, anomalous), of_b = mean_placements(b, anomalous);
  const MeanDifference anomalies = mean_difference(of_a.anomalies, of_b.anomalies);
  const MeanDifference normals = mean_difference(of_a.normals, of_b.normals);
  result.samples = static_cast<int64_t>(anomalous.size());
  result.mean = result.centre = anomalies.mean;
  result.standard_error = std::sqrt(anomalies.variance + normals.variance);
  return result;
}

}  // namespace thaw
