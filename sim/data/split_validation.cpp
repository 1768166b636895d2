// Largest-remainder allocation over classes, then the samples of smallest random number within each class.
#include "sim/data/split_validation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "sim/base/error.h"
#include "sim/data/random.h"

namespace thaw {
namespace {

/// Samples that each class gives (in order of labels), `total` of `count` in all unless classes are too
/// small.
std::vector<int64_t> allocate(const std::vector<int64_t>& class_sizes, int64_t count, int64_t total) {
  std::vector<int64_t> given;
  std::vector<std::pair<int64_t, size_t>> remainders;  // negated, so that sorting puts the largest first
  for (size_t c = 0; c < class_sizes.size(); ++c) {
    given.push_back(total * class_sizes[c] / count);
    remainders.emplace_back(-(total * class_sizes[c] % count), c);
  }
  std::sort(remainders.begin(), remainders.end());
  int64_t missing = total - std::accumulate(given.begin(), given.end(), int64_t{0});
  for (size_t i = 0; missing > 0; ++i, --missing) ++given[remainders[i].second];
  for (size_t c = 0; c < given.size(); ++c) given[c] = std::min(given[c], class_sizes[c] - 1);
  return given;
}

/// The samples of `split` at the places `ids`.
Split select(const Split& split, const std::vector<int64_t>& ids) {
  Split out;
  out.count = static_cast<int64_t>(ids.size());
  const int64_t elements = split.sample_elements();
  const auto append = [&](const auto& from, auto& to) {
    if (from.empty()) return;
    to.reserve(ids.size() * static_cast<size_t>(elements));
    for (int64_t id : ids)
      to.insert(to.end(), from.begin() + id * elements, from.begin() + (id + 1) * elements);
  };
  append(split.pixels, out.pixels);
  append(split.values, out.values);
  for (int64_t id : ids) {
    out.labels.push_back(split.labels[static_cast<size_t>(id)]);
    const auto each = static_cast<int64_t>(split.targets.size()) / split.count;
    const auto target = split.targets.begin() + id * each;
    out.targets.insert(out.targets.end(), target, target + each);
    if (!split.names.empty()) out.names.push_back(split.names[static_cast<size_t>(id)]);
    if (!split.recordings.empty()) out.recordings.push_back(split.recordings[static_cast<size_t>(id)]);
  }
  return out;
}

/// Places that go to the validation part, ascending; none or all may.
std::vector<int64_t> draw(const std::vector<int32_t>& labels, double fraction, uint32_t key) {
  const auto count = static_cast<int64_t>(labels.size());
  const auto total = static_cast<int64_t>(std::llround(fraction * static_cast<double>(count)));
  std::map<int32_t, std::vector<std::pair<uint32_t, int64_t>>> classes;  // label to (random number, id)
  for (int64_t id = 0; id < count; ++id)
    classes[labels[static_cast<size_t>(id)]].emplace_back(random_word(key, static_cast<uint32_t>(id)), id);
  std::vector<int64_t> sizes;
  for (const auto& [label, samples] : classes) sizes.push_back(static_cast<int64_t>(samples.size()));
  const std::vector<int64_t> given = allocate(sizes, count, total);

  std::vector<int64_t> drawn;
  auto give = given.begin();
  for (auto& [label, samples] : classes) {
    std::sort(samples.begin(), samples.end());
    for (int64_t i = 0; i < *give; ++i) drawn.push_back(samples[static_cast<size_t>(i)].second);
    ++give;
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

/// The same for whole recordings, so that no part of one is judged by what was trained on another.
std::vector<int64_t> draw_recordings(const Split& split, double fraction, uint32_t key) {
  std::map<int32_t, int32_t> label_of;  // recording to label
  for (size_t id = 0; id < split.recordings.size(); ++id)
    label_of.emplace(split.recordings[id], split.labels[id]);
  std::vector<int32_t> numbers, labels;
  for (const auto& [number, label] : label_of) {
    numbers.push_back(number);
    labels.push_back(label);
  }
  std::set<int32_t> drawn;
  for (int64_t place : draw(labels, fraction, key)) drawn.insert(numbers[static_cast<size_t>(place)]);
  std::vector<int64_t> ids;
  for (int64_t id = 0; id < split.count; ++id)
    if (drawn.contains(split.recordings[static_cast<size_t>(id)])) ids.push_back(id);
  return ids;
}

/// One part or both may be empty.
ValidationSplit cut(const Split& split, double fraction, uint32_t key) {
  ValidationSplit out;
  out.validation_ids =
      split.recordings.empty() ? draw(split.labels, fraction, key) : draw_recordings(split, fraction, key);
  for (int64_t id = 0; id < split.count; ++id)
    if (!std::binary_search(out.validation_ids.begin(), out.validation_ids.end(), id))
      out.train_ids.push_back(id);
  out.train = select(split, out.train_ids);
  out.validation = select(split, out.validation_ids);
  return out;
}

}  // namespace

ValidationSplit split_validation(const Split& split, double fraction, uint32_t seed) {
  if (!(fraction > 0.0 && fraction < 1.0))
    throw Error("validation fraction",
                "is " + std::to_string(fraction) + ", expected a number between 0 and 1");
  ValidationSplit out = cut(split, fraction, random_key(seed, RandomStream::validation, 0));
  if (out.validation_ids.empty() || out.train_ids.empty())
    throw Error("validation fraction",
                std::to_string(fraction) + " of " + std::to_string(split.count) +
                    " samples leaves the training or the validation part empty",
                "Use more samples or another fraction");
  return out;
}

void cut_absent_test_split(Dataset& dataset) {
  if (dataset.test.count > 0) return;
  ValidationSplit parts = cut(dataset.train, cut_test_fraction, random_key(0, RandomStream::test, 0));
  if (parts.validation_ids.empty()) {
    dataset.notes.emplace_back("there is no test split, and too few training samples to cut one from them");
    return;
  }
  const char* what =
      dataset.train.recordings.empty()
          ? " training samples, a fifth of every class, are kept apart as one"
          : " training samples, the recordings of a fifth of every class, are kept apart as one";
  dataset.notes.push_back("there is no test split: " + std::to_string(parts.validation.count) + " of the " +
                          std::to_string(dataset.train.count) + what);
  dataset.train = std::move(parts.train);
  dataset.test = std::move(parts.validation);
}

}  // namespace thaw
