// Choosing by contributions: exact answers against brute force over small spaces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "search/best_selection.h"
#include "search/evolution.h"
#include "search/knapsack.h"
#include "search/swaps.h"
#include "sim/base/error.h"
#include "tests/search/small_problem.h"
#include "tests/search/strategies/table_evaluator.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;
using testing::TableEvaluator;

/// Five layers, three shares: 4^5 choices of weights at six depths of biases.
class Selections : public ::testing::Test {
 protected:
  Selections() {
    space_.first_op = count_ - 5;
    for (int32_t op = space_.first_op; op < count_; ++op) space_.weights.push_back(op);
    space_.eighths = {2, 4, 8};
  }

  /// Made up, concave in the share as measured ones are.
  Contributions contributions(uint32_t seed) const {
    std::mt19937 next(seed);
    Contributions result;
    for (int32_t op = space_.first_op; op < count_; ++op)
      result.biases.push_back({op, {static_cast<double>(next() % 1000) / 1000.0, 0.0}});
    for (const int32_t op : space_.weights) {
      const double whole = static_cast<double>(next() % 1000) / 500.0;
      for (const int32_t eighths : space_.eighths)
        result.weights.push_back({{op, eighths}, {whole * std::sqrt(eighths / 8.0), 0.0}});
    }
    return result;
  }

  /// Every selection of the space.
  std::vector<Selection> all() const {
    std::vector<Selection> result = {{count_, {}}};
    for (int32_t op = space_.first_op; op < count_; ++op) result.push_back({op, {}});
    for (const int32_t op : space_.weights) {
      const std::vector<Selection> before = result;
      for (const Selection& selection : before)
        if (op >= selection.first_bias)
          for (const int32_t eighths : space_.eighths) result.push_back(with_share(selection, {op, eighths}));
    }
    return result;
  }

  template <class Fits>
  double best_gain(const Contributions& contributions, const Fits& fits) const {
    double best = 0.0;
    for (const Selection& selection : all())
      if (keeps_pinned(selection) && fits(selection)) best = std::max(best, contributions.gain(selection));
    return best;
  }

  bool keeps_pinned(const Selection& selection) const {
    return std::all_of(space_.pinned.begin(), space_.pinned.end(),
                       [&](int32_t op) { return selection.eighths_of(op) == 8; });
  }

  testing::SmallProblem small_{1 << 20};
  const int32_t count_ = small_.network.convolution_count();
  SearchSpace space_;
  TrainingRecipe recipe_;
};

