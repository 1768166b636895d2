#include "tools/thaw/search_words.h"

#include <fmt/format.h>

#include "sim/base/grouped_text.h"
#include "tools/thaw/table.h"

namespace thaw::cli {
namespace {

/// A word of a command line, in quotes where a shell would split it.
std::string shell_word(const std::string& word) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

/// "10 classes", or "12 outputs to regress".
std::string task_words(const Network& network) {
  if (network.task == Task::classify) return fmt::format("{} classes", network.classifier.classes);
  return fmt::format("{} outputs to {}", network.classifier.features, task_name(network.task));
}

std::string class_words(const Network& network, const ModelData& data) {
  if (network.task != Task::classify) return "";
  return fmt::format(", {} classes", data.about.class_names.size());
}

std::string rate_words(const SearchOptions& options) {
  return options.learning_rate ? fmt::format("rate {:.3g}", *options.learning_rate) : "rate searched";
}

std::string goal_words(const SearchOptions& options, Task task) {
  if (options.goal == Goal::accuracy)
    return compares_output(task) ? "the best schedule that fits" : "the most accurate schedule that fits";
  return fmt::format("the smallest schedule within {:.2f} {}", options.threshold_points,
                     compares_output(task) ? "percent" : "points");
}

}  // namespace

std::vector<std::string> search_header(const SearchProblem& problem, const SearchOptions& options,
                                       const ModelData& data) {
  const Network& network = *problem.network;
  const Fold& fold = problem.folds.front();
  return {
      fmt::format("model   {}, {} convolutions, {}", network.graph.file_name, network.convolution_count(),
                  task_words(network)),
      fmt::format("data    {}{}: {} training samples ({} trained on and {} judged on in each of {} parts), "
                  "{} test samples",
                  data.about.name, class_words(network, data), grouped_text(data.train.count),
                  grouped_text(static_cast<int64_t>(fold.train.size())),
                  grouped_text(static_cast<int64_t>(fold.validation.size())), problem.folds.size(),
                  grouped_text(data.test.count)),
      fmt::format("board   {}: {} bytes of RAM, {} of them stack, {} of flash", problem.board.name,
                  grouped_text(problem.board.ram_bytes), grouped_text(problem.board.stack_bytes),
                  grouped_text(problem.board.flash_bytes)),
      fmt::format("search  {} for {}, effort {}, {} epochs, {} seeds from {}, {}, {} threads",
                  options.strategy, goal_words(options, network.task), options.effort.name, options.epochs,
                  options.seeds, options.seed, rate_words(options), problem.jobs)};
}

std::vector<std::string> next_commands(const Answer& answer) {
  const std::string model = shell_word(answer.model), data = shell_word(answer.data),
                    folder = shell_word(answer.folder),
                    schedule = shell_word(answer.folder + "/schedule.json"), board = shell_word(answer.board);
  return {fmt::format("measure it again: thaw train {} {} --schedule {}{} --seeds {}", model, data, schedule,
                      answer.data_words, answer.seeds),
          fmt::format("look at it:       thaw report {}", folder),
          fmt::format("its memory:       thaw plan {} --schedule {} --board {} --svg arena.svg", model,
                      schedule, board),
          fmt::format("its firmware:     thaw generate {} --schedule {} --board {} --data {} -o firmware",
                      model, schedule, board, data)};
}

}  // namespace thaw::cli
