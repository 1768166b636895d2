#include "sim/data/folds.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "sim/base/error.h"
#include "sim/data/random.h"

namespace thaw {
namespace {

constexpr int32_t kAlwaysTrained = -1;

/// The fold that judges each sample.
std::vector<int32_t> deal(const std::vector<int32_t>& labels, int32_t count, uint32_t seed) {
  std::map<int32_t, std::vector<std::pair<uint32_t, size_t>>> classes;  // label to (random number, place)
  const uint32_t key = random_key(seed, RandomStream::validation, 0);
  for (size_t place = 0; place < labels.size(); ++place)
    classes[labels[place]].emplace_back(random_word(key, static_cast<uint32_t>(place)), place);
  std::vector<int32_t> fold(labels.size(), kAlwaysTrained);
  int32_t next = 0;
  for (auto& [label, samples] : classes) {
    if (samples.size() < 2) continue;
    std::sort(samples.begin(), samples.end());
    for (const auto& [number, place] : samples) {
      fold[place] = next;
      next = (next + 1) % count;
    }
  }
  return fold;
}

}  // namespace

std::vector<Fold> validation_folds(const std::vector<int32_t>& labels, int32_t count, uint32_t seed) {
  const std::vector<int32_t> judged_by = deal(labels, count, seed);
  std::vector<Fold> folds(static_cast<size_t>(count));
  for (uint32_t place : shuffle(seed, 0, static_cast<uint32_t>(labels.size())))
    for (int32_t f = 0; f < count; ++f)
      (judged_by[place] == f ? folds[static_cast<size_t>(f)].validation : folds[static_cast<size_t>(f)].train)
          .push_back(place);
  for (const Fold& fold : folds)
    if (fold.validation.empty())
      throw Error("validation",
                  std::to_string(labels.size()) + " training samples leave one of " + std::to_string(count) +
                      " validation parts empty",
                  "Use more samples or a larger --validation share");
  return folds;
}

}  // namespace thaw
