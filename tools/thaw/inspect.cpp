// `thaw inspect MODEL`: what a model consists of, which of its tensors can be trained, and why others cannot.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "sim/base/error.h"
#include "sim/base/grouped_text.h"
#include "sim/graph/same_values.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/uint8_ends.h"
#include "sim/plan/lower.h"
#include "sim/plan/network.h"
#include "sim/train/trained_model.h"
#include "tools/thaw/command.h"
#include "tools/thaw/common_options.h"
#include "tools/thaw/json_output.h"
#include "tools/thaw/table.h"

namespace thaw::cli {
namespace {

/// What training can do with one operator of the file.
struct Training {
  std::optional<int32_t> number;    // as schedules count it
  std::string layer;                // its name in schedules
  int64_t weights = 0, biases = 0;  // trainable values
  int32_t channels = 0;             // selectable
  std::string obstacle;             // why it cannot be trained; empty where it can
};

/// The model, with a fresh classifier where another number of classes was asked for, and what training says
/// about each operator, in the order of the file.
struct Inspection {
  Graph graph;
  std::vector<bool> set_by_training;  // by tensor: scales that a fresh classifier does not have yet
  std::vector<Training> training;
  std::vector<std::string> warnings;
  std::string not_trainable;  // why the model as a whole cannot be trained
  int32_t classes = 0;
};

std::string shape_text(const Tensor& tensor) {
  std::string text;
  for (int32_t d : tensor.shape) text += (text.empty() ? "" : "x") + std::to_string(d);
  return text.empty() ? "scalar" : text;
}

bool has_weights(const Op& op) {
  return std::holds_alternative<Conv2d>(op.kind) || std::holds_alternative<DepthwiseConv2d>(op.kind) ||
         std::holds_alternative<FullyConnected>(op.kind);
}

/// Weights and biases of an operator, or nothing.
const Tensor* constant_input(const Graph& graph, const Op& op, size_t position) {
  if (!has_weights(op) || op.inputs.size() <= position || !op.inputs[position].present()) return nullptr;
  return &graph.tensor(op.inputs[position]);
}

int64_t elements(const Tensor* tensor) {
  return tensor == nullptr ? 0 : tensor->elements();
}

int64_t macs(const Graph& graph, const Op& op) {
  return has_weights(op) ? read_convolution(graph, op).macs() : 0;
}

void inspect_network(Inspection& inspection, const Network& network) {
  for (const Layer& layer : network.layers) {
    const auto* convolution = std::get_if<Convolution>(&layer.kind);
    if (convolution == nullptr) continue;
    Training& training = inspection.training[layer.op.index()];
    training = {convolution->index,
                layer.name,
                static_cast<int64_t>(convolution->weights.size()),
                static_cast<int64_t>(convolution->biases.size()),
                convolution->selectable_channels(),
                why_not_trainable(network, convolution->index)};
  }
  const Classifier& classifier = network.classifier;
  inspection.training[classifier.op.index()] = {network.convolution_count(),
                                                classifier.name,
                                                int64_t{classifier.classes} * classifier.features,
                                                classifier.classes,
                                                0,
                                                ""};
  inspection.classes = classifier.classes;
  inspection.warnings = network.warnings;
}

/// Shapes and sizes with a fresh classifier; its scales, and those of what only passes its values on, come
/// with training.
void replace_classifier(Inspection& inspection, const Classifier& classifier) {
  Graph& graph = inspection.graph;
  graph = with_classes(graph, classifier.classes);
  inspection.set_by_training.assign(graph.tensors.size(), false);
  const auto open = [&](TensorId id) {
    if (id.present() && graph.tensor(id).type != DataType::float32)
      inspection.set_by_training[id.index()] = true;
  };
  const Op& op = graph.op(classifier.op);
  for (size_t k = 1; k < op.inputs.size(); ++k) open(op.inputs[k]);
  for (size_t i = classifier.op.index(); i < graph.ops.size(); ++i)
    if (!has_fixed_output_scale(graph.ops[i].kind)) open(graph.ops[i].outputs[0]);
}

Inspection inspect(const std::string& file, const std::optional<int32_t>& classes) {
  Inspection inspection;
  inspection.graph = read_tflite(file);
  inspection.training.resize(inspection.graph.ops.size());
  inspection.warnings = inspection.graph.warnings;
  inspection.set_by_training.assign(inspection.graph.tensors.size(), false);
  try {
    const Network network = reduce(inspection.graph, {.classes = classes.value_or(0)});
    inspect_network(inspection, network);
    if (network.classifier.fresh) replace_classifier(inspection, network.classifier);
  } catch (const Error& error) {
    inspection.not_trainable = error.what_is_wrong;
  }
  return inspection;
}

std::string quantization_text(const Inspection& inspection, const Tensor& tensor) {
  if (inspection.set_by_training[tensor.id.index()]) return "set by training";
  if (!tensor.quantization.present()) return file_type_name(tensor);
  return fmt::format("{:.6g} {:+d}", tensor.quantization.scale(), file_zero_point(tensor));
}

std::string training_text(const Training& training, const Op& op) {
  if (!has_weights(op)) return "";
  if (!training.number) return "no: not part of training";
  if (!training.obstacle.empty()) return "no: " + training.obstacle;
  if (training.channels == 0) return "bias, weights";
  return fmt::format("bias, weights ({} channels)", training.channels);
}

int64_t variable_bytes(const Graph& graph) {
  int64_t bytes = 0;
  for (const StateVariable& variable : graph.variables) bytes += graph.tensor(variable.content).bytes();
  return bytes;
}

void print_text(const Inspection& inspection, bool verbose) {
  const Graph& graph = inspection.graph;
  fmt::print("{} (sha256 {})\n", graph.file_name, graph.sha256);
  for (TensorId id : graph.inputs)
    fmt::print("input  {} {} {}\n", shape_text(graph.tensor(id)), file_type_name(graph.tensor(id)),
               quantization_text(inspection, graph.tensor(id)));
  for (TensorId id : graph.outputs)
    fmt::print("output {} {} {}\n", shape_text(graph.tensor(id)), file_type_name(graph.tensor(id)),
               quantization_text(inspection, graph.tensor(id)));
  fmt::print("\n'op' is the number that schedules use; 'scale zero' quantise the output.\n\n");
  Table table({">op", "operator", "layer", "input", "output", "scale zero", "weight scales", ">weights",
               ">biases", ">MACs", "trainable"});
  int64_t all_weights = 0, all_macs = 0;
  for (const Op& op : graph.ops) {
    const Training& training = inspection.training[op.id.index()];
    const Tensor* weights = constant_input(graph, op, 1);
    const Tensor* biases = constant_input(graph, op, 2);
    const Tensor& output = graph.tensor(op.outputs[0]);
    all_weights += elements(weights) + elements(biases);
    all_macs += macs(graph, op);
    const std::string name = training.layer.empty() ? output.name : training.layer;
    table.add({training.number ? std::to_string(*training.number) : "", op_name(op.kind),
               verbose || name.size() <= 40 ? name : "..." + name.substr(name.size() - 37),
               shape_text(graph.tensor(op.inputs[0])), shape_text(output),
               quantization_text(inspection, output),
               weights == nullptr ? ""
               : weights->quantization.scales.size() > 1
                   ? fmt::format("{} channels", weights->quantization.scales.size())
                   : "1 tensor",
               weights == nullptr ? "" : grouped_text(elements(weights)),
               biases == nullptr ? "" : grouped_text(elements(biases)),
               has_weights(op) ? grouped_text(macs(graph, op)) : "", training_text(training, op)});
  }
  table.print(stdout);
  fmt::print("\n{} operators, {} weights and biases, {} MACs forward\n", graph.ops.size(),
             grouped_text(all_weights), grouped_text(all_macs));
  if (!graph.variables.empty())
    fmt::print("{} state variables of {} bytes last from one inference to the next\n", graph.variables.size(),
               grouped_text(variable_bytes(graph)));
  if (!inspection.not_trainable.empty())
    fmt::print("This model cannot be trained: {}\n", inspection.not_trainable);
  for (const std::string& warning : inspection.warnings) fmt::print("warning: {}\n", warning);
}

Json tensor_json(const Inspection& inspection, const Tensor& tensor) {
  Quantization known = inspection.set_by_training[tensor.id.index()] ? Quantization{} : tensor.quantization;
  if (tensor.uint8_in_file)
    for (int32_t& zero_point : known.zero_points) zero_point += kUint8Offset;
  return {{"index", tensor.file_index}, {"name", tensor.name},    {"type", file_type_name(tensor)},
          {"shape", tensor.shape},      {"scales", known.scales}, {"zero_points", known.zero_points}};
}

Json training_json(const Training& training) {
  if (!training.number) return nullptr;
  Json json = {{"op", *training.number},
               {"layer", training.layer},
               {"possible", training.obstacle.empty()},
               {"weights", training.weights},
               {"biases", training.biases}};
  if (training.channels > 0) json["channels"] = training.channels;
  if (!training.obstacle.empty()) json["reason"] = training.obstacle;
  return json;
}

void print_json(const Inspection& inspection) {
  const Graph& graph = inspection.graph;
  Json json = {{"schema_version", 1}, {"model", {{"file", graph.file_name}, {"sha256", graph.sha256}}}};
  if (inspection.classes > 0) json["model"]["classes"] = inspection.classes;
  for (TensorId id : graph.inputs) json["inputs"].push_back(tensor_json(inspection, graph.tensor(id)));
  for (TensorId id : graph.outputs) json["outputs"].push_back(tensor_json(inspection, graph.tensor(id)));
  json["operators"] = Json::array();
  int64_t all_weights = 0, all_macs = 0;
  for (const Op& op : graph.ops) {
    const Tensor* weights = constant_input(graph, op, 1);
    const Tensor* biases = constant_input(graph, op, 2);
    all_weights += elements(weights) + elements(biases);
    all_macs += macs(graph, op);
    Json entry = {{"operator", op_name(op.kind)}};
    for (TensorId id : op.inputs)
      if (id.present() && !graph.tensor(id).is_constant())
        entry["inputs"].push_back(tensor_json(inspection, graph.tensor(id)));
    entry["output"] = tensor_json(inspection, graph.tensor(op.outputs[0]));
    if (weights != nullptr) entry["weights"] = tensor_json(inspection, *weights);
    if (biases != nullptr) entry["biases"] = tensor_json(inspection, *biases);
    entry["macs"] = macs(graph, op);
    entry["training"] = training_json(inspection.training[op.id.index()]);
    json["operators"].push_back(entry);
  }
  if (!graph.variables.empty())
    json["state_variables"] = {{"count", graph.variables.size()}, {"bytes", variable_bytes(graph)}};
  json["totals"] = {{"weights_and_biases", all_weights}, {"macs_forward", all_macs}};
  if (!inspection.not_trainable.empty()) json["not_trainable"] = inspection.not_trainable;
  json["warnings"] = inspection.warnings;
  print_document(json);
}

}  // namespace

Command add_inspect(CLI::App& root) {
  struct Options : CommonOptions {
    std::string model;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app =
      root.add_subcommand("inspect", "Show a model: operators, shapes, what can be trained and why not");
  app->add_option("MODEL", options->model, "TFLite file, int8")->required();
  add_common_options(*app, *options, {Flag::classes, Flag::json, Flag::verbose});
  app->footer(
      "Examples:\n"
      "  thaw inspect configs/models/reference.tflite\n"
      "  thaw inspect configs/models/reference.tflite --classes 5 --json");
  return {app, [options] {
            const Inspection inspection = inspect(options->model, options->classes);
            if (options->json)
              print_json(inspection);
            else
              print_text(inspection, options->verbose);
            return static_cast<int>(kDone);
          }};
}

}  // namespace thaw::cli
