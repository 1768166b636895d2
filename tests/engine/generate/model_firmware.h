// Firmware of real models on real images, for tests.
#pragma once

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "sim/data/dataset.h"
#include "sim/data/random.h"
#include "sim/data/to_int8.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/schedule_json.h"
#include "tests/engine/generate/firmware.h"
#include "tests/support/project_folders.h"

namespace thaw::testing {

inline const std::filesystem::path kConfigs = std::filesystem::path(testing::source_folder()) / "configs";

/// Labels and images.
using Images = std::vector<std::pair<int32_t, std::vector<int8_t>>>;

/// Writes the firmware for a board, one inference and a training step an image with what the simulator gives.
inline std::filesystem::path write_all(const PlannedFirmware& made, const Board& board, const Images& images,
                                       KernelSet kernels) {
  const std::filesystem::path folder = test_folder(board.name);
  write_firmware(folder, made.request(board));
  write_check(folder, firmware_trace(made.plan, made.layout.offsets, kernels, made.seed, made.schedule_steps,
                                     made.samples(images)));
  return folder;
}

/// Label and image of a sample as the model's input.
inline std::pair<int32_t, std::vector<int8_t>> image_of(const Network& network, const Dataset& dataset,
                                                        const Split& split, uint32_t id) {
  const std::array<int32_t, 4> shape = input_shape(network);
  std::vector<int8_t> image(static_cast<size_t>(shape[1] * shape[2] * shape[3]));
  sample_to_int8(dataset, split, id, network.graph.tensor(network.input).quantization, image);
  return {split.labels[id], std::move(image)};
}

/// `count` training steps on the samples `ids` of the training split: epoch after epoch, shuffled and flipped
/// as the simulator does (arithmetic section 3).
inline Images epochs_of(const Network& network, const Dataset& dataset, const std::vector<uint32_t>& ids,
                        uint32_t seed, size_t count) {
  const std::array<int32_t, 4> shape = input_shape(network);
  Images images;
  for (uint32_t epoch = 0; images.size() < count; ++epoch)
    for (uint32_t place : shuffle(seed, epoch, static_cast<uint32_t>(ids.size()))) {
      if (images.size() == count) break;
      images.push_back(image_of(network, dataset, dataset.train, ids[place]));
      if (flipped(seed, epoch, ids[place]))
        flip_left_right(images.back().second, shape[1], shape[2], shape[3]);
    }
  return images;
}

/// The first `count` training steps on a data set.
inline Images images_of(const Network& network, const std::filesystem::path& data, uint32_t seed,
                        size_t count) {
  const std::array<int32_t, 4> shape = input_shape(network);
  const Dataset dataset = read_dataset(data, {shape[1], shape[2], shape[3]});
  std::vector<uint32_t> ids(static_cast<size_t>(dataset.train.count));
  std::iota(ids.begin(), ids.end(), 0U);
  return epochs_of(network, dataset, ids, seed, count);
}

struct Model {
  Network network;
  Schedule schedule;
};

/// With `classes` above 0, a fresh classifier for so many.
inline Model read_model(const std::filesystem::path& model, const std::filesystem::path& schedule_file,
                        int32_t classes = 0) {
  Model result;
  result.schedule = read_schedule_file(schedule_file);
  if (classes > 0) result.schedule.classes = classes;
  result.network = reduce(
      read_tflite(model),
      {.classes = result.schedule.classes, .fresh_classifier = result.schedule.training.fresh_classifier});
  check_schedule(result.schedule, result.network, schedule_file.string());
  return result;
}

}  // namespace thaw::testing
