// schedule.json as a report needs it: what is updated, how it is trained, what was promised. The file is read
// by sim/plan/schedule_json.h; here it is data to show.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/json.h"

namespace thaw {

/// What of one layer is updated. `channels` is empty unless only some input channels are.
struct UpdatedLayer {
  int64_t op = 0;
  std::string layer;
  bool bias = false;
  bool weights = false;
  std::vector<int64_t> channels;
  std::optional<int64_t> fraction_bits = std::nullopt;  // of its weights, where not the recipe's

  bool operator==(const UpdatedLayer&) const = default;
};

/// Accuracy as shares 0..1, sizes in bytes.
struct PromisedFigures {
  double accuracy = 0.0, low = 0.0, high = 1.0;
  int64_t seeds = 1;
  int64_t ram_bytes = 0, flash_bytes = 0, macs_per_step = 0;
  std::string signature;
};

/// `update` ascends by `op`. `document` is the whole file as it was read.
struct ScheduleFile {
  std::string model_file, model_sha256, arithmetic;
  int64_t classes = 0;
  std::array<int64_t, 4> input = {};
  double learning_rate = 0.0;
  int64_t epochs = 0, seed = 0;
  std::vector<UpdatedLayer> update;
  std::optional<PromisedFigures> promise;
  std::string strategy;  // empty where the file has no provenance
  nlohmann::ordered_json document;
};

/// Throws Error as read_schedule does.
ScheduleFile read_schedule_view(const JsonView& view);
ScheduleFile read_exported_schedule(const std::filesystem::path& path);

/// "bias + all weights", "weights of 3 input channels", ...
std::string update_words(const UpdatedLayer& layer);

/// How many layers have weights among what is updated.
int64_t layers_with_weights(const std::vector<UpdatedLayer>& update);

/// A schedule in a few words: "26 layers, weights of 12".
std::string short_schedule_words(const std::vector<UpdatedLayer>& update);

/// A schedule in one line: "4 layers from b7.pw1 on: b7.pw1 bias + all weights; ...", at most `most` layers.
std::string schedule_words(const std::vector<UpdatedLayer>& update, size_t most = 64);

}  // namespace thaw
