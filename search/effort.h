// How much a search measures: looks, folds and seeds. More of them make the choice surer and take longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace thaw {

struct Effort {
  std::string name;        // of --effort
  int32_t look_seeds = 2;  // a look is repeated with so many, a fold a seed
  size_t judged = 2000;  // samples that a full evaluation on validation judges at least, in two folds or more
  int32_t swap_rounds = 4;  // at most
  size_t swap_neighbours = 6;
  int32_t random_looks = 100;
  int32_t smaller_budgets = 3;  // confirmed besides the board's, for the trade between accuracy and bytes
  int32_t seeds = 3;            // of the table on test, where --seeds says nothing
};

/// quick, normal (the default), thorough.
std::span<const Effort> efforts();

/// Throws Error naming those that there are.
const Effort& effort_named(const std::string& name);

}  // namespace thaw
