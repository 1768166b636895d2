#include "tools/thaw/model_data.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>

#include "sim/base/class_limit.h"
#include "sim/base/error.h"
#include "sim/data/classes.h"
#include "sim/data/input_warning.h"
#include "sim/data/sample_shape.h"
#include "sim/data/split_validation.h"
#include "sim/data/to_int8.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {
namespace {

SampleShape wanted_shape(const Tensor& input) {
  if (input.shape.size() != 4) return {};
  return {input.shape[1], input.shape[2], input.shape[3]};
}

/// The input without its batch.
std::vector<int32_t> sample_of(const Tensor& input) {
  return {input.shape.begin() + (input.shape.empty() ? 0 : 1), input.shape.end()};
}

/// What a sample must be. Of a model with state variables it may be a sequence of inputs: one axis more, in
/// front. `steps` becomes their number.
std::vector<int32_t> wanted_sample(const Graph& graph, const Tensor& input, const Dataset& about,
                                   int32_t& steps) {
  std::vector<int32_t> sample = sample_of(input);
  if (!graph.variables.empty() && about.shape.size() == sample.size() + 1 && about.shape[0] > 0) {
    steps = about.shape[0];
    sample.insert(sample.begin(), steps);
  }
  return sample;
}

Samples to_samples(const Dataset& data, Split& split, const Tensor& input, const Quantization& units,
                   int32_t steps) {
  const SampleShape shape = wanted_shape(input);
  Samples samples;
  samples.count = split.count;
  samples.height = shape.height > 0 ? shape.height : 1;
  samples.width = shape.width > 0 ? shape.width : 1;
  samples.channels = static_cast<int32_t>(input.elements() / samples.height / samples.width);
  samples.images = to_int8(data, split, units);
  samples.labels = std::move(split.labels);
  samples.steps = steps;
  split = {};
  return samples;
}

/// Warns of what the model's input leaves of the samples. The test samples would only repeat it.
void warn_of_units(Dataset& about, const Quantization& units, bool normalised) {
  for (const auto& [split, name] : {std::pair(&about.train, "training"), {&about.test, "test"}}) {
    std::optional<std::string> warning = input_warning(about, *split, name, units);
    if (!warning) continue;
    if (!normalised && about.element_type == ElementType::float32)
      *warning += ", or pass --normalise where nobody knows its units";
    about.warnings.push_back(*std::move(warning));
    return;
  }
}

ModelData read_for_truth(const std::string& path, const Graph& graph, TensorId input, DataUse use,
                         const DataOptions& options, Truth truth, const Quantization* output = nullptr) {
  const Tensor& tensor = graph.tensor(input);
  if (!tensor.shape.empty() && tensor.shape[0] != 1)
    throw Error(graph.file_name, "the model reads batches of " + std::to_string(tensor.shape[0]),
                "Export it for batch 1");
  ModelData data;
  data.about = read_dataset(path, wanted_shape(tensor), {sample_of(tensor), options.hop, options.pad}, truth);
  int32_t steps = 1;
  check_sample_shape(data.about, wanted_sample(graph, tensor, data.about, steps), path, graph.file_name);
  if (use == DataUse::training) {
    if (truth == Truth::classes) check_trainable_classes(data.about, path);
    cut_absent_test_split(data.about);
  }
  if ((options.hop > 0 || options.pad) && data.about.train.recordings.empty())
    data.about.warnings.emplace_back("--hop and --pad cut recordings (CSV, WAV): there are none here");
  if (options.normalise) {
    data.normalisation = normalise(data.about, tensor.quantization);
    data.about.notes.push_back(fmt::format("{} channels are brought to mean 0 and standard deviation 1",
                                           data.normalisation->means.size()));
  }
  const Quantization& units = data.normalisation ? data.normalisation->input : tensor.quantization;
  warn_of_units(data.about, units, options.normalise);
  std::vector<int8_t> train_targets, test_targets;
  if (output != nullptr) {
    train_targets = targets_to_int8(data.about.train, *output);
    test_targets = targets_to_int8(data.about.test, *output);
  }
  data.train = to_samples(data.about, data.about.train, tensor, units, steps);
  data.test = to_samples(data.about, data.about.test, tensor, units, steps);
  data.train.targets = std::move(train_targets);
  data.test.targets = std::move(test_targets);
  return data;
}

Truth truth_of(Task task) {
  if (task == Task::regress) return Truth::numbers;
  return task == Task::reconstruct ? Truth::nothing : Truth::classes;
}

void check_target_count(const ModelData& data, const Network& network, const std::string& path) {
  const auto held = static_cast<int64_t>(data.train.targets.size()) / data.train.count;
  if (network.task != Task::regress || held == network.classifier.features) return;
  throw Error(path,
              "a sample has " + std::to_string(held) + " targets, the model '" + network.graph.file_name +
                  "' has " + std::to_string(network.classifier.features) + " outputs",
              "Save y_train with a number for each output");
}

}  // namespace

ModelData read_model_data(const std::string& path, const Graph& graph, TensorId input, DataUse use,
                          const DataOptions& options) {
  return read_for_truth(path, graph, input, use, options, Truth::classes);
}

ModelData read_training_data(const std::string& path, const Network& network, const DataOptions& options) {
  const Quantization& output = network.graph.tensor(network.classifier.feature_tensor).quantization;
  ModelData data = read_for_truth(path, network.graph, network.input, DataUse::training, options,
                                  truth_of(network.task), &output);
  check_target_count(data, network, path);
  return data;
}

void check_classes(const Dataset& about, int64_t classes, const std::string& who, const std::string& path,
                   DataUse use) {
  const auto given = static_cast<int64_t>(about.class_names.size());
  if (given == classes) return;
  std::string hint = use == DataUse::training
                         ? "Pass --classes " + std::to_string(given) + " to train a fresh classifier"
                         : "Train a classifier for these classes: thaw train";
  if (given < kMinimalClasses || given > kMaximalClasses)
    hint = "Thaw trains " + std::to_string(kMinimalClasses) + " to " + std::to_string(kMaximalClasses) +
           " classes: join some, or leave some out";
  throw Error(path,
              "the data have " + std::to_string(given) + " classes, " + who + " " + std::to_string(classes),
              hint);
}

void print_data_remarks(const Dataset& about, bool quiet) {
  for (const std::string& warning : about.warnings) print_remark("warning: {}\n", one_line(warning));
  if (quiet) return;
  for (const std::string& note : about.notes) print_remark("note: {}\n", one_line(note));
}

std::vector<std::string> data_remarks(const Dataset& about) {
  std::vector<std::string> all = about.warnings;
  all.insert(all.end(), about.notes.begin(), about.notes.end());
  return all;
}

TensorId int8_input(const Graph& graph) {
  if (graph.inputs.size() != 1)
    throw Error(graph.file_name, "the model has " + std::to_string(graph.inputs.size()) + " inputs",
                "A data set feeds exactly one; 'thaw infer MODEL --raw-input FILE...' takes a file an input");
  const TensorId input = graph.inputs[0];
  if (graph.tensor(input).type == DataType::int8) return input;
  for (const Op& op : graph.ops)
    if (std::holds_alternative<Quantize>(op.kind) && op.inputs[0] == input) return op.outputs[0];
  throw Error(graph.file_name, "the input is not int8 and no QUANTIZE reads it",
              "Quantise the model to int8");
}

}  // namespace thaw::cli
