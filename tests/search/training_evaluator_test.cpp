// What an evaluation trains on and is judged by, against a run of the trainer put together by hand.
#include "search/training_evaluator.h"

#include <gtest/gtest.h>
#include <limits>

#include "search/learning_rate.h"
#include "search/schedules.h"
#include "sim/base/error.h"
#include "sim/plan/training_plan.h"
#include "sim/train/trainer.h"
#include "tests/search/small_problem.h"

namespace thaw {
namespace {

class EvaluatorTest : public ::testing::Test {
 protected:
  EvaluatorTest() : record_("", "digest"), evaluator_(small_.problem, record_) {
    request_.schedule = last_layers_schedule(small_.network, {}, small_.network.convolution_count() - 2);
    request_.schedule.training.epochs = 2;
    request_.schedule.training.warmup_epochs = 0.5;
    request_.schedule.training.learning_rate = 0.01;
    request_.fidelity = {"full", 2, 1.0};
  }

  /// The same run without the evaluator.
  TrainingResult by_hand(const std::vector<uint32_t>& train_ids, const std::vector<uint32_t>& test_ids,
                         const TrainingRecipe& recipe) const {
    Schedule schedule = request_.schedule;
    schedule.training = recipe;
    const PrefixCache cache = cache_prefix(small_.network, 0, small_.train, true, 1);
    TrainingData data;
    data.train = {&cache, &small_.train.labels, train_ids};
    data.test = {&cache, &small_.train.labels, test_ids};
    return train(small_.network, training_plan(small_.network, schedule), schedule, data, {});
  }

