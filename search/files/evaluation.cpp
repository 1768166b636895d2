#include "search/files/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thaw {
namespace {

constexpr double kWorstError = 1e30;  // more than the output of any model can have

}  // namespace

bool Evaluation::diverged() const {
  return std::any_of(seeds.begin(), seeds.end(),
                     [](const SeedResult& s) { return s.outcome == Outcome::diverged; });
}

double Evaluation::value() const {
  if (seeds.empty() || diverged())
    return higher_is_better(metric()) ? 0.0 : std::numeric_limits<double>::infinity();
  double sum = 0.0;
  for (const SeedResult& s : seeds) sum += metric() == MetricKind::accuracy ? s.accuracy : s.value;
  return sum / static_cast<double>(seeds.size());
}

double Evaluation::score() const {
  return higher_is_better(metric()) ? value() : -std::min(value(), kWorstError);
}

double Evaluation::judged_loss() const {
  if (seeds.empty() || diverged()) return std::numeric_limits<double>::infinity();
  double sum = 0.0;
  for (const SeedResult& s : seeds) sum += s.judged_loss;
  return sum / static_cast<double>(seeds.size());
}

std::string value_text(const Evaluation& evaluation) {
  return metric_text(evaluation.metric(), evaluation.value());
}

double allowed_fall(const Evaluation& best, double threshold) {
  return is_share(best.metric()) ? threshold : threshold * std::abs(best.score());
}

bool within_threshold(const Evaluation& evaluation, const Evaluation& best, double threshold) {
  return evaluation.score() >= best.score() - allowed_fall(best, threshold);
}

}  // namespace thaw
