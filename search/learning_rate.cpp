#include "search/learning_rate.h"

#include <fmt/format.h>

namespace thaw {
namespace {

constexpr double kFastestRate = 1.0;

}  // namespace

std::vector<double> default_learning_rates() {
  constexpr double kPublished = 0.1 / 256.0;
  return {kPublished, 2 * kPublished, 4 * kPublished, 8 * kPublished, 16 * kPublished};
}

double best_learning_rate(Evaluator& evaluator, const std::string& role, const Schedule& schedule,
                          const Fidelity& fidelity, uint32_t seed, const std::vector<double>& rates,
                          double* best_accuracy) {
  double best_rate = rates.front();
  double best = -1.0;
  std::vector<double> next = rates;
  while (!next.empty()) {
    std::vector<EvaluationRequest> requests;
    for (double rate : next) {
      EvaluationRequest request;
      request.role = fmt::format("learning rate {:.3g}: {}", rate, role);
      request.schedule = schedule;
      request.schedule.training.learning_rate = rate;
      request.fidelity = fidelity;
      request.seeds = {seed};
      requests.push_back(std::move(request));
    }
    const std::vector<Evaluation> measured = evaluator.evaluate(requests);
    for (size_t i = 0; i < next.size(); ++i)
      if (measured[i].accuracy() > best) {
        best = measured[i].accuracy();
        best_rate = next[i];
      }
    // A best rate at the end of the grid says that the grid was too short.
    const double last = next.back();
    const bool at_the_end = rates.size() > 1 && best_rate == last && best > 0.0;
    next = at_the_end && 4 * last <= kFastestRate ? std::vector<double>{2 * last, 4 * last}
                                                  : std::vector<double>{};
  }
  if (best_accuracy != nullptr) *best_accuracy = best;
  return best_rate;
}

}  // namespace thaw