  testing::SmallProblem small_{1 << 20};
  TrialRecord record_;
  testing::LocalEvaluator evaluator_;
  EvaluationRequest request_;
};

TEST_F(EvaluatorTest, EachSeedTrainsOnItsFoldAndIsJudgedByTheRest) {
  request_.seeds = {5, 6};
  const Evaluation measured = evaluator_.evaluate(request_);
  for (size_t seed = 0; seed < 2; ++seed) {
    const Fold& fold = small_.problem.folds[seed];
    TrainingRecipe recipe = request_.schedule.training;
    recipe.seed = request_.seeds[seed];
    const TrainingResult expected = by_hand(fold.train, fold.validation, recipe);
    EXPECT_EQ(measured.seeds[seed].signature, expected.signature);
    EXPECT_EQ(measured.seeds[seed].predictions, expected.predictions);
    EXPECT_EQ(measured.seeds[seed].predictions.size(), 24U);
    EXPECT_EQ(measured.seeds[seed].accuracy, expected.accuracy);
  }
  const CorrectBySeed correct = evaluator_.correct(measured);
  ASSERT_EQ(correct.size(), 1U);
  EXPECT_EQ(correct[0].size(), 48U) << "folds follow one another";
}

TEST_F(EvaluatorTest, ALookTrainsOnTheFirstPartOfTheFold) {
  request_.fidelity = {"look", 1, 0.5};
  const Evaluation measured = evaluator_.evaluate(request_);
  std::vector<uint32_t> half = small_.problem.folds[0].train;
  half.resize(half.size() / 2);
  TrainingRecipe recipe = request_.schedule.training;
  recipe.epochs = 1;
  recipe.warmup_epochs = 0.25;
  EXPECT_EQ(measured.seeds[0].signature, by_hand(half, small_.problem.folds[0].validation, recipe).signature);
  EXPECT_TRUE(measured.seeds[0].predictions.empty()) << "looks are not compared sample by sample";
}

TEST_F(EvaluatorTest, WhatIsAskedTwiceInABatchIsTrainedOnce) {
  EvaluationRequest other = request_;
  other.seeds = {7};
  EvaluationRequest again = request_;
  again.role = "again";
  const std::vector<Evaluation> found = evaluator_.evaluate(std::vector{request_, other, again});
  EXPECT_EQ(static_cast<size_t>(evaluator_.work().trained), request_.seeds.size() + 1);
  EXPECT_EQ(found[2].request.role, "again");
  ASSERT_EQ(found[2].seeds.size(), request_.seeds.size());
  EXPECT_EQ(found[2].seeds[0].signature, found[0].seeds[0].signature);
  EXPECT_EQ(found[2].ram_bytes, found[0].ram_bytes);
  EXPECT_NE(found[1].seeds[0].signature, found[0].seeds[0].signature);
  EXPECT_EQ(record_.evaluations().size(), 2U) << "a row of the record stands for both";
}

TEST_F(EvaluatorTest, MirroringIsTheRecipes) {
  const std::string mirrored = evaluator_.evaluate(request_).seeds[0].signature;
  request_.schedule.training.flip = false;
  EXPECT_NE(evaluator_.evaluate(request_).seeds[0].signature, mirrored);
}

TEST_F(EvaluatorTest, ARateThatDivergesIsReplacedByASlowerOne) {
  request_.schedule = last_layers_schedule(small_.network, {}, first_trainable_convolution(small_.network));
  request_.schedule.training.learning_rate = 0.8;
  request_.fidelity = {"full", 12, 1.0};
  RateSearch search;
  const Evaluation given = evaluator_.evaluate(request_);
  ASSERT_TRUE(given.diverged()) << "the rate is not fast enough for this test";
  const Evaluation slower = confirmed(evaluator_, request_, search);
  EXPECT_FALSE(slower.diverged());
  EXPECT_LT(slower.request.schedule.training.learning_rate, 0.8);
  search.given = 0.8;
  EXPECT_TRUE(confirmed(evaluator_, request_, search).diverged()) << "a given rate stays";
}

TEST_F(EvaluatorTest, ARunThatSeveralRequestsNeedIsTrainedOnce) {
  EvaluationRequest rate = request_;  // the same run, for another purpose
  rate.fidelity.name = "rate";
  const std::vector<Evaluation> measured = evaluator_.evaluate({request_, request_, rate});
  EXPECT_EQ(evaluator_.work().trained, 1U);
  EXPECT_EQ(measured[0].seeds[0].signature, measured[2].seeds[0].signature);
  EXPECT_EQ(measured[0].number, measured[1].number);
  EXPECT_NE(measured[0].number, measured[2].number);
  EXPECT_FALSE(measured[1].seeds[0].predictions.empty());
  EXPECT_TRUE(measured[2].seeds[0].predictions.empty());
  request_.seeds = {1, 2};
  evaluator_.evaluate(request_);
  EXPECT_EQ(evaluator_.work().trained, 2U) << "of two seeds one was known";
  EXPECT_EQ(evaluator_.work().known, 1U);
}

/// For what must not be trained again.
struct NoTrainer : RunTrainer {
  void train(const std::vector<TrainingRun>& runs, const std::function<bool()>&,
             const RunFinished&) override {
    EXPECT_TRUE(runs.empty());
  }
};

TEST_F(EvaluatorTest, BytesArePlannedForTheBoardWhoeverTrained) {
  Store store("");
  LocalTrainer trainer(small_.problem);
  TrainingEvaluator first(small_.problem, record_, store, trainer);
  const Evaluation trained = first.evaluate(request_);
  testing::SmallProblem other(10000);
  other.problem.board.stack_bytes += 4096;
  TrialRecord record("", "other");
  NoTrainer none;
  TrainingEvaluator second(other.problem, record, store, none);
  const Evaluation known = second.evaluate(request_);
  EXPECT_EQ(known.seeds[0].signature, trained.seeds[0].signature);
  EXPECT_EQ(known.ram_bytes, trained.ram_bytes + 4096);
  EXPECT_FALSE(trained.over_budget);
  EXPECT_TRUE(known.over_budget);
}

TEST_F(EvaluatorTest, AStoppedCallKeepsWhatHadFinished) {
  Store store("");
  LocalTrainer trainer(small_.problem);
  TrainingEvaluator stopped(small_.problem, record_, store, trainer);
  request_.seeds = {1, 2, 3};
  stopped.cancelled = [&] { return store.size() == 2; };
  EXPECT_THROW(stopped.evaluate(request_), Error);
  EXPECT_EQ(record_.evaluations().size(), 0U);
  stopped.cancelled = nullptr;
  EXPECT_EQ(stopped.evaluate(request_).seeds.size(), 3U);
  EXPECT_EQ(stopped.work().known, 2U);
}

TEST(BestRate, HasTheLeastLossAndIsTheSlowerOfEquals) {
  constexpr double kDiverged = std::numeric_limits<double>::infinity();
  EXPECT_EQ(best_rate({{0.1, 0.5}, {0.2, 0.3}, {0.4, 0.3}, {0.8, kDiverged}}), 0.2);
  EXPECT_EQ(best_rate({{0.1, kDiverged}, {0.2, kDiverged}}), std::nullopt) << "all diverged";
}

TEST(WithEpochs, KeepsTheShareOfTheWarmUp) {
  const TrainingRecipe recipe;
  EXPECT_EQ(with_epochs(recipe, 4), recipe);
  EXPECT_EQ(with_epochs(recipe, 1).warmup_epochs, 0.25);
  EXPECT_EQ(with_epochs(recipe, 12).warmup_epochs, 3.0);
  EXPECT_EQ(with_epochs(with_epochs(recipe, 3), 4), recipe);
}

}  // namespace
}  // namespace thaw
