// The rules are TFLite's (shapes, quantisation specification) and those of the TensorFlow Lite Micro
// reference kernels (what they refuse or would overflow on). Here: numbers, tensors alone, order of
// execution; operators in operator_check.h.
#include "sim/graph/graph_check.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/graph/graph_paths.h"
#include "sim/graph/operator_check.h"
#include "sim/graph/uint8_ends.h"

namespace thaw {

namespace {

[[noreturn]] void fail(const Graph& graph, const std::string& path, const std::string& what,
                       const std::string& hint = "") {
  throw Error(graph.file_name + ": " + path, what, hint);
}

// Tensors alone.

void check_shape(const Graph& graph, const Tensor& tensor) {
  int64_t elements = 1;
  for (int32_t d : tensor.shape) {
    if (d < 1)
      fail(graph, tensor_path(tensor) + ".shape",
           "is " + shape_text(tensor.shape) + ", expected sizes of at least 1",
           "Convert the model with a fixed batch size of 1");
    elements *= d;  // both factors below 2^31
    if (elements > INT32_MAX)
      fail(graph, tensor_path(tensor) + ".shape",
           "is " + shape_text(tensor.shape) + ", more than 2^31-1 elements");
  }
}

void check_constant(const Graph& graph, const Tensor& tensor) {
  if (tensor.is_constant() && static_cast<int64_t>(tensor.data.size()) != tensor.bytes())
    fail(graph, tensor_path(tensor) + ".buffer",
         "holds " + std::to_string(tensor.data.size()) + " bytes, but " + data_type_name(tensor.type) + " " +
             shape_text(tensor.shape) + " needs " + std::to_string(tensor.bytes()));
}

void check_scales(const Graph& graph, const Tensor& tensor) {
  // Weights of 0 have a scale of 0 in some files (zero_scales.h); a bias has that of its products, whatever
  // the file says.
  for (float scale : tensor.quantization.scales)
    if (!std::isfinite(scale) || scale < 0.0F || (scale == 0.0F && !tensor.is_constant()))
      fail(graph, tensor_path(tensor) + ".quantization.scale",
           "holds " + std::to_string(scale) + ", expected a finite number above 0",
           scale == 0.0F ? "Convert the model with a representative_dataset that reaches this tensor" : "");
}

// Order of execution.

/// A variable is int8 bytes that an inference may replace by as many; `available` by tensor, at its end.
void check_variable(const Graph& graph, const StateVariable& variable, const std::vector<bool>& available) {
  const std::string path = "state variable '" + variable.name + "'";
  const Tensor& content = graph.tensor(variable.content);
  if (content.type != DataType::int8 || content.uint8_in_file)
    fail(graph, path, std::string("is of type ") + file_type_name(content) + ", expected int8",
         "Convert the model with int8 states, as TFLITE_BUILTINS_INT8 does");
  if (static_cast<int64_t>(variable.initial.size()) != content.bytes())
    fail(graph, path,
         "starts with " + std::to_string(variable.initial.size()) + " bytes, but holds " +
             std::to_string(content.bytes()));
  if (!variable.next.present()) return;
  const Tensor& next = graph.tensor(variable.next);
  if (!available[variable.next.index()])
    fail(graph, path, "is assigned " + tensor_path(next) + ", which no operator writes");
  if (next.type != DataType::int8 || next.uint8_in_file || next.bytes() != content.bytes())
    fail(graph, path,
         "holds " + std::to_string(content.bytes()) + " bytes of int8, but is assigned " + tensor_path(next) +
             " of type " + file_type_name(next) + " and shape " + shape_text(next.shape));
}

void check_order(const Graph& graph) {
  std::vector<bool> available(graph.tensors.size(), false);
  for (const Tensor& tensor : graph.tensors) available[tensor.id.index()] = tensor.is_constant();
  for (TensorId id : graph.inputs) {
    if (available[id.index()])
      fail(graph, "subgraphs[0].inputs",
           "names " + tensor_path(graph.tensor(id)) + ", which is a constant or named before");
    available[id.index()] = true;
  }
  for (const StateVariable& variable : graph.variables) {
    if (available[variable.content.index()])
      fail(graph, "state variable '" + variable.name + "'",
           "has the content " + tensor_path(graph.tensor(variable.content)) + ", which has a value already");
    available[variable.content.index()] = true;
  }
  std::vector<bool> written = available;
  for (const Op& op : graph.ops) {
    for (size_t k = 0; k < op.inputs.size(); ++k)
      if (op.inputs[k].present() && !available[op.inputs[k].index()])
        fail(graph, op_path(op) + ".inputs[" + std::to_string(k) + "]",
             "reads " + tensor_path(graph.tensor(op.inputs[k])) + " before any operator has written it",
             "The graph has a cycle, or its operators are out of order");
    for (size_t k = 0; k < op.outputs.size(); ++k) {
      if (written[op.outputs[k].index()])
        fail(graph, op_path(op) + ".outputs[" + std::to_string(k) + "]",
             "writes " + tensor_path(graph.tensor(op.outputs[k])) + ", which has a value already",
             "Each tensor may be written once; inputs and constants never");
      written[op.outputs[k].index()] = available[op.outputs[k].index()] = true;
    }
  }
  for (TensorId id : graph.outputs)
    if (!available[id.index()] || graph.tensor(id).is_constant())
      fail(graph, "subgraphs[0].outputs",
           "names " + tensor_path(graph.tensor(id)) + ", which no operator writes");
  for (const StateVariable& variable : graph.variables) check_variable(graph, variable, available);
}

void check_ids(const Graph& graph) {
  const auto check = [&](const std::vector<TensorId>& ids, const std::string& path, bool optional) {
    for (TensorId id : ids)
      if ((!id.present() && !(optional && id.value == -1)) ||
          (id.present() && id.index() >= graph.tensors.size()))
        fail(graph, path,
             "names tensor " + std::to_string(id.value) + " of " + std::to_string(graph.tensors.size()));
  };
  for (size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].id != TensorId(i)) fail(graph, "tensors", "are not numbered in order");
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (graph.ops[i].id != OpId(i)) fail(graph, "operators", "are not numbered in order");
    check(graph.ops[i].inputs, op_path(graph.ops[i]) + ".inputs", true);
    check(graph.ops[i].outputs, op_path(graph.ops[i]) + ".outputs", false);
  }
  check(graph.inputs, "subgraphs[0].inputs", false);
  check(graph.outputs, "subgraphs[0].outputs", false);
  for (const StateVariable& variable : graph.variables) {
    check({variable.content}, "state variable '" + variable.name + "'", false);
    check({variable.next}, "state variable '" + variable.name + "'", true);
  }
  if (graph.inputs.empty()) fail(graph, "subgraphs[0].inputs", "is empty, expected at least one input");
  if (graph.outputs.empty()) fail(graph, "subgraphs[0].outputs", "is empty, expected at least one output");
}

}  // namespace

void check_graph(const Graph& graph) {
  check_ids(graph);
  for (const Tensor& tensor : graph.tensors) {
    check_shape(graph, tensor);
    check_constant(graph, tensor);
    check_scales(graph, tensor);
  }
  check_order(graph);
  check_uint8_ends(graph);
  for (const Op& op : graph.ops) check_operator(graph, op);
}

}  // namespace thaw
