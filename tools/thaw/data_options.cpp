#include "tools/thaw/data_options.h"

#include "tools/thaw/common_options.h"

namespace thaw::cli {

void add_data_options(CLI::App& command, DataOptions& options) {
  command
      .add_option("--hop", options.hop,
                  "Rows from the start of one window of a recording (CSV, WAV) to that of the next")
      ->check(from_to(1, 2147483647))
      ->default_str("a window's length");
  command.add_flag(
      "--pad", options.pad,
      "Recordings that are shorter than a window become one, their last row repeated (otherwise they are "
      "refused)");
  command.add_flag(
      "--normalise", options.normalise,
      "Bring every channel to mean 0 and standard deviation 1 of the training samples, where they are "
      "not in the model's units; run.json says what was subtracted and divided by");
}

}  // namespace thaw::cli
