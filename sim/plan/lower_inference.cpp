// Inference as the model file has it: one step an operator, one buffer a tensor.
#include "sim/plan/lower.h"

#include <tuple>

#include "sim/plan/plan_builder.h"
#include "sim/plan/scratch.h"
#include "sim/plan/state_copies.h"

namespace thaw {
namespace {

void convolution_step(PlanBuilder& build, const Op& op) {
  const Convolution c = read_convolution(build.graph, op);
  const std::string& name = build.graph.tensor(op.outputs[0]).name;
  ConvolutionForward k;
  k.window = c.window;
  k.window.input_zero_point = build.graph.tensor(op.inputs[0]).quantization.zero_point();
  k.window.output_zero_point = build.graph.tensor(op.outputs[0]).quantization.zero_point();
  k.depthwise = c.depthwise;
  k.depth_multiplier = c.depth_multiplier;
  k.input = build.activation(op.inputs[0]);
  k.weights = build.constant(name + ".weights", c.weights);
  k.bias = build.constant(name + ".biases", c.biases);
  std::tie(k.multipliers, k.shifts) = multiplier_constants(build, name, c.multipliers);
  k.output = build.activation(op.outputs[0]);
  k.scratch = build.buffer(BufferKind::scratch, name + ".scratch", scratch_bytes(k), 4);
  build.step(name, Phase::forward, op.id, std::move(k), c.macs());
}

void add_step(PlanBuilder& build, const Op& op) {
  AddForward k;
  k.add = read_add(build.graph, op);
  k.first_input = build.activation(op.inputs[0]);
  k.second_input = build.activation(op.inputs[1]);
  k.output = build.activation(op.outputs[0]);
  build.step(build.graph.tensor(op.outputs[0]).name, Phase::forward, op.id, k);
}

}  // namespace

Plan lower_inference(const Graph& graph) {
  PlanBuilder build(graph);
  for (TensorId input : graph.inputs) build.input(input);
  StateCopies copies(build, graph.variables, users_of(graph));
  for (const Op& op : graph.ops) {
    copies.before(op.id.index());
    Kernel kernel = plain_kernel(graph, op);
    if (std::holds_alternative<ConvolutionForward>(kernel)) {
      convolution_step(build, op);
    } else if (std::holds_alternative<AddForward>(kernel)) {
      add_step(build, op);
    } else {
      set_operands(build, op, op.inputs, op.outputs[0], kernel);
      build.step(graph.tensor(op.outputs[0]).name, Phase::forward, op.id, std::move(kernel));
    }
    copies.after(op.id.index());
  }
  copies.before(graph.ops.size());
  for (TensorId output : graph.outputs) build.plan.outputs.push_back(build.activation(output));
  update_lifetimes(build.plan);
  return std::move(build.plan);
}

}  // namespace thaw
