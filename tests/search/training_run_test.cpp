// The question that a training run answers differs with everything that its result depends on, and with
// nothing else.
#include "search/training_run.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "search/schedules.h"
#include "tests/search/small_problem.h"

namespace thaw {
namespace {

struct Basis {
  testing::SmallProblem small{1 << 20};
  EvaluationRequest request;
  size_t seed = 0;

  Basis() {
    request.schedule = last_layer_schedule(small.network, {});
    request.fidelity = {"full", 4, 1.0};
    request.seeds = {1, 2};
  }
  std::string question() const {
    return question_of(training_run(request, seed, small.problem), small.problem);
  }
};

using Change = std::pair<std::string, std::function<void(Basis&)>>;

TEST(TrainingRun, AsksAnotherQuestionWhereTheResultMayDiffer) {
  const std::vector<Change> changes = {
      {"version", [](Basis& b) { b.small.problem.version += "2"; }},
      {"data", [](Basis& b) { b.small.problem.data_sha256 += "2"; }},
      {"model", [](Basis& b) { b.small.network.graph.sha256 += "2"; }},
      {"classifier", [](Basis& b) { b.small.network.classifier.fresh = false; }},
      {"training samples", [](Basis& b) { b.small.train.count -= 1; }},
      {"test samples", [](Basis& b) { b.small.test.count -= 1; }},
      {"which train",
       [](Basis& b) { std::swap(b.small.problem.folds[0].train[0], b.small.problem.folds[0].train[1]); }},
      {"which judge", [](Basis& b) { b.small.problem.folds[0].validation.pop_back(); }},
      {"seed", [](Basis& b) { b.request.seeds[0] = 3; }},
      {"fold",
       [](Basis& b) {
         b.seed = 1;
         b.request.seeds[1] = 1;
       }},
      {"epochs", [](Basis& b) { b.request.fidelity.epochs = 2; }},
      {"share of the samples", [](Basis& b) { b.request.fidelity.samples = 0.5; }},
      {"split", [](Basis& b) { b.request.measured_on = MeasuredOn::test; }},
      {"rate", [](Basis& b) { b.request.schedule.training.learning_rate *= 1.0000001; }},
      {"flips", [](Basis& b) { b.request.schedule.training.flip = false; }},
      {"fraction bits", [](Basis& b) { b.request.schedule.training.fraction_bits = 8; }},
      {"what is updated",
       [](Basis& b) { b.request.schedule.update[0].bias = !b.request.schedule.update[0].bias; }}};
  std::set<std::string> seen = {Basis().question()};
  for (const auto& [what, change] : changes) {
    Basis changed;
    change(changed);
    EXPECT_TRUE(seen.insert(changed.question()).second) << what;
  }
}

TEST(TrainingRun, AsksTheSameQuestionWhateverItIsFor) {
  const std::vector<Change> changes = {
      {"role", [](Basis& b) { b.request.role = "another"; }},
      {"kind", [](Basis& b) { b.request.kind = TrialKind::rate; }},
      {"name of the fidelity", [](Basis& b) { b.request.fidelity.name = "rate"; }},
      {"other seeds", [](Basis& b) { b.request.seeds[1] = 7; }},
      {"promise", [](Basis& b) { b.request.schedule.promise = Promise(); }},
      {"name of the model's file", [](Basis& b) { b.request.schedule.model_file = "copy.tflite"; }},
      {"board", [](Basis& b) { b.small.problem.board.ram_bytes /= 2; }},
      {"jobs", [](Basis& b) { b.small.problem.jobs = 7; }}};
  for (const auto& [what, change] : changes) {
    Basis changed;
    change(changed);
    EXPECT_EQ(changed.question(), Basis().question()) << what;
  }
}

}  // namespace
}  // namespace thaw
