// What strategies may choose from, and one choice: from which convolution on biases are updated, and how much
// of which weights.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/plan/network.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// Convolutions are numbered as Convolution::index.
struct SearchSpace {
  int32_t first_op = 0;                         // nothing before it is updated
  std::vector<int32_t> weights;                 // whose weights may be updated; ascending
  std::vector<int32_t> eighths = {1, 2, 4, 8};  // of their channels; ascending
  std::vector<int32_t> pinned;                  // of `weights`: always updated whole
  bool biases_follow = false;                   // biases start at the deepest weights, nowhere before

  bool pins(int32_t op) const;
};

/// Everything that can be trained. `pinned` and `forbidden` are layer names, or numbers as text: a pinned
/// layer's weights are updated in every schedule, a forbidden one's in none. Throws Error naming the layers
/// that there are, and where a layer is both.
SearchSpace search_space(const Network& network, const std::vector<std::string>& pinned = {},
                         const std::vector<std::string>& forbidden = {});

/// So many eighths of the channels of one convolution's weights.
struct WeightShare {
  int32_t op = 0;
  int32_t eighths = 8;
  std::optional<int32_t> fraction_bits = std::nullopt;  // 0, 4 or 8, where not the recipe's

  auto operator<=>(const WeightShare&) const = default;
};

/// One point of a space. Biases are updated from `first_bias` on (the number of convolutions: none but the
/// classifier's).
struct Selection {
  int32_t first_bias = 0;
  std::vector<WeightShare> weights;  // ascending, each convolution once

  int32_t eighths_of(int32_t op) const;
  auto operator<=>(const Selection&) const = default;
};

/// The same with so many eighths of one convolution's weights; biases start at it where they did not before.
Selection with_share(const Selection& selection, WeightShare share);

/// The same without this convolution's weights; where biases follow the weights they start later then.
Selection without_share(const SearchSpace& space, const Network& network, const Selection& selection,
                        int32_t op);

/// The least that the space allows: its pinned weights alone, under the biases that come with them.
Selection least_selection(const SearchSpace& space, const Network& network);

Schedule schedule_of(const Network& network, const TrainingRecipe& recipe, const Selection& selection);

/// Whether a schedule keeps to pinned and forbidden weights.
bool allows(const SearchSpace& space, const Schedule& schedule);

/// "biases from b3.dw, weights of b5.pw1, half of b7.pw1"
std::string selection_text(const Network& network, const Selection& selection);

/// The same for a table: many layers are counted, "biases from conv0, weights of 12 layers from b0.pw1".
std::string selection_summary(const Network& network, const Selection& selection);

}  // namespace thaw
