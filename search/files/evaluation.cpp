#include "search/files/evaluation.h"

#include <algorithm>
#include <limits>

namespace thaw {

bool Evaluation::diverged() const {
  return std::any_of(seeds.begin(), seeds.end(),
                     [](const SeedResult& s) { return s.outcome == Outcome::diverged; });
}

double Evaluation::accuracy() const {
  if (seeds.empty() || diverged()) return 0.0;
  double sum = 0.0;
  for (const SeedResult& s : seeds) sum += s.accuracy;
  return sum / static_cast<double>(seeds.size());
}

double Evaluation::judged_loss() const {
  if (seeds.empty() || diverged()) return std::numeric_limits<double>::infinity();
  double sum = 0.0;
  for (const SeedResult& s : seeds) sum += s.judged_loss;
  return sum / static_cast<double>(seeds.size());
}

}  // namespace thaw
