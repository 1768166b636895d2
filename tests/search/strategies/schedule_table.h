// The table of tools/bench/schedule_table as an evaluator: every answer is a row, so that a strategy runs in
// milliseconds on accuracies that training really gave.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "search/evaluator.h"
#include "search/space.h"

namespace thaw::testing {

/// Accuracies and validation losses by fold, accuracies on test by seed.
struct ScheduleRow {
  int64_t ram_bytes = 0, flash_bytes = 0, macs_per_step = 0;
  std::array<double, 2> look_accuracy{}, look_loss{}, full_accuracy{}, full_loss{};
  double test_accuracy = 0.0;  // mean of four seeds
};

/// Rows by how many layers from the end have their biases updated, and by the subset of those whose weights
/// are (bit i: the (i + 1)-th from the end).
using ScheduleTable = std::map<std::pair<int32_t, uint32_t>, ScheduleRow>;

/// Reads the file; throws Error at a line that is not of its format.
ScheduleTable read_schedule_table(const std::filesystem::path& file);

class ScheduleTableEvaluator : public Evaluator {
 public:
  /// `swapped`: the two folds change places, which is another draw of the noise.
  ScheduleTableEvaluator(const SearchProblem& problem, const ScheduleTable& table, bool swapped)
      : problem_(problem), table_(table), swapped_(swapped) {}

  const SearchProblem& problem() const override { return problem_; }
  using Evaluator::evaluate;
  /// Throws Error where a schedule is not in the table.
  std::vector<Evaluation> evaluate(const std::vector<EvaluationRequest>& requests) override;
  /// 400 samples a fold, of which the first ones are right.
  CorrectBySeed correct(const Evaluation& evaluation) const override;
  MemoryTotals memory(const Schedule& schedule) const override;

  const ScheduleRow& row(const Schedule& schedule) const;
  /// Trainings that were asked for, one a seed, and samples that they took.
  int64_t trainings() const { return trainings_; }
  double samples() const { return samples_; }

 private:
  SearchProblem problem_;
  const ScheduleTable& table_;
  bool swapped_;
  int32_t asked_ = 0;
  int64_t trainings_ = 0;
  double samples_ = 0.0;
};

/// What the table has: whole weight tensors, each under the biases that come with it.
SearchSpace table_space(const Network& network, int32_t tensors);

}  // namespace thaw::testing
