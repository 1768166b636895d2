// A strategy of one's own: the last 1, 2, 4, ... layers as long as they fit and gain. It asks the same
// evaluator as Thaw's strategies do, and its trace is theirs:
//   own_strategy MODEL DATA BOARD.json
#include <algorithm>
#include <cstdio>
#include <exception>

#include "problem.h"
#include "search/schedules.h"
#include "search/strategies/strategy.h"

static thaw::Trace double_depth(thaw::Evaluator& evaluator, const thaw::StrategyTask& task,
                                const thaw::SearchLog& log) {
  const thaw::Network& network = *evaluator.problem().network;
  thaw::Trace trace;
  trace.stop_reason = "all layers are trained";
  for (int depth = 1; depth <= network.convolution_count(); depth *= 2) {
    const thaw::Schedule schedule =
        thaw::last_layers_schedule(network, task.recipe, network.convolution_count() - depth);
    if (!evaluator.fits(schedule)) {
      trace.stop_reason = "the next does not fit";
      break;
    }
    const std::string name = "last " + std::to_string(depth);
    const thaw::Evaluation measured =
        evaluator.evaluate({name, schedule, task.rates.full, thaw::MeasuredOn::validation, task.rates.seeds});
    log(name + ": " + std::to_string(measured.value()));
    const bool gains = measured.value() > trace.reference + task.threshold;
    trace.reference = std::max(trace.reference, measured.value());
    trace.steps.push_back({name, name, measured, true});
    if (!gains) {
      trace.stop_reason = "more layers gain too little";
      break;
    }
  }
  return trace;
}

static int run(char** arguments) {
  Problem problem;
  read_problem(problem, arguments[1], arguments[2], arguments[3]);
  thaw::StrategyTask task;
  task.recipe.learning_rate = 0.05;
  task.recipe.flip = false;
  task.recipe.fresh_classifier = true;
  task.rates.full = {"full", 1, 1.0};
  task.rates.seeds = {1};
  Training training(problem.search);
  const thaw::Trace trace =
      double_depth(training.evaluator, task, [](const std::string& line) { std::puts(line.c_str()); });
  std::printf("stopped: %s\nbest %.4f\n", trace.stop_reason.c_str(), trace.reference);
  return 0;
}

int main(int count, char** arguments) try {
  return count == 4 ? run(arguments) : 64;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
