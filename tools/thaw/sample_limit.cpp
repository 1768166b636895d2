#include "tools/thaw/sample_limit.h"

#include "sim/exec/some_samples.h"
#include "tools/thaw/common_options.h"

namespace thaw::cli {

void add_sample_limit(CLI::App& command, int64_t& count) {
  command.add_option("--samples", count, "Use at most this many samples of each split")
      ->check(from_to(0, 2147483647))
      ->default_str("all");
}

void keep_samples(Samples& samples, int64_t count) {
  if (count > 0 && count < samples.count) samples = some_samples(samples, count);
}

}  // namespace thaw::cli
