// The published way to maximise the published objective (Lin et al. 2022, section 3.2): evolution over
// selections under a budget of extra memory. Here for comparison: knapsack.h solves the same exactly.
#pragma once

#include <algorithm>
#include <cstdint>

#include "search/contributions.h"
#include "search/extra_bytes.h"

namespace thaw {

struct EvolutionOptions {
  int32_t samples = 20000;  // selections whose objective is computed
  int32_t population = 200;
  int32_t parents = 50;    // the best of a generation, from which the next one comes
  double mutation = 0.05;  // chance of each part
  uint32_t seed = 1;
};

/// The best selection that was seen within `bytes`; the least one of the space where none fits.
Selection evolved(const Network& network, const SearchSpace& space, const Contributions& contributions,
                  const ExtraBytes& extra, int64_t bytes, const EvolutionOptions& options);

/// A selection drawn from the space, pinned weights included: biases from a random layer on, and each later
/// layer's weights with the probability `density`, at a random share. `next` gives random numbers.
template <class Random>
Selection random_selection(const SearchSpace& space, int32_t convolutions, double density, Random& next) {
  Selection selection = {convolutions, {}};
  for (const int32_t op : space.pinned) selection = with_share(selection, {op, 8});
  const auto depth = static_cast<uint64_t>(convolutions - space.first_op + 1);
  selection.first_bias =
      std::min(selection.first_bias, space.first_op + static_cast<int32_t>(next() % depth));
  const int32_t first = selection.first_bias;
  if (space.biases_follow) selection.first_bias = convolutions;
  for (const int32_t op : space.weights) {
    if (op < first || space.pins(op)) continue;
    if (static_cast<double>(next() % 1000) >= 1000.0 * density) continue;
    selection = with_share(selection, {op, space.eighths[next() % space.eighths.size()]});
  }
  return selection;
}

}  // namespace thaw
