#include "tools/thaw/sample_limit.h"

#include <utility>

#include "sim/data/split_validation.h"
#include "tools/thaw/common_options.h"

namespace thaw::cli {

void add_sample_limit(CLI::App& command, int64_t& count) {
  command.add_option("--samples", count, "Use at most this many samples of each split")
      ->check(from_to(0, 2147483647))
      ->default_str("all");
}

Split labels_only(const std::vector<int32_t>& labels) {
  Split split;
  split.count = static_cast<int64_t>(labels.size());
  split.labels = labels;
  return split;
}

void keep_samples(Samples& samples, int64_t count) {
  if (count <= 0 || count >= samples.count) return;
  const double share = static_cast<double>(count) / static_cast<double>(samples.count);
  const std::vector<int64_t> ids = split_validation(labels_only(samples.labels), share, 0).validation_ids;
  Samples kept = {static_cast<int64_t>(ids.size()), samples.height, samples.width, samples.channels, {}, {}};
  for (int64_t id : ids) {
    const auto first = samples.images.begin() + id * samples.sample_bytes();
    kept.images.insert(kept.images.end(), first, first + samples.sample_bytes());
    kept.labels.push_back(samples.labels[static_cast<size_t>(id)]);
  }
  samples = std::move(kept);
}

}  // namespace thaw::cli
