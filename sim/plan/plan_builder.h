// Grows a Plan: buffers get ids in the order they are asked for, steps in the order they run.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "sim/graph/graph.h"
#include "sim/plan/network.h"
#include "sim/plan/plan.h"

namespace thaw {

struct PlanBuilder {
  explicit PlanBuilder(const Graph& graph_);

  /// A buffer of `bytes` bytes; `alignment` of its elements.
  BufferId buffer(BufferKind kind, std::string name, int64_t bytes, int32_t alignment = 4);

  /// A flash constant holding the values in the machine's (little-endian) order.
  template <class T>
  BufferId constant(std::string name, const std::vector<T>& values) {
    const BufferId id =
        buffer(BufferKind::constant, std::move(name), static_cast<int64_t>(values.size() * sizeof(T)),
               static_cast<int32_t>(sizeof(T)));
    Buffer& made = plan.buffers[id.index()];
    made.data.resize(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(made.data.data(), values.data(), made.data.size());
    return id;
  }

  /// Trained values: persistent RAM that starts as a copy of a flash constant.
  template <class T>
  BufferId state(const std::string& name, const std::vector<T>& start) {
    const BufferId initial = constant(name + ".start", start);
    const BufferId id = buffer(BufferKind::state, name, static_cast<int64_t>(start.size() * sizeof(T)),
                               static_cast<int32_t>(sizeof(T)));
    plan.buffers[id.index()].initial_value = InitialValue::copy_of_constant;
    plan.buffers[id.index()].initial = initial;
    return id;
  }

  /// The buffer of a state variable of the model.
  BufferId variable(const StateVariable& about);

  /// The activation buffer of a tensor, or the flash constant of one that is constant; made when first asked
  /// for.
  BufferId activation(TensorId tensor);

  /// Adds an input of the model.
  void input(TensorId tensor);

  void step(std::string name, Phase phase, OpId op, Kernel kernel, int64_t macs = 0);

  const Graph& graph;
  Plan plan;
};

/// The kernel of any operator but convolutions and adds, buffers unset; RESHAPE is a copy.
Kernel plain_kernel(const Graph& graph, const Op& op);

/// Sets the inputs, the output and the table of such a kernel. `inputs`: the tensors that it is to read in
/// place of the operator's.
void set_operands(PlanBuilder& build, const Op& op, const std::vector<TensorId>& inputs, TensorId output,
                  Kernel& kernel);

/// Multipliers and shifts of a convolution as the two constant arrays that its kernel reads.
std::pair<BufferId, BufferId> multiplier_constants(PlanBuilder& build, const std::string& name,
                                                   const std::vector<QuantizedMultiplier>& multipliers);

/// Counts trained channels in the order of the arithmetic's weight index: [output][rank][tap], or
/// [rank][tap] for depthwise (section 3).
std::vector<int8_t> trained_channel_weights(const Convolution& convolution,
                                            const std::vector<uint16_t>& channels);

}  // namespace thaw
