#include "tools/thaw/model_data.h"

#include <cstdint>
#include <utility>

#include "sim/data/to_int8.h"
#include "sim/graph/error.h"

namespace thaw::cli {
namespace {

SampleShape wanted_shape(const Tensor& input) {
  if (input.shape.size() != 4) return {};
  return {input.shape[1], input.shape[2], input.shape[3]};
}

Samples to_samples(const Dataset& data, Split& split, const Tensor& input) {
  const SampleShape shape = wanted_shape(input);
  Samples samples;
  samples.count = split.count;
  samples.height = shape.height > 0 ? shape.height : 1;
  samples.width = shape.width > 0 ? shape.width : 1;
  samples.channels = static_cast<int32_t>(input.elements() / samples.height / samples.width);
  samples.images = to_int8(data, split, input.quantization);
  samples.labels = std::move(split.labels);
  split = {};
  return samples;
}

}  // namespace

ModelData read_model_data(const std::string& path, const Graph& graph, TensorId input) {
  const Tensor& tensor = graph.tensor(input);
  if (!tensor.shape.empty() && tensor.shape[0] != 1)
    throw Error(graph.file_name, "the model reads batches of " + std::to_string(tensor.shape[0]),
                "Export it for batch 1");
  ModelData data;
  data.about = read_dataset(path, wanted_shape(tensor));
  int64_t elements = 1;
  for (int32_t size : data.about.shape) elements *= size;
  if (elements != tensor.elements())
    throw Error(path,
                "a sample has " + std::to_string(elements) + " values, the model '" + graph.file_name +
                    "' reads " + std::to_string(tensor.elements()),
                "Give samples of the model's input shape");
  data.train = to_samples(data.about, data.about.train, tensor);
  data.test = to_samples(data.about, data.about.test, tensor);
  return data;
}

void check_classes(const Dataset& about, int32_t classes, const std::string& who, const std::string& path) {
  const size_t given = about.class_names.size();
  if (static_cast<int64_t>(given) != classes)
    throw Error(path,
                "the data have " + std::to_string(given) + " classes, " + who + " " + std::to_string(classes),
                "Pass --classes " + std::to_string(given) + " to train a fresh classifier");
}

TensorId int8_input(const Graph& graph) {
  if (graph.inputs.size() != 1)
    throw Error(graph.file_name, "the model has " + std::to_string(graph.inputs.size()) + " inputs",
                "A data set feeds exactly one; use --raw-input with one file an input");
  const TensorId input = graph.inputs[0];
  if (graph.tensor(input).type == DataType::int8) return input;
  for (const Op& op : graph.ops)
    if (std::holds_alternative<Quantize>(op.kind) && op.inputs[0] == input) return op.outputs[0];
  throw Error(graph.file_name, "the input is not int8 and no QUANTIZE reads it",
              "Quantise the model to int8");
}

}  // namespace thaw::cli
