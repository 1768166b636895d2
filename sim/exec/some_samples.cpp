#include "sim/exec/some_samples.h"

#include <vector>

#include "sim/data/split_validation.h"

namespace thaw {

Samples some_samples(const Samples& samples, int64_t count) {
  if (count >= samples.count) return samples;
  Split labels_only;  // all that a stratified cut looks at
  labels_only.count = samples.count;
  labels_only.labels = samples.labels;
  const double share = static_cast<double>(count) / static_cast<double>(samples.count);
  const std::vector<int64_t> ids = split_validation(labels_only, share, 0).validation_ids;
  Samples kept = {static_cast<int64_t>(ids.size()),
                  samples.height,
                  samples.width,
                  samples.channels,
                  {},
                  {},
                  samples.steps};
  for (const int64_t id : ids) {
    const auto first = samples.images.begin() + id * samples.sample_bytes();
    kept.images.insert(kept.images.end(), first, first + samples.sample_bytes());
    kept.labels.push_back(samples.labels[static_cast<size_t>(id)]);
    const auto each = static_cast<int64_t>(samples.targets.size()) / samples.count;
    const auto target = samples.targets.begin() + id * each;
    kept.targets.insert(kept.targets.end(), target, target + each);
  }
  return kept;
}

}  // namespace thaw
