// The published objective solved exactly: contributions add up, the paper's extra memory adds up, so dynamic
// programming over the layers finds the selection that adds most in so many bytes, for every number of bytes
// at once. (Lin et al. 2022 search it by evolution.)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "search/contributions.h"
#include "search/extra_bytes.h"

namespace thaw {

class Knapsack {
 public:
  /// For up to `most_bytes` of extra memory (paper_metric.h, rounded up to whole bytes). Pinned weights are
  /// part of every selection. Time and memory grow with layers times bytes.
  Knapsack(const Network& network, const TrainingRecipe& recipe, const SearchSpace& space,
           const Contributions& contributions, int64_t most_bytes);

  /// The selection with the largest sum of contributions in so many bytes, the shallowest biases of equals;
  /// none where not even the least selection of the space fits into them.
  std::optional<Selection> best(int64_t bytes) const;
  /// Its sum, nats: the certificate, no selection in so many bytes has more.
  double gain(int64_t bytes) const;

  int64_t most_bytes() const { return most_bytes_; }

 private:
  struct Option {
    int32_t eighths = 0;
    double gain = 0.0;
    int64_t bytes = 0;
  };
  /// A layer as an item: which of its options the best selection of the layers from it on takes, by bytes.
  struct Item {
    int32_t op = 0;
    std::vector<Option> options;  // the first: none, unless it is pinned
    std::vector<uint8_t> taken;   // [bytes]
    std::vector<uint8_t> needed;  // the same where one must be taken: biases that follow start at weights
  };
  /// Biases from here on, with the best gain of the weights behind them by bytes that are left for them.
  struct Depth {
    int32_t first_bias = 0;
    double gain = 0.0;
    int64_t bytes = 0;
    size_t items = 0;              // so many of items_ lie behind it
    bool needs_weights = false;    // of its own layer
    std::vector<double> by_bytes;  // [bytes], of the weights
  };
  Item item_of(int32_t op, const SearchSpace& space, const Contributions& contributions,
               const ExtraBytes& extra) const;
  /// `best` with the item as one more choice; returned: with its weights taken.
  std::vector<double> add_item(Item& item, std::vector<double>& best) const;
  const Depth* deepest_gain(int64_t bytes, double* most) const;

  int64_t most_bytes_ = 0;
  std::vector<Item> items_;    // the last layer first
  std::vector<Depth> depths_;  // shallow ones first
};

}  // namespace thaw
