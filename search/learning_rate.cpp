#include "search/learning_rate.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

namespace thaw {
namespace {

constexpr double kFastestRate = 1.0;
constexpr double kCoarse = 4.0, kFine = 2.0;  // steps between rates that are compared

/// Losses of one schedule at several rates, asked once each.
class RateTable {
 public:
  RateTable(Evaluator& evaluator, std::string role, const Schedule& schedule, const Fidelity& fidelity,
            uint32_t seed)
      : evaluator_(evaluator),
        role_(std::move(role)),
        schedule_(schedule),
        fidelity_(fidelity),
        seed_(seed) {}

  void measure(const std::vector<double>& rates) {
    std::vector<EvaluationRequest> requests;
    for (double rate : rates) {
      if (loss_.contains(rate)) continue;
      EvaluationRequest request{fmt::format("learning rate {:.3g}: {}", rate, role_),
                                schedule_,
                                fidelity_,
                                MeasuredOn::validation,
                                {seed_},
                                TrialKind::rate};
      request.schedule.training.learning_rate = rate;
      requests.push_back(std::move(request));
    }
    for (const Evaluation& measured : evaluator_.evaluate(requests))
      loss_[measured.request.schedule.training.learning_rate] = measured.judged_loss();
  }

  std::optional<double> best() const { return best_rate(loss_); }

  /// Whether this rate beats the double of it, or both diverge.
  bool slower_is_better(double rate) const { return !best() || loss_.at(rate) < loss_.at(kFine * rate); }

 private:
  Evaluator& evaluator_;
  std::string role_;
  const Schedule& schedule_;
  Fidelity fidelity_;
  uint32_t seed_;
  std::map<double, double> loss_;  // nats, by rate
};

}  // namespace

std::optional<double> best_rate(const std::map<double, double>& loss_by_rate) {
  std::optional<double> found;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [rate, loss] : loss_by_rate)
    if (loss < least) {
      least = loss;
      found = rate;
    }
  return found;
}

std::optional<double> roughly_best_learning_rate(Evaluator& evaluator, const std::string& role,
                                                 const Schedule& schedule, const RateSearch& search) {
  if (search.given) return search.given;
  RateTable looks(evaluator, role, schedule, search.look, search.seeds.front());
  double fastest = kSlowestRate * kCoarse * kCoarse * kCoarse;
  looks.measure({kSlowestRate, kSlowestRate * kCoarse, kSlowestRate * kCoarse * kCoarse, fastest});
  while (looks.best() == fastest && fastest * kCoarse <= kFastestRate) {
    fastest *= kCoarse;
    looks.measure({fastest});
  }
  return looks.best();
}

std::optional<double> best_learning_rate(Evaluator& evaluator, const std::string& role,
                                         const Schedule& schedule, const RateSearch& search) {
  if (search.given) return search.given;
  // Where looks diverge at every rate, whole runs, whose warm-up is longer, may not.
  const double rough = roughly_best_learning_rate(evaluator, role, schedule, search).value_or(kSlowestRate);
  RateTable runs(evaluator, role, schedule, search.run, search.seeds.front());
  runs.measure({rough / kFine, rough});
  if (runs.best() == rough)
    for (double rate = rough * kFine; runs.best() == rate / kFine && rate <= kFastestRate; rate *= kFine)
      runs.measure({rate});
  else  // slower only while that helps: equal losses are no reason to train less and less
    for (double rate = rough / kFine / kFine; runs.slower_is_better(rate * kFine) && rate >= kSlowestRate / 4;
         rate /= kFine)
      runs.measure({rate});
  return runs.best();
}

std::optional<double> better_learning_rate(Evaluator& evaluator, const std::string& role,
                                           const Schedule& schedule, const std::vector<double>& candidates,
                                           const RateSearch& search) {
  if (search.given) return search.given;
  RateTable looks(evaluator, role, schedule, search.look, search.seeds.front());
  looks.measure(candidates);
  return looks.best();
}

Evaluation confirmed(Evaluator& evaluator, EvaluationRequest request, const RateSearch& search) {
  for (int32_t halvings = 0;; ++halvings) {
    Evaluation evaluation = evaluator.evaluate(request);
    if (!evaluation.diverged() || search.given || halvings == kMostHalvings) return evaluation;
    request.schedule.training.learning_rate /= 2;
  }
}

}  // namespace thaw
