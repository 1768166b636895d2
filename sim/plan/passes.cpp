#include "sim/plan/passes.h"

#include <algorithm>
#include <functional>

#include "sim/plan/buffers.h"
#include "sim/plan/stream_rows.h"

namespace thaw {
namespace {

bool is_model_end(const Plan& plan, BufferId id) {
  const auto in = [&](const std::vector<BufferId>& list) {
    return std::find(list.begin(), list.end(), id) != list.end();
  };
  return in(plan.inputs) || in(plan.outputs);
}

/// Every mention of `from` becomes `to`; `to` grows to hold either.
void replace_buffer(Plan& plan, BufferId from, BufferId to) {
  for (Step& step : plan.steps)
    for_each_buffer(step.kernel, [&](BufferId& id, Access) {
      if (id == from) id = to;
    });
  for (GradientTensor& gradient : plan.gradient_tensors)
    if (gradient.buffer == from) gradient.buffer = to;
  for (auto* list : {&plan.outputs, &plan.buffer_of_tensor})
    for (BufferId& id : *list)
      if (id == from) id = to;
  update_lifetimes(plan);
}

/// An element-wise step's output may take the place of an input of the same size that dies there.
bool may_take_place(const Plan& plan, BufferId input, BufferId output, int32_t step) {
  const Buffer& in = plan.buffer(input);
  return input != output && in_arena(in.kind) && in.last_step == step &&
         in.bytes == plan.buffer(output).bytes && !is_model_end(plan, input);
}

/// What a step may do in place: its output, and the inputs that it may write over, the first that dies is
/// taken.
struct InPlace {
  BufferId output;
  std::vector<BufferId> inputs;
};

/// Lets every step do in place what it may. `what` follows the number of steps in the note.
Plan write_in_place(const Plan& plan, const std::string& pass, const std::string& what,
                    const std::function<InPlace(const Step&)>& may) {
  Plan result = plan;
  int64_t saved = 0;
  int32_t count = 0;
  for (size_t i = 0; i < result.steps.size(); ++i) {
    const InPlace chance = may(result.steps[i]);
    for (BufferId input : chance.inputs) {
      if (!may_take_place(result, input, chance.output, static_cast<int32_t>(i))) continue;
      saved += result.buffer(input).bytes;
      ++count;
      replace_buffer(result, chance.output, input);
      break;
    }
  }
  if (count > 0) result.notes.push_back({pass, std::to_string(count) + " " + what, saved});
  return result;
}

/// Depthwise of the same shape out as in.
bool keeps_shape_by_channel(const ConvolutionForward& k) {
  const Window& w = k.window;
  return k.depthwise && k.depth_multiplier == 1 && w.stride_height == 1 && w.stride_width == 1 &&
         w.input_height == w.output_height && w.input_width == w.output_width;
}

}  // namespace

Plan add_in_place(const Plan& plan) {
  return write_in_place(plan, "add in place", "adds write over an input that nobody reads afterwards",
                        [](const Step& step) -> InPlace {
                          const auto* k = std::get_if<AddForward>(&step.kernel);
                          if (k == nullptr || step.stream >= 0) return {};
                          return {k->output, {k->first_input, k->second_input}};
                        });
}

Plan depthwise_in_place(const Plan& plan) {
  return write_in_place(plan, "depthwise in place",
                        "depthwise convolutions write over an input that nobody reads afterwards",
                        [](const Step& step) -> InPlace {
                          const auto* k = std::get_if<ConvolutionForward>(&step.kernel);
                          if (k == nullptr || step.stream >= 0 || !keeps_shape_by_channel(*k)) return {};
                          return {k->output, {k->input}};
                        });
}

Plan gradient_in_place(const Plan& plan) {
  return write_in_place(plan, "gradient in place",
                        "gradient tensors are made in the place of the one they come from",
                        [](const Step& step) -> InPlace {
                          const auto* k = std::get_if<MakeGradient>(&step.kernel);
                          if (k == nullptr) return {};
                          InPlace chance = {k->output, {}};
                          for (const GradientSource& source : k->sources)
                            if (const auto* stored = std::get_if<FromStored>(&source.from))
                              chance.inputs.push_back(stored->gradient);
                          return chance;
                        });
}

Plan drop_unused_buffers(Plan plan) {
  std::vector<bool> used(plan.buffers.size(), false);
  const auto mark = [&](BufferId id) {
    if (id.present()) used[id.index()] = true;
  };
  for (const Step& step : plan.steps)
    for_each_buffer(step.kernel, [&](const BufferId& id, Access) { mark(id); });
  const auto ends = [&](const std::function<void(BufferId&)>& visit) {
    for (auto* list : {&plan.inputs, &plan.outputs})
      for (BufferId& id : *list) visit(id);
    for (GradientTensor& gradient : plan.gradient_tensors) visit(gradient.buffer);
    for (auto* id : {&plan.gradient_states, &plan.gradient_exponents, &plan.result, &plan.logits}) visit(*id);
  };
  ends(mark);
  for (const Buffer& buffer : plan.buffers)
    if (used[buffer.id.index()]) mark(buffer.initial);
  std::vector<BufferId> renamed(plan.buffers.size());
  std::vector<Buffer> kept;
  for (Buffer& buffer : plan.buffers) {
    if (!used[buffer.id.index()]) continue;
    renamed[buffer.id.index()] = BufferId(kept.size());
    buffer.id = BufferId(kept.size());
    kept.push_back(std::move(buffer));
  }
  const auto rename = [&](BufferId& id) {
    if (id.present()) id = renamed[id.index()];
  };
  for (Buffer& buffer : kept) rename(buffer.initial);
  plan.buffers = std::move(kept);
  for (Step& step : plan.steps) for_each_buffer(step.kernel, [&](BufferId& id, Access) { rename(id); });
  ends(rename);
  for (BufferId& id : plan.buffer_of_tensor) rename(id);
  update_lifetimes(plan);
  return plan;
}

Plan run_passes(Plan plan) {
  const auto most_alive = [](const Plan& p) {
    const std::vector<int64_t> alive = bytes_alive(p);
    return alive.empty() ? 0 : *std::max_element(alive.begin(), alive.end());
  };
  const auto stream = [](const Plan& p) { return stream_rows(p, choose_streams(p)); };
  for (const std::function<Plan(const Plan&)>& pass :
       {std::function<Plan(const Plan&)>(stream), std::function<Plan(const Plan&)>(add_in_place),
        std::function<Plan(const Plan&)>(depthwise_in_place),
        std::function<Plan(const Plan&)>(gradient_in_place)}) {
    const size_t notes = plan.notes.size();
    const int64_t before = most_alive(plan);
    plan = pass(plan);
    if (plan.notes.size() > notes) plan.notes.back().peak_bytes_saved = before - most_alive(plan);
  }
  return drop_unused_buffers(std::move(plan));
}

}  // namespace thaw
