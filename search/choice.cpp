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
    return first.accuracy() > second.accuracy();
  });
  return places;
}

std::string percent(const Contender& contender) {
  return fmt::format("{:.2f} %", 100.0 * contender.evaluation.accuracy());
}

}  // namespace

Choice choose_schedule(const Evaluator& evaluator, const std::vector<Contender>& contenders, Goal goal,
                       double threshold) {
  const std::vector<size_t> places = eligible(contenders);
  if (places.empty())
    throw Error("search", "every schedule that fits diverged",
                "Pass a smaller --lr, or more --samples for a calmer run");
  const auto accuracy = [&](size_t place) { return contenders[place].evaluation.accuracy(); };
  Choice choice;
  choice.best = *std::max_element(places.begin(), places.end(),
                                  [&](size_t a, size_t b) { return accuracy(a) < accuracy(b); });
  const size_t smallest = places.front();
  const double level = kSurely / static_cast<double>(places.size());
  choice.gained = choice.best != smallest &&
                  evaluator.difference(contenders[choice.best].evaluation, contenders[smallest].evaluation)
                          .p_not_above(0.0) < level;
  if (!choice.gained) {
    choice.chosen = smallest;
    choice.reason =
        choice.best == smallest
            ? fmt::format("{} is both the smallest and the most accurate", contenders[smallest].name)
            : fmt::format(
                  "nothing is gained beyond chance: {} ({}) is not surely better than {} ({}), the smallest",
                  contenders[choice.best].name, percent(contenders[choice.best]), contenders[smallest].name,
                  percent(contenders[smallest]));
    return choice;
  }
  if (goal == Goal::accuracy) {
    choice.chosen = choice.best;
    choice.reason = fmt::format("{} is the most accurate that fits ({})", contenders[choice.best].name,
                                percent(contenders[choice.best]));
    return choice;
  }
  choice.chosen = *std::find_if(places.begin(), places.end(), [&](size_t place) {
    return accuracy(place) >= accuracy(choice.best) - threshold;
  });
  choice.reason = fmt::format("{} is the smallest within {:.2f} points of the most accurate ({}, {})",
                              contenders[choice.chosen].name, 100.0 * threshold, contenders[choice.best].name,
                              percent(contenders[choice.best]));
  return choice;
}

}  // namespace thaw
