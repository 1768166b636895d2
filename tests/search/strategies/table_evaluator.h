// An evaluator that trains and plans nothing: accuracies come from a function that a test makes up, bytes
// from what is updated. Strategies run on it in milliseconds.
#pragma once

#include <cmath>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "search/evaluator.h"
#include "search/expected_work.h"

namespace thaw::testing {

class TableEvaluator : public Evaluator {
 public:
  /// Accuracy of a schedule, 0..1; none: training diverges.
  using Table = std::function<std::optional<double>(const EvaluationRequest&)>;

  /// `samples` are judged in full: fewer make every difference less sure.
  TableEvaluator(const SearchProblem& problem, int samples, Table table)
      : problem_(problem), samples_(samples), table_(std::move(table)) {}

  const SearchProblem& problem() const override { return problem_; }

  using Evaluator::evaluate;
  std::vector<Evaluation> evaluate(const std::vector<EvaluationRequest>& requests) override {
    std::vector<Evaluation> results;
    for (const EvaluationRequest& request : requests) {
      const std::optional<double> accuracy = table_(request);
      const MemoryTotals needed = memory(request.schedule);
      work_ += request_work(*this, request.schedule, request.fidelity, request.measured_on,
                            static_cast<double>(request.seeds.size()));
      Evaluation e;
      e.number = ++asked_;
      e.request = request;
      e.ram_bytes = needed.ram.required;
      e.flash_bytes = needed.flash.required;
      e.macs_per_step = needed.macs_per_step();
      e.over_budget = !needed.fits();
      for (uint32_t seed : request.seeds) {
        SeedResult one;
        one.seed = seed;
        one.outcome = accuracy ? Outcome::ok : Outcome::diverged;
        one.accuracy = accuracy.value_or(0.0);
        one.judged_loss = 1.0 - one.accuracy;
        e.seeds.push_back(one);
      }
      results.push_back(std::move(e));
    }
    return results;
  }

  /// Of all that was asked (expected_work.h).
  double work() const { return work_; }

  /// 10,000 bytes, 100 a bias and 100 a sixteenth of a layer's weights in 4 fraction bits (60 in none, 140 in
  /// 8), more for early ones.
  MemoryTotals memory(const Schedule& schedule) const override {
    const Network& network = *problem_.network;
    MemoryTotals totals;
    totals.ram = {10'000, problem_.board.ram_bytes};
    totals.flash = {1000, problem_.board.flash_bytes};
    for (const LayerUpdate& entry : schedule.update) {
      const int64_t sixteenths = entry.weights == UpdatedWeights::none ? 0
                                 : entry.weights == UpdatedWeights::all
                                     ? 16
                                     : 16 * std::ssize(entry.channels) / channels(entry.op);
      totals.ram.required += (entry.bias ? 100 : 0) +
                             sixteenths * (100 + 10 * (entry.fraction_bits.value_or(4) - 4)) +
                             (network.convolution_count() - entry.op);
    }
    return totals;
  }

  /// The first samples are right, so that a better schedule is right wherever a worse one is.
  CorrectBySeed correct(const Evaluation& evaluation) const override {
    std::vector<bool> right(static_cast<size_t>(samples_), false);
    const auto hits = static_cast<size_t>(std::lround(evaluation.value() * samples_));
    for (size_t i = 0; i < hits; ++i) right[i] = true;
    return {right};
  }

 private:
  int32_t channels(int32_t op) const {
    return std::get<Convolution>(problem_.network->convolution_layer(op).kind).selectable_channels();
  }

  SearchProblem problem_;
  int samples_;
  Table table_;
  int32_t asked_ = 0;
  double work_ = 0.0;
};

}  // namespace thaw::testing
