// Strategies on the table that knows the truth: how much accuracy the chosen schedule lacks of the best one
// that fits, and what finding it cost. Prints the comparison (ctest -V -R Regret).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "search/choice.h"
#include "search/strategies/strategy.h"
#include "sim/graph/tflite_reader.h"
#include "tests/search/strategies/schedule_table.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

using testing::ScheduleRow;
using testing::ScheduleTable;
using testing::ScheduleTableEvaluator;

constexpr uint32_t kSeeds = 20;

struct Figures {
  double mean = 0.0, worst = 0.0;  // points, over budgets; the mean over seeds each
  double trainings = 0.0;          // mean
};

class Regret : public ::testing::Test {
 protected:
  SearchProblem problem(int64_t ram) const {
    SearchProblem problem;
    problem.network = &network_;
    problem.board.ram_bytes = ram;
    problem.board.flash_bytes = 1 << 30;
    return problem;
  }

  StrategyTask task(uint32_t seed) const {
    StrategyTask task;
    task.recipe.learning_rate = 0.05;
    task.recipe.seed = seed;
    task.rates.given = 0.05;
    task.rates.look = {"look", 1, 0.5};
    task.rates.run = {"rate", 3, 1.0};
    task.rates.full = {"full", 3, 1.0};
    task.rates.seeds = {1, 2};
    task.first_look = task.rates.look;
    task.look_seeds = {1, 2};
    task.swap_precisions = 0;  // the table has one precision
    task.space = testing::table_space(network_, tensors_);
    return task;
  }

  /// Rows that the space has: biases that come with weights. The others serve to measure contributions.
  std::vector<ScheduleRow> choices() const {
    std::vector<ScheduleRow> rows;
    for (const auto& [place, row] : table_)
      if (place.first == static_cast<int32_t>(std::bit_width(place.second))) rows.push_back(row);
    return rows;
  }

  /// Ten, from the smallest schedule but one to the largest, the same share apart.
  std::vector<int64_t> budgets() const {
    std::vector<int64_t> needs;
    for (const ScheduleRow& row : choices()) needs.push_back(row.ram_bytes);
    std::sort(needs.begin(), needs.end());
    std::vector<int64_t> result;
    for (size_t i = 1; i <= 10; ++i) result.push_back(needs[i * (needs.size() - 1) / 10]);
    return result;
  }

  double best_accuracy(int64_t ram) const {
    double best = 0.0;
    for (const ScheduleRow& row : choices())
      if (row.ram_bytes <= ram) best = std::max(best, row.test_accuracy);
    return best;
  }

  /// Points that the choice among a strategy's steps lacks.
  double regret(const Strategy& strategy, const StrategyTask& task, int64_t ram, bool swapped,
                int64_t* trainings) const {
    ScheduleTableEvaluator evaluator(problem(ram), table_, swapped);
    const Trace trace = strategy.run(evaluator, task, [](const std::string&) {});
    std::vector<Contender> contenders;
    for (const TraceStep& step : trace.steps) contenders.push_back({step.name, step.evaluation});
    const Choice choice = choose_schedule(evaluator, contenders, Goal::accuracy, task.threshold);
    *trainings += evaluator.trainings();
    const Schedule& chosen = contenders[choice.best].evaluation.request.schedule;
    EXPECT_TRUE(evaluator.fits(chosen));
    return 100.0 * (best_accuracy(ram) - evaluator.row(chosen).test_accuracy);
  }

  Figures figures(const Strategy& strategy, int32_t random_looks) const {
    Figures result;
    int64_t trainings = 0;
    const std::vector<int64_t> rams = budgets();
    for (const int64_t ram : rams) {
      double mean = 0.0;
      for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
        StrategyTask of = task(seed);
        of.random_looks = random_looks;
        mean += regret(strategy, of, ram, seed % 2 == 0, &trainings) / kSeeds;
      }
      result.mean += mean / static_cast<double>(rams.size());
      result.worst = std::max(result.worst, mean);
    }
    result.trainings = static_cast<double>(trainings) / (kSeeds * static_cast<double>(rams.size()));
    return result;
  }

  const Network network_ =
      reduce(read_tflite(std::filesystem::path(testing::source_folder()) / "configs/models/reference.tflite"),
             {10, true, true});
  const ScheduleTable table_ = testing::read_schedule_table(std::filesystem::path(testing::source_folder()) /
                                                            "tests/golden/schedule_table/reference.csv");
  const int32_t tensors_ = table_.rbegin()->first.first;
};

TEST_F(Regret, TheTableIsWhole) {
  for (int32_t biases = 1; biases <= tensors_; ++biases) EXPECT_TRUE(table_.contains({biases, 0})) << biases;
  for (uint32_t weights = 0; weights < 1U << tensors_; ++weights)
    EXPECT_TRUE(table_.contains({static_cast<int32_t>(std::bit_width(weights)), weights})) << weights;
}

TEST_F(Regret, OfTheDefaultStrategyIsSmall) {
  fmt::print("{} schedules, 10 budgets, {} seeds\n{:12} {:>12} {:>13} {:>10}\n", table_.size(), kSeeds,
             "strategy", "mean points", "worst budget", "trainings");
  std::map<std::string, Figures> by_name;
  for (const Strategy& strategy : strategies()) {
    if (strategy.name == "fisher") continue;  // asks gradients, which a table has not
    const Figures f = by_name[strategy.name] = figures(strategy, 25);
    fmt::print("{:12} {:12.2f} {:13.2f} {:10.1f}\n", strategy.name, f.mean, f.worst, f.trainings);
  }
  const Figures& peak = by_name[strategies().front().name];
  EXPECT_LE(peak.mean, 0.3);
  EXPECT_LE(peak.worst, 0.8);
}

}  // namespace
}  // namespace thaw
