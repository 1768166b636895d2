// What a firmware for inference alone is asked for: the ends of the model as an application sees them.
#include <string>

#include "engine/generate/generate.h"
#include "sim/base/error.h"
#include "sim/plan/schedule_check.h"

namespace thaw {
namespace {

/// The output as the plan gives it: of a DEQUANTIZE that was folded away, what it reads.
const Tensor& output_of(const Graph& graph, const Plan& plan) {
  const Tensor& output = graph.tensor(graph.outputs[0]);
  for (const Op& op : graph.ops)
    if (op.outputs[0] == output.id && output.bytes() != plan.buffer(plan.outputs[0]).bytes)
      return graph.tensor(op.inputs[0]);
  return output;
}

void refuse_unless_int8(const Graph& graph, const char* end, const Tensor& tensor) {
  if (tensor.type == DataType::int8) return;
  throw Error(graph.file_name + ": " + end + " '" + tensor.name + "'",
              std::string("it is ") + data_type_name(tensor.type) + ", a firmware is fed and gives int8",
              "Convert the model with int8 ends");
}

}  // namespace

FirmwareRequest inference_request(const Graph& graph, const Plan& plan, const Layout& layout,
                                  const Board& board) {
  if (plan.inputs.size() != 1 || plan.outputs.size() != 1)
    throw Error(graph.file_name,
                "it has " + std::to_string(plan.inputs.size()) + " inputs and " +
                    std::to_string(plan.outputs.size()) + " outputs, a firmware has one of each",
                "Cut the model to one input and one output");
  const Tensor& input = graph.tensor(plan.buffer(plan.inputs[0]).tensor);
  const Tensor& output = output_of(graph, plan);
  refuse_unless_int8(graph, "input", input);
  refuse_unless_int8(graph, "output", output);
  FirmwareRequest request{plan, layout, board, input_shape(input)};
  request.input_scale = static_cast<double>(input.quantization.scale());
  request.input_zero_point = input.quantization.zero_point();
  request.uint8_in_file = graph.tensor(graph.inputs[0]).uint8_in_file;
  request.output_scale = static_cast<double>(output.quantization.scale());
  request.output_zero_point = output.quantization.zero_point();
  return request;
}

}  // namespace thaw
