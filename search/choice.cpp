#include "search/choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace thaw {
namespace {

constexpr double kSurely = 0.01;

/// Places of the contenders that can be the answer: fewest bytes first, of equals the most accurate.
std::vector<size_t> eligible(const std::vector<Contender>& contenders) {
  std::vector<size_t> places;
  for (size_t i = 0; i < contenders.size(); ++i)
    if (!contenders[i].evaluation.over_budget && !contenders[i].evaluation.diverged()) places.push_back(i);
  std::stable_sort(places.begin(), places.end(), [&](size_t a, size_t b) {
    const Evaluation &first = contenders[a].evaluation, &second = contenders[b].evaluation;
    if (first.ram_bytes != second.ram_bytes) return first.ram_bytes < second.ram_bytes;
    return first.score() > second.score();
  });
  return places;
}

std::string value_of(const Contender& contender) {
  return value_text(contender.evaluation);
}

/// "the most accurate", or "the best" by another metric.
const char* best_words(const Contender& contender) {
  return contender.evaluation.metric() == MetricKind::accuracy ? "the most accurate" : "the best";
}

}  // namespace

Choice choose_schedule(const Evaluator& evaluator, const std::vector<Contender>& contenders, Goal goal,
                       double threshold) {
  const std::vector<size_t> places = eligible(contenders);
  if (places.empty())
    throw Error("search", "every schedule that fits diverged",
                "Pass a smaller --lr, or more --samples for a calmer run");
  const auto score = [&](size_t place) { return contenders[place].evaluation.score(); };
  Choice choice;
  choice.best = *std::max_element(places.begin(), places.end(),
                                  [&](size_t a, size_t b) { return score(a) < score(b); });
  const size_t smallest = places.front();
  const double level = kSurely / static_cast<double>(places.size());
  choice.gained = choice.best != smallest &&
                  evaluator.difference(contenders[choice.best].evaluation, contenders[smallest].evaluation)
                          .p_not_above(0.0) < level;
  if (!choice.gained) {
    choice.chosen = smallest;
    choice.reason =
        choice.best == smallest
            ? fmt::format("{} is both the smallest and {}", contenders[smallest].name,
                          best_words(contenders[smallest]))
            : fmt::format(
                  "nothing is gained beyond chance: {} ({}) is not surely better than {} ({}), the smallest",
                  contenders[choice.best].name, value_of(contenders[choice.best]), contenders[smallest].name,
                  value_of(contenders[smallest]));
    return choice;
  }
  if (goal == Goal::accuracy) {
    choice.chosen = choice.best;
    choice.reason = fmt::format("{} is {} that fits ({})", contenders[choice.best].name,
                                best_words(contenders[choice.best]), value_of(contenders[choice.best]));
    return choice;
  }
  choice.chosen = *std::find_if(places.begin(), places.end(), [&](size_t place) {
    return within_threshold(contenders[place].evaluation, contenders[choice.best].evaluation, threshold);
  });
  const bool points = is_share(contenders[choice.best].evaluation.metric());
  choice.reason =
      fmt::format("{} is the smallest within {:.2f} {} of {} ({}, {})", contenders[choice.chosen].name,
                  100.0 * threshold, points ? "points" : "percent", best_words(contenders[choice.best]),
                  contenders[choice.best].name, value_of(contenders[choice.best]));
  return choice;
}

}  // namespace thaw
