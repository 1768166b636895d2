// Goldens of the paper's published code (golden/tiny-training/ARITHMETIC.md) brought into our layouts: NHWC
// activations, OHWI and HWC weights, layers in execution order.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/file.h"
#include "sim/data/cifar.h"
#include "sim/data/dataset.h"
#include "sim/data/fit.h"
#include "sim/data/npy.h"
#include "sim/data/zip.h"
#include "sim/float/float_model.h"
#include "sim/float/float_trainer.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/network.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/tiny_training_flags.h"
#include "tests/support/shared_folder.h"

namespace thaw::testing {

/// The arrays of an archive, unpacked when asked for.
class GoldenArrays {
 public:
  explicit GoldenArrays(const std::filesystem::path& path)
      : bytes_(read_file(path, uint64_t{1} << 30)), where_(path.filename().string()), zip_(bytes_, where_) {
    for (size_t i = 0; i < zip_.names().size(); ++i) members_[zip_.names()[i]] = i;
  }
  bool has(const std::string& name) const { return members_.contains(name + ".npy"); }
  NpyArray array(const std::string& name) const {
    return parse_npy(zip_.read(members_.at(name + ".npy")), where_ + ", " + name);
  }
  template <class T>
  std::vector<T> values(const std::string& name) const {
    const NpyArray found = array(name);
    std::vector<T> result(found.values.size() / sizeof(T));
    std::memcpy(result.data(), found.values.data(), result.size() * sizeof(T));
    EXPECT_EQ(static_cast<int64_t>(result.size()), found.elements) << name;
    return result;
  }

 private:
  std::vector<std::byte> bytes_;
  std::string where_;
  ZipArchive zip_;
  std::map<std::string, size_t> members_;
};

inline std::filesystem::path golden_file(const std::string& name) {
  return *shared_folder() / "golden" / "tiny-training" / name;
}

/// [outer][channel][inner] -> [outer][inner][channel].
template <class T>
std::vector<T> channels_last(const std::vector<T>& values, size_t channels, size_t inner) {
  std::vector<T> result(values.size());
  const size_t outer = values.size() / (channels * inner);
  for (size_t n = 0; n < outer; ++n)
    for (size_t c = 0; c < channels; ++c)
      for (size_t i = 0; i < inner; ++i)
        result[(n * inner + i) * channels + c] = values[(n * channels + c) * inner + i];
  return result;
}

template <class T>
std::vector<T> channels_first(const std::vector<T>& values, size_t channels, size_t inner) {
  return channels_last(values, inner, channels);
}

/// A model with the names that the goldens use.
struct GoldenModel {
  FloatModel model;
  std::vector<std::string> convolution_names;  // by schedule number
  std::vector<std::string> layer_names;        // by layer; empty for what the goldens do not count
  std::map<std::string, std::string> flags;    // of the published schedules by label

  const Convolution& convolution(size_t number) const {
    return std::get<Convolution>(model.network.layers[model.convolutions[number].layer].kind);
  }
  /// Weights of a golden, [output][input / groups][row][column], as OHWI or HWC.
  std::vector<float> weights_from(const std::vector<float>& golden, size_t number) const {
    const Convolution& c = convolution(number);
    const auto taps = static_cast<size_t>(c.window.taps());
    if (c.depthwise) return channels_last(golden, static_cast<size_t>(c.window.output_channels), taps);
    return channels_last(golden, static_cast<size_t>(c.window.input_channels), taps);
  }
};

inline GoldenModel golden_model(const std::string& name) {
  GoldenModel golden;
  NetworkOptions options;
  options.classes = 10;
  options.fresh_classifier = true;
  options.rescale_dead_channels = false;
  golden.model = float_model(reduce(read_tflite(*shared_folder() / "models" / (name + ".tflite")), options));
  std::ifstream file(golden_file("schedules.json"));
  const nlohmann::json published = nlohmann::json::parse(file)["models"][name];
  for (const auto& entry : published["convs"]) golden.convolution_names.push_back(entry["name"]);
  for (const auto& entry : published["schedules"]) golden.flags[entry["label"]] = entry["flags"];
  std::string last;
  for (const Layer& layer : golden.model.network.layers) {
    std::string& entry = golden.layer_names.emplace_back();
    if (const auto* c = std::get_if<Convolution>(&layer.kind))
      entry = last = golden.convolution_names[static_cast<size_t>(c->index)];
    else if (std::holds_alternative<ResidualAdd>(layer.kind))
      entry = last.substr(0, last.find('.')) + ".add";  // after the last convolution of its block
  }
  return golden;
}

inline Schedule golden_schedule(const GoldenModel& golden, const std::string& label) {
  const std::string& flags = golden.flags.at(label);
  return schedule_from_flags(parse_tiny_training_flags(flags, label), golden.model.network, label);
}

/// The first `count` CIFAR training images as the model's input.
inline Samples first_images(int64_t count) {
  const std::filesystem::path path = *shared_folder() / "data" / "cifar10-small" / "data_batch_1.bin";
  std::vector<std::byte> file = read_file(path, uint64_t{1} << 30);
  file.resize(static_cast<size_t>(count) * cifar_record_bytes);
  Split split;
  append_cifar_records(file, 10, "data_batch_1.bin", split);
  fit_split(split, {cifar_side, cifar_side, 3}, {128, 128, 3}, "data_batch_1.bin");
  Samples samples{count, 128, 128, 3, {}, split.labels};
  for (uint8_t pixel : split.pixels) samples.images.push_back(static_cast<int8_t>(pixel - 128));
  return samples;
}

/// The float model's parameters with the classifier of a golden.
inline FloatParameters parameters_with_head(const GoldenModel& golden, const GoldenArrays& arrays) {
  FloatParameters parameters = initial_float_parameters(golden.model, 0);
  parameters.classifier_weights = arrays.values<float>("head.w");
  parameters.classifier_biases = arrays.values<float>("head.b");
  return parameters;
}

/// All samples of a cache as one batch.
inline FloatBatch whole_batch(const PrefixCache& cache, const std::vector<int32_t>& labels) {
  FloatBatch batch;
  for (int64_t i = 0; i < cache.count; ++i) batch.samples.push_back(cache.sample(i, false).data());
  batch.labels = labels;
  return batch;
}

/// Largest |actual - golden| over the largest |golden|.
inline double relative_to_largest(const std::vector<float>& actual, const std::vector<float>& golden) {
  EXPECT_EQ(actual.size(), golden.size());
  double error = 0.0, largest = 0.0;
  for (size_t i = 0; i < golden.size(); ++i) {
    const double difference = static_cast<double>(actual[i]) - static_cast<double>(golden[i]);
    error = std::max(error, difference == difference ? std::abs(difference) : 1e30);
    largest = std::max(largest, std::abs(static_cast<double>(golden[i])));
  }
  return largest == 0.0 ? error : error / largest;
}

}  // namespace thaw::testing
