// Caches save time and cost memory; neither changes a bit of any result.
#include "search/local_trainer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "search/schedules.h"
#include "tests/search/small_problem.h"

namespace thaw {
namespace {

/// Runs that start at every depth, on both splits.
std::vector<TrainingRun> runs_of(const testing::SmallProblem& small) {
  std::vector<TrainingRun> runs;
  for (int32_t first = small.network.convolution_count(); first >= first_trainable_convolution(small.network);
       first -= 3)
    for (const MeasuredOn on : {MeasuredOn::validation, MeasuredOn::test}) {
      EvaluationRequest request;
      request.schedule = last_layers_schedule(small.network, {}, first);
      request.fidelity = {"full", 1, 1.0};
      request.measured_on = on;
      runs.push_back(training_run(request, 0, small.problem));
    }
  return runs;
}

std::vector<std::string> signatures(LocalTrainer& trainer, const std::vector<TrainingRun>& runs) {
  std::vector<std::string> result(runs.size());
  trainer.train(runs, nullptr, [&](size_t run, const SeedResult& trained, double) {
    result[run] = trained.signature + std::to_string(trained.accuracy);
  });
  return result;
}

TEST(LocalTrainer, ResultsDoNotDependOnTheMemoryForCaches) {
  const testing::SmallProblem small(1 << 20);
  const std::vector<TrainingRun> runs = runs_of(small);
  LocalTrainer plenty(small.problem);
  const std::vector<std::string> expected = signatures(plenty, runs);
  EXPECT_GT(plenty.cached_bytes(), 500000);
  for (const int64_t bytes : {0, 500000}) {
    LocalTrainer tight(small.problem, bytes);
    EXPECT_EQ(signatures(tight, runs), expected) << bytes;
    EXPECT_LE(tight.cached_bytes(), bytes);
  }
}

}  // namespace
}  // namespace thaw
