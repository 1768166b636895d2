#include "search/knapsack.h"
#include "search/schedules.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace thaw {
namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();

}  // namespace

Knapsack::Knapsack(const Network& network, const TrainingRecipe& recipe, const SearchSpace& space,
                   const Contributions& contributions, int64_t most_bytes)
    : most_bytes_(most_bytes) {
  const auto size = static_cast<size_t>(most_bytes + 1);
  const int32_t count = head_op(network);
  const int32_t shallowest = space.pinned.empty() ? count : space.pinned.front();
  const ExtraBytes extra(network, recipe, space);
  std::vector<double> best(size, 0.0);  // of the items so far, by bytes
  const auto add_depth = [&](int32_t first_bias, double gain, bool needs_weights,
                             const std::vector<double>& by_bytes) {
    if (first_bias <= shallowest)
      depths_.push_back(
          {first_bias, gain, extra.of_biases(first_bias), items_.size(), needs_weights, by_bytes});
  };
  add_depth(count, 0.0, false, best);
  for (int32_t op = count - 1; op >= space.first_op; --op) {
    std::vector<double> with(size, kImpossible);  // this layer's weights taken
    if (std::find(space.weights.begin(), space.weights.end(), op) != space.weights.end()) {
      items_.push_back(item_of(op, space, contributions, extra));
      with = add_item(items_.back(), best);
    }
    for (const BiasGain& bias : contributions.biases)
      if (bias.first_op == op)
        add_depth(op, bias.gain.nats, space.biases_follow, space.biases_follow ? with : best);
  }
}

Knapsack::Item Knapsack::item_of(int32_t op, const SearchSpace& space, const Contributions& contributions,
                                 const ExtraBytes& extra) const {
  const auto size = static_cast<size_t>(most_bytes_ + 1);
  Item item = {op, {}, std::vector<uint8_t>(size, 0), std::vector<uint8_t>(size, 0)};
  if (!space.pins(op)) item.options.push_back({});
  for (const int32_t eighths : space.eighths) {
    const WeightGain* known = contributions.find({op, eighths});
    if (known == nullptr || (space.pins(op) && eighths != 8)) continue;
    item.options.push_back({eighths, known->gain.nats, extra.of_weights({op, eighths})});
  }
  return item;
}

std::vector<double> Knapsack::add_item(Item& item, std::vector<double>& best) const {
  std::vector<double> next(best.size(), kImpossible), with(best.size(), kImpossible);
  for (size_t bytes = 0; bytes < best.size(); ++bytes)
    for (size_t o = 0; o < item.options.size(); ++o) {
      const Option& option = item.options[o];
      if (option.bytes > static_cast<int64_t>(bytes)) continue;
      const double gain = best[bytes - static_cast<size_t>(option.bytes)] + option.gain;
      if (gain > next[bytes]) {
        next[bytes] = gain;
        item.taken[bytes] = static_cast<uint8_t>(o);
      }
      if (option.eighths > 0 && gain > with[bytes]) {
        with[bytes] = gain;
        item.needed[bytes] = static_cast<uint8_t>(o);
      }
    }
  best = std::move(next);
  return with;
}

const Knapsack::Depth* Knapsack::deepest_gain(int64_t bytes, double* most) const {
  const Depth* found = nullptr;
  *most = kImpossible;
  for (const Depth& depth : depths_) {
    if (depth.bytes > bytes) continue;
    const double gain = depth.gain + depth.by_bytes[static_cast<size_t>(bytes - depth.bytes)];
    if (gain <= *most) continue;  // impossible ones never are more
    *most = gain;
    found = &depth;
  }
  return found;
}

double Knapsack::gain(int64_t bytes) const {
  double most = 0.0;
  deepest_gain(std::min(bytes, most_bytes_), &most);
  return most;
}

std::optional<Selection> Knapsack::best(int64_t bytes) const {
  double most = 0.0;
  bytes = std::min(bytes, most_bytes_);
  const Depth* depth = deepest_gain(bytes, &most);
  if (depth == nullptr) return std::nullopt;
  Selection selection = {depth->first_bias, {}};
  auto left = static_cast<size_t>(bytes - depth->bytes);
  for (size_t i = depth->items; i-- > 0;) {
    const Item& item = items_[i];
    const bool needed = depth->needs_weights && i + 1 == depth->items;
    const Option& option = item.options[(needed ? item.needed : item.taken)[left]];
    if (option.eighths > 0) selection = with_share(selection, {item.op, option.eighths});
    left -= static_cast<size_t>(option.bytes);
  }
  return selection;
}

}  // namespace thaw
