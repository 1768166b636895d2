#include "search/best_selection.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace thaw {
namespace {

// Regions are rounded up to this many bytes: how much less than its share a part may add to the whole.
constexpr int64_t kRounding = 64;

struct Option {
  int32_t eighths = 0;
  double gain = 0.0;  // nats
  int64_t least = 0;  // bytes of RAM that it adds whatever else is chosen
};

struct Item {
  int32_t op = 0;
  std::vector<Option> options;  // most gain first
  double worth = 0.0;           // gain a byte that it adds when it is alone
};

/// A piece of an item in the relaxed problem, where parts of options may be taken.
struct Piece {
  size_t item = 0;
  double gain = 0.0;
  int64_t bytes = 0;
};

class Branching {
 public:
  Branching(const Evaluator& evaluator, const TrainingRecipe& recipe, const SearchSpace& space,
            const Contributions& contributions, const BestSelectionOptions& options, BestSelection& best)
      : evaluator_(evaluator),
        recipe_(recipe),
        most_plans_(options.most_plans),
        most_ram_(std::min(options.most_ram, evaluator.problem().board.ram_bytes)),
        best_(best) {
    for (const int32_t op : space.weights) {
      Item item = {op, {}, 0.0};
      for (const int32_t eighths : space.eighths) {
        const WeightGain* known = contributions.find({op, eighths});
        const double gain = known == nullptr ? 0.0 : known->gain.nats - options.caution * known->gain.error;
        if (gain > 0.0) item.options.push_back({eighths, gain, 0});
      }
      std::stable_sort(item.options.begin(), item.options.end(),
                       [](const Option& a, const Option& b) { return a.gain > b.gain; });
      if (!item.options.empty()) items_.push_back(std::move(item));
    }
    measure_items();
  }

  /// Everything that adds to `root`, whose own gain is `root_gain`.
  void run(const Selection& root, double root_gain) {
    const MemoryTotals needed = planned(root);
    if (!fits(needed)) return;
    take(root, root_gain);
    free_.clear();
    for (size_t i = 0; i < items_.size(); ++i)
      if (items_[i].op >= root.first_bias && root.eighths_of(items_[i].op) == 0) free_.push_back(i);
    limit_ = best_.plans + most_plans_;
    branch(0, root, root_gain, needed.ram.required);
  }

 private:
  MemoryTotals planned(const Selection& selection) {
    ++best_.plans;
    return evaluator_.memory(schedule_of(*evaluator_.problem().network, recipe_, selection));
  }

  bool fits(const MemoryTotals& needed) const { return needed.fits() && needed.ram.required <= most_ram_; }

  void take(const Selection& selection, double gain) {
    if (gain <= best_.gain && best_.gain > 0.0) return;
    best_.gain = gain;
    best_.selection = selection;
  }

  /// What each item adds when its layer is updated alone: state always, RAM in all for the order of
  /// branching.
  void measure_items() {
    for (Item& item : items_) {
      const MemoryTotals base = planned({item.op, {}});
      for (Option& option : item.options) {
        const MemoryTotals with = planned({item.op, {{item.op, option.eighths}}});
        option.least = std::max<int64_t>(0, with.persistent - base.persistent - kRounding);
        const int64_t bytes = std::max<int64_t>(1, with.ram.required - base.ram.required);
        item.worth = std::max(item.worth, option.gain / static_cast<double>(bytes));
      }
    }
    std::stable_sort(items_.begin(), items_.end(),
                     [](const Item& a, const Item& b) { return a.worth > b.worth; });
    for (size_t i = 0; i < items_.size(); ++i) {
      Option before;
      for (auto option = items_[i].options.rbegin(); option != items_[i].options.rend(); ++option) {
        pieces_.push_back({i, option->gain - before.gain, option->least - before.least});
        before = *option;
      }
    }
    // Most gain a byte first: what needs none comes before all others.
    std::stable_sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
      return a.gain * static_cast<double>(b.bytes) > b.gain * static_cast<double>(a.bytes);
    });
  }

  /// The most that free items from place `at` on can add in so many bytes. Gains are concave in the share, so
  /// that taking pieces in order is the optimum of the relaxed problem.
  double relaxed(size_t at, int64_t bytes) const {
    double gain = 0.0;
    for (const Piece& piece : pieces_) {
      if (!std::binary_search(free_.begin() + static_cast<std::ptrdiff_t>(at), free_.end(), piece.item))
        continue;
      if (piece.bytes > 0 && bytes <= 0) continue;
      const double share = piece.bytes <= bytes || piece.bytes <= 0
                               ? 1.0
                               : static_cast<double>(bytes) / static_cast<double>(piece.bytes);
      gain += share * piece.gain;
      bytes -= piece.bytes;
    }
    return gain;
  }

  void branch(size_t at, const Selection& chosen, double gain, int64_t ram) {
    const int64_t left = most_ram_ - ram;
    if (at == free_.size() || gain + relaxed(at, left) <= best_.gain) return;
    if (best_.plans >= limit_) {
      best_.bound = std::max(best_.bound, gain + relaxed(at, left));
      return;
    }
    const Item& item = items_[free_[at]];
    for (const Option& option : item.options) {
      const double with_gain = gain + option.gain;
      if (with_gain + relaxed(at + 1, left - option.least) <= best_.gain) continue;
      const Selection with = with_share(chosen, {item.op, option.eighths});
      const MemoryTotals needed = planned(with);
      if (!fits(needed)) continue;
      take(with, with_gain);
      branch(at + 1, with, with_gain, needed.ram.required);
    }
    branch(at + 1, chosen, gain, ram);
  }

  const Evaluator& evaluator_;
  const TrainingRecipe& recipe_;
  int32_t most_plans_;
  int64_t most_ram_;  // bytes
  BestSelection& best_;
  int32_t limit_ = 0;
  std::vector<Item> items_;   // most gain a byte first
  std::vector<size_t> free_;  // places of the items that may still be chosen, ascending
  std::vector<Piece> pieces_;
};

/// Depths of biases, those that add most first: a good answer early spares the rest.
std::vector<BiasGain> most_gain_first(const Contributions& contributions) {
  std::vector<BiasGain> result = contributions.biases;
  std::stable_sort(result.begin(), result.end(),
                   [](const BiasGain& a, const BiasGain& b) { return a.gain.nats > b.gain.nats; });
  return result;
}

}  // namespace

BestSelection best_selection(const Evaluator& evaluator, const TrainingRecipe& recipe,
                             const SearchSpace& space, const Contributions& contributions,
                             const BestSelectionOptions& options) {
  const Network& network = *evaluator.problem().network;
  const Selection least = least_selection(space, network);
  BestSelection best = {least, 0.0, 0.0, 0};
  Branching branching(evaluator, recipe, space, contributions, options, best);
  const auto search_from = [&](const Selection& root) { branching.run(root, contributions.gain(root)); };
  search_from(least);
  if (space.biases_follow) {
    for (const BiasGain& bias : contributions.biases)
      for (const int32_t eighths : space.eighths)
        if (bias.first_op < least.first_bias) search_from(with_share(least, {bias.first_op, eighths}));
  } else {
    for (const BiasGain& bias : most_gain_first(contributions)) {
      Selection root = least;
      root.first_bias = bias.first_op;
      if (bias.first_op < least.first_bias) search_from(root);
    }
  }
  best.bound = std::max(best.bound, best.gain);
  return best;
}

}  // namespace thaw
