// What a search says before it begins and after it has ended, beside its tables.
#pragma once

#include <string>
#include <vector>

#include "search/search.h"
#include "search/training_evaluator.h"
#include "tools/thaw/model_data.h"

namespace thaw::cli {

/// Lines that say what will be done: model, data with splits and classes, board with its budget, strategy and
/// recipe, threads.
std::vector<std::string> search_header(const SearchProblem& problem, const SearchOptions& options,
                                       const ModelData& data);

/// What the commands that follow are made of.
struct Answer {
  std::string model, data, board;
  std::string folder;      // of the run
  std::string data_words;  // " --samples 2000", or empty
  int32_t seeds = 1;
};

/// Commands that go on from a finished search, each with what it is for.
std::vector<std::string> next_commands(const Answer& answer);

}  // namespace thaw::cli
