// Plans a schedule for a board, trains it, and says what the device would reach:
//   plan_and_evaluate MODEL DATA BOARD.json
#include <cstdio>
#include <exception>

#include "memmodel/device_plan.h"
#include "problem.h"
#include "search/schedules.h"

static int run(char** arguments) {
  Problem problem;
  read_problem(problem, arguments[1], arguments[2], arguments[3]);

  // Weights and biases of the last two convolutions, and the classifier.
  thaw::TrainingRecipe recipe;
  recipe.learning_rate = 0.05;
  recipe.epochs = 1;
  recipe.flip = false;
  recipe.fresh_classifier = true;
  const thaw::Schedule schedule =
      thaw::last_layers_schedule(problem.network, recipe, problem.network.convolution_count() - 2);

  const thaw::DevicePlan plan = thaw::device_training_plan(problem.network, schedule, problem.search.board);
  std::printf("steps %zu\nRAM bytes %lld\nfits %s\n", plan.plan.steps.size(),
              static_cast<long long>(plan.totals.ram.required), plan.totals.fits() ? "yes" : "no");

  Training training(problem.search);
  const thaw::Evaluation measured = training.evaluator.evaluate(
      {"example", schedule, {"full", recipe.epochs, 1.0}, thaw::MeasuredOn::test, {1}});
  std::printf("accuracy %.4f\nsignature %s\n", measured.value(), measured.seeds[0].signature.c_str());
  return 0;
}

int main(int count, char** arguments) try {
  return count == 4 ? run(arguments) : 64;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
