// See fit.h.
#include "tools/bench/instruction_costs/fit.h"

#include <Eigen/Dense>
#include <algorithm>
#include <numeric>

namespace thaw::bench {
namespace {

constexpr double kClock = 100;      // instructions: errors below it are the tick of the counting clock
constexpr double kWholeWeight = 5;  // of an inference or training step against one kernel's
constexpr double kPull = 1e-9;      // towards 0, relative: decides where rows do not tell units apart
constexpr double kLeaning = 1000, kLeaningWeight = 0.02;  // units of a row that leans, and its weight
constexpr double kStop = 1e-9;

/// Whether no training step ended after the loss, as one does whose errors are all 0: the mean of all steps
/// is then less than the sum of the kernels' means.
bool learned_always(const Counted& counted) {
  const int64_t sum = std::accumulate(counted.steps.begin(), counted.steps.end(), int64_t{0});
  return static_cast<double>(sum) < 1.02 * static_cast<double>(counted.training_step);
}

std::vector<std::string> units_in(const std::vector<FitRow>& rows) {
  std::map<std::string, bool> seen;
  for (const FitRow& row : rows)
    for (const auto& [unit, count] : row.work.units()) seen[unit] = true;
  std::vector<std::string> units;
  for (const auto& [unit, yes] : seen) units.push_back(unit);
  return units;
}

/// The solution for the unknowns of `free`, 0 for all others.
Eigen::VectorXd solved(const Eigen::MatrixXd& gram, const Eigen::VectorXd& target,
                       const std::vector<Eigen::Index>& free) {
  const Eigen::VectorXd part = gram(free, free).ldlt().solve(target(free));
  Eigen::VectorXd all = Eigen::VectorXd::Zero(target.size());
  all(free) = part;
  return all;
}

/// Least squares of costs that are not negative: the active set method of Lawson and Hanson (1974), on the
/// normal equations.
Eigen::VectorXd least_squares(Eigen::MatrixXd gram, const Eigen::VectorXd& target) {
  const Eigen::Index size = target.size();
  gram.diagonal() *= 1 + kPull;
  Eigen::VectorXd costs = Eigen::VectorXd::Zero(size);
  std::vector<Eigen::Index> free;
  for (Eigen::Index round = 0; round < 10 * size; ++round) {
    Eigen::VectorXd pull = target - gram * costs;
    for (const Eigen::Index i : free) pull[i] = 0;
    Eigen::Index most = 0;
    if (pull.maxCoeff(&most) < kStop) break;
    free.push_back(most);
    for (Eigen::VectorXd next = solved(gram, target, free);; next = solved(gram, target, free)) {
      double step = 1;  // as far as no cost falls below 0
      for (const Eigen::Index i : free)
        if (next[i] <= 0) step = std::min(step, costs[i] / (costs[i] - next[i]));
      costs += step * (next - costs);
      if (step == 1) break;
      std::erase_if(free, [&](Eigen::Index i) { return costs[i] <= kStop; });
      if (free.empty()) break;
    }
  }
  return costs;
}

}  // namespace

std::vector<FitRow> rows_of(const FitCase& made, const Counted& counted, DeviceKernels kernels) {
  FitRow inference{made.name + " inference", frame_work(made.plan, false),
                   static_cast<double>(counted.inference), kWholeWeight};
  FitRow training{made.name + " training step", frame_work(made.plan, true),
                  static_cast<double>(counted.training_step), kWholeWeight};
  std::vector<FitRow> rows;
  for (size_t i = 0; i < made.plan.steps.size(); ++i) {
    const Step& step = made.plan.steps[i];
    const Work alone = step_work(made.plan, step, kernels, false);
    const Work learning = step_work(made.plan, step, kernels, made.trains);
    FitRow row{made.name + " " + step.name + " " + kernel_name(step.kernel),
               {},
               static_cast<double>(counted.steps[i])};
    if (step.phase == Phase::forward) {
      row.work.add(alone, 1.0 / (1 + kCountedSteps));
      row.work.add(learning, double{kCountedSteps} / (1 + kCountedSteps));
      inference.work.add(alone);
    } else {
      row.work = learning;
    }
    training.work.add(learning);
    rows.push_back(std::move(row));
  }
  std::erase_if(rows, [](const FitRow& row) { return row.instructions == 0; });  // never reached
  rows.push_back(std::move(inference));
  if (made.trains && learned_always(counted)) rows.push_back(std::move(training));
  return rows;
}

Costs fitted_costs(const std::vector<FitRow>& counted, const Costs& like) {
  std::vector<FitRow> rows = counted;
  for (const auto& [unit, cost] : like) {
    FitRow row{unit, {}, cost * kLeaning, kLeaningWeight};
    row.work.add(unit, kLeaning);
    rows.push_back(std::move(row));
  }
  const std::vector<std::string> units = units_in(rows);
  std::map<std::string, Eigen::Index> index;
  for (const std::string& unit : units) index.emplace(unit, static_cast<Eigen::Index>(index.size()));
  const auto size = static_cast<Eigen::Index>(units.size());
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(rows.size()), size);
  Eigen::VectorXd target(static_cast<Eigen::Index>(rows.size()));
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto at = static_cast<Eigen::Index>(r);
    const double scale = rows[r].weight / (rows[r].instructions + kClock);
    for (const auto& [unit, count] : rows[r].work.units()) matrix(at, index[unit]) = count * scale;
    target[at] = rows[r].instructions * scale;
  }
  // Columns of one length: the descent then moves all alike.
  Eigen::VectorXd lengths = matrix.colwise().norm();
  for (Eigen::Index i = 0; i < size; ++i) matrix.col(i) /= lengths[i];
  const Eigen::VectorXd costs = least_squares(matrix.transpose() * matrix, matrix.transpose() * target);
  Costs result;
  for (Eigen::Index i = 0; i < size; ++i) result[units[static_cast<size_t>(i)]] = costs[i] / lengths[i];
  return result;
}

double predicted(const Work& work, const Costs& costs) {
  double sum = 0;
  for (const auto& [unit, count] : work.units()) {
    const auto cost = costs.find(unit);
    if (cost != costs.end()) sum += count * cost->second;
  }
  return sum;
}

}  // namespace thaw::bench
