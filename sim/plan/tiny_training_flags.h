// Schedules as the paper's published code writes them on its command line, one line:
//   --n_bias_update 22 --manual_weight_idx 21-24-27 --weight_update_ratio 1-0.5-0.125
// Biases of the last n convolutions; weights of the listed convolutions, int(channels * ratio) channels each,
// chosen by magnitude. Both count convolutions in execution order, without the classifier.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/plan/network.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// The three flags as they stand. Both lists have the same length; `weight_indices` is ascending.
struct TinyTrainingFlags {
  int32_t bias_count = 0;               // --n_bias_update
  std::vector<int32_t> weight_indices;  // --manual_weight_idx, dash-separated: a list, never a range
  std::vector<double> ratios;           // --weight_update_ratio, 0..1 each

  bool operator==(const TinyTrainingFlags&) const = default;
};

/// Reads the line; `where` names it in messages (a file name). Throws Error at unknown, repeated or malformed
/// flags, lists of different lengths, indices that do not ascend, ratios outside 0..1.
TinyTrainingFlags parse_tiny_training_flags(std::string_view line, const std::string& where);

/// The line, without a line break; read(write(flags)) == flags.
std::string write_tiny_training_flags(const TinyTrainingFlags& flags);

/// The schedule that the flags mean for a model: the classifier is always updated in full, a ratio that keeps
/// no channel leaves the weights frozen. Recipe: TrainingRecipe's defaults, the published ones at batch 1.
/// `network` must hold the file's weights (NetworkOptions::rescale_dead_channels = false), on which the
/// published selection was made. Throws Error where an index does not exist in the model.
Schedule schedule_from_flags(const TinyTrainingFlags& flags, const Network& network,
                             const std::string& where);

/// The flags that mean `schedule`; its training recipe has no place in them. Throws Error naming the first
/// layer that they cannot express: biases that are not those of the last n convolutions, channels that are
/// not the largest of a ratio, or a classifier that is not updated in full. `network` as above.
TinyTrainingFlags flags_from_schedule(const Schedule& schedule, const Network& network,
                                      const std::string& where);

}  // namespace thaw