TEST_F(Selections, UnderPlannedMemoryTheBestIsFound) {
  for (uint32_t seed = 1; seed <= 8; ++seed)
    for (const int64_t ram : {11'800, 12'500, 14'000, 16'500, 30'000}) {
      small_.problem.board.ram_bytes = ram;
      const TableEvaluator evaluator(small_.problem, 100, [](const EvaluationRequest&) { return 0.5; });
      const Contributions given = contributions(seed);
      const BestSelection best = best_selection(evaluator, recipe_, space_, given, {0.0, 100'000});
      const auto fits = [&](const Selection& s) {
        return evaluator.fits(schedule_of(small_.network, recipe_, s));
      };
      EXPECT_TRUE(fits(best.selection));
      EXPECT_DOUBLE_EQ(best.gain, given.gain(best.selection));
      EXPECT_DOUBLE_EQ(best.gain, best_gain(given, fits)) << seed << " in " << ram;
      EXPECT_DOUBLE_EQ(best.bound, best.gain);
    }
}

TEST_F(Selections, WhatWasNotLookedIntoCountsInTheBound) {
  small_.problem.board.ram_bytes = 14'000;
  const TableEvaluator evaluator(small_.problem, 100, [](const EvaluationRequest&) { return 0.5; });
  const Contributions given = contributions(3);
  const double optimum = best_selection(evaluator, recipe_, space_, given, {0.0, 100'000}).gain;
  const BestSelection hurried = best_selection(evaluator, recipe_, space_, given, {0.0, 2});
  EXPECT_LE(hurried.gain, optimum);
  EXPECT_GE(hurried.bound, optimum);
}

TEST_F(Selections, PinnedWeightsAreInAndForbiddenOnesOut) {
  space_.pinned = {space_.weights[1]};
  space_.weights.erase(space_.weights.begin() + 3);
  small_.problem.board.ram_bytes = 14'000;
  const TableEvaluator evaluator(small_.problem, 100, [](const EvaluationRequest&) { return 0.5; });
  const Contributions given = contributions(5);
  const BestSelection best = best_selection(evaluator, recipe_, space_, given, {0.0, 100'000});
  EXPECT_EQ(best.selection.eighths_of(space_.pinned[0]), 8);
  const auto fits = [&](const Selection& s) {
    return evaluator.fits(schedule_of(small_.network, recipe_, s));
  };
  EXPECT_DOUBLE_EQ(best.gain, best_gain(given, fits));
  EXPECT_TRUE(allows(space_, schedule_of(small_.network, recipe_, best.selection)));
  EXPECT_FALSE(allows(space_, schedule_of(small_.network, recipe_, {count_, {}})));
}

TEST_F(Selections, KnapsackIsExactAndEvolutionNeverBetter) {
  const ExtraBytes extra(small_.network, recipe_, space_);
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    const Contributions given = contributions(seed);
    const Knapsack table(small_.network, recipe_, space_, given, 60'000);
    for (const int64_t bytes : {100, 2'000, 9'000, 25'000, 60'000}) {
      const auto fits = [&](const Selection& s) { return extra.of(s) <= bytes; };
      const std::optional<Selection> best = table.best(bytes);
      ASSERT_TRUE(best.has_value());
      EXPECT_LE(extra.of(*best), bytes);
      EXPECT_NEAR(table.gain(bytes), best_gain(given, fits), 1e-12) << seed << " in " << bytes;
      EXPECT_NEAR(given.gain(*best), table.gain(bytes), 1e-12);
      EvolutionOptions options;
      options.seed = seed;
      const Selection evolved_one = evolved(small_.network, space_, given, extra, bytes, options);
      EXPECT_LE(given.gain(evolved_one), table.gain(bytes) + 1e-12);
      EXPECT_GE(given.gain(evolved_one), 0.9 * table.gain(bytes)) << "a rival that does not try";
    }
  }
}

TEST_F(Selections, BiasesThatFollowStartAtTheDeepestWeights) {
  space_.biases_follow = true;
  const Contributions given = contributions(2);
  const Knapsack table(small_.network, recipe_, space_, given, 60'000);
  for (const int64_t bytes : {2'000, 9'000, 60'000}) {
    const Selection best = *table.best(bytes);
    EXPECT_EQ(best.first_bias, best.weights.empty() ? count_ : best.weights.front().op) << bytes;
    EXPECT_NEAR(given.gain(best), table.gain(bytes), 1e-12);
  }
}

TEST_F(Selections, NeighboursFitAndDifferByOneAddition) {
  small_.problem.board.ram_bytes = 12'500;
  const TableEvaluator evaluator(small_.problem, 100, [](const EvaluationRequest&) { return 0.5; });
  const Contributions given = contributions(4);
  const Selection start = with_share({count_ - 3, {}}, {count_ - 2, 8});
  const std::vector<Selection> found = neighbours(evaluator, recipe_, space_, given, start);
  EXPECT_FALSE(found.empty());
  for (const Selection& selection : found) {
    EXPECT_TRUE(evaluator.fits(schedule_of(small_.network, recipe_, selection)));
    EXPECT_NE(selection, start);
    int32_t added = 0;
    for (const WeightShare& share : selection.weights)
      if (share.eighths > start.eighths_of(share.op)) ++added;
    EXPECT_LE(added, 1);
  }
}

TEST_F(Selections, OtherFractionBitsFitAndFreeBytesForOneLayerMore) {
  small_.problem.board.ram_bytes = 15'000;
  const TableEvaluator evaluator(small_.problem, 100, [](const EvaluationRequest&) { return 0.5; });
  const Contributions given = contributions(4);
  const Selection start = with_share(with_share({count_ - 3, {}}, {count_ - 2, 8}), {count_ - 1, 4});
  const std::vector<Selection> found = precision_neighbours(evaluator, recipe_, space_, given, start);
  ASSERT_FALSE(found.empty());
  bool frees = false;
  for (const Selection& selection : found) {
    EXPECT_TRUE(evaluator.fits(schedule_of(small_.network, recipe_, selection)));
    int32_t changed = 0, added = 0;
    for (const WeightShare& share : selection.weights) {
      if (share.fraction_bits) ++changed;
      if (share.eighths > start.eighths_of(share.op)) ++added;
    }
    EXPECT_EQ(changed, 1);
    EXPECT_LE(added, 1);
    frees = frees || added == 1;
  }
  EXPECT_TRUE(frees) << "bytes that one layer does not need go to another";
}

TEST_F(Selections, LayersAreNamedAndMisnamedOnesListed) {
  const std::string last = small_.network.convolution_layer(count_ - 1).name;
  const SearchSpace space = search_space(small_.network, {last}, {"20"});
  EXPECT_EQ(space.pinned, std::vector<int32_t>{count_ - 1});
  EXPECT_EQ(std::count(space.weights.begin(), space.weights.end(), 20), 0);
  try {
    search_space(small_.network, {"b9"}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(std::string(error.what()),
                ::testing::AllOf(HasSubstr("--pin"), HasSubstr("b9"), HasSubstr(last)));
  }
  EXPECT_THROW(search_space(small_.network, {last}, {last}), Error);
}

}  // namespace
}  // namespace thaw
