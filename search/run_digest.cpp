#include "search/run_digest.h"

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/sha256.h"

namespace thaw {
namespace {

std::string recipe_text(const TrainingRecipe& recipe) {
  // A field more in TrainingRecipe stops this from compiling until it is written too.
  const auto& [learning_rate, epochs, lr_schedule, warmup_epochs, seed, flip, fraction_bits, gradient_bits,
               fresh_classifier] = recipe;
  return fmt::format("{} {} {} {} {} {} {} {} {}", learning_rate, epochs, lr_schedule, warmup_epochs, seed,
                     flip, fraction_bits, gradient_bits, fresh_classifier);
}

std::string places_text(const std::vector<uint32_t>& places) {
  return fmt::format("{} {}", places.size(), sha256_hex(std::as_bytes(std::span(places))));
}

}  // namespace

std::string run_digest(const SearchProblem& problem, const TrainingRecipe& recipe) {
  const Network& network = *problem.network;
  std::string text = fmt::format("{}\n{} {} {}\n{} {} {}\n{}\n{}\n{}\n", problem.version,
                                 network.graph.sha256, network.classifier.classes, network.classifier.fresh,
                                 problem.data_sha256, problem.train->count, problem.test->count,
                                 problem.mirror, board_identity(problem.board), recipe_text(recipe));
  if (compares_output(network.task)) text += std::string(task_name(network.task)) + "\n";
  if (problem.input_by != InputBy::image) text += std::string(input_by_name(problem.input_by)) + "\n";
  for (const Fold& fold : problem.folds)
    text += places_text(fold.train) + "\n" + places_text(fold.validation) + "\n";
  return sha256_hex(std::as_bytes(std::span(text)));
}

}  // namespace thaw
