#include "reports/paired_test.h"

#include <algorithm>
#include <cmath>

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

}  // namespace thaw
