#include "search/expected_time.h"

#include <algorithm>
#include <chrono>

#include "search/expected_work.h"
#include "search/local_trainer.h"
#include "search/schedules.h"
#include "sim/exec/some_samples.h"

namespace thaw {
namespace {

// Work of the short training: about half a second on one core. It is done twice: the first finds no caches.
constexpr double kWork = 2e9;
// A search plans, on one core, so many times as long as foretelling its work does: 64 s and 2.7 s with the
// reference model, 300 samples and few looks. It tells where training is short.
constexpr double kPlanning = 20.0;

constexpr int64_t kFewest = 16, kMost = 2000;  // samples

/// The same problem with its first samples alone, all but a quarter of them to train on.
SearchProblem small_problem(const SearchProblem& problem, const Samples& samples) {
  SearchProblem small = problem;
  small.train = small.test = &samples;
  small.jobs = 1;
  Fold fold;
  for (int64_t i = 0; i < samples.count; ++i)
    (i % 4 == 3 ? fold.validation : fold.train).push_back(static_cast<uint32_t>(i));
  small.folds = {fold};
  return small;
}

/// Multiply-accumulates that a second of training does.
double speed(const Evaluator& evaluator, const SearchOptions& options) {
  const SearchProblem& problem = evaluator.problem();
  const Network& network = *problem.network;
  TrainingRun run;
  const int32_t first = first_trainable_convolution(network), count = network.convolution_count();
  run.schedule = bias_schedule(network, options.start_recipe(), (first + count) / 2);
  run.schedule.training.epochs = 1;
  const MemoryTotals needed = evaluator.memory(run.schedule);
  const auto fitting = static_cast<int64_t>(kWork / static_cast<double>(needed.macs_per_step() + 1));
  const Samples samples =
      some_samples(*problem.train, std::min(problem.train->count, std::clamp(fitting, kFewest, kMost)));
  const SearchProblem small = small_problem(problem, samples);
  LocalTrainer trainer(small);
  double seconds = 0.0;
  for (int i = 0; i < 2; ++i)
    trainer.train({run}, nullptr, [&](size_t, const SeedResult&, double took) { seconds = took; });
  return run_work(small, needed, run) / std::max(seconds, 1e-6);
}

}  // namespace

ExpectedTime expected_time(const Evaluator& evaluator, const SearchOptions& options, int32_t at_once) {
  const auto start = std::chrono::steady_clock::now();
  const double work = expected_work(evaluator, options);
  const std::chrono::duration<double> foretelling = std::chrono::steady_clock::now() - start;
  const double training = work / speed(evaluator, options) / std::max(1, at_once);
  return {work, kPlanning * foretelling.count() + training};
}

}  // namespace thaw
