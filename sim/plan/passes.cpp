#include "sim/plan/passes.h"

#include <algorithm>
#include <functional>

#include "sim/plan/buffers.h"
#include "sim/plan/feed_rows.h"
#include "sim/plan/network.h"
#include "sim/plan/scratch.h"
#include "sim/plan/stream_rows.h"
#include "sim/plan/variables_in_place.h"

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

/// A gradient that passes a depthwise convolution alone which keeps the image's shape, and whose channels the
/// kernels can copy one at a time (gradient_planes.h).
bool passes_depthwise_in_place(const MakeGradient& k) {
  const auto* from = std::get_if<FromConvolution>(&k.sources[0].from);
  if (from == nullptr || k.sources.size() != 1 || !from->depthwise || from->depth_multiplier != 1)
    return false;
  constexpr int64_t kWidestValue = 2;
  const Window& w = from->window;
  return w.stride_height == 1 && w.stride_width == 1 && w.dilation_height == 1 && w.dilation_width == 1 &&
         w.input_height == w.output_height && w.input_width == w.output_width &&
         w.input_channels == k.channels && kWidestValue * k.positions + w.taps() <= 4 * int64_t{k.channels};
}

bool is_input(const Plan& plan, BufferId id) {
  return std::find(plan.inputs.begin(), plan.inputs.end(), id) != plan.inputs.end();
}

bool is_output(const Plan& plan, BufferId id) {
  return std::find(plan.outputs.begin(), plan.outputs.end(), id) != plan.outputs.end();
}

bool is_variable(const Plan& plan, BufferId id) {
  return plan.buffer(id).kind == BufferKind::variable;
}

/// How many steps read a buffer.
int64_t readers(const Plan& plan, BufferId id) {
  return std::count_if(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    return std::find(step.reads.begin(), step.reads.end(), id) != step.reads.end();
  });
}

/// Takes out the steps that are marked; the note says why and what the buffers that went with them held.
Plan without_steps(Plan plan, const std::vector<bool>& gone, PassNote note) {
  if (std::find(gone.begin(), gone.end(), true) == gone.end()) return plan;
  std::vector<Step> kept;
  for (size_t i = 0; i < plan.steps.size(); ++i)
    if (!gone[i]) kept.push_back(std::move(plan.steps[i]));
  plan.steps = std::move(kept);
  update_lifetimes(plan);
  plan.notes.push_back(std::move(note));
  return plan;
}

/// The tensor of a buffer that is gone lies nowhere.
void forget_tensor(Plan& plan, BufferId id) {
  for (BufferId& place : plan.buffer_of_tensor)
    if (place == id) place = {};
}

/// The convolution that alone reads what `pad` writes, and may read the unpadded image itself.
ConvolutionForward* folds_into(Plan& plan, const PadForward& pad) {
  const thaw_pad& p = pad.pad;
  const int32_t beyond_image = p.before[0] + p.after[0] + p.before[3] + p.after[3];
  if (beyond_image != 0 || p.dims[0] != 1 || is_output(plan, pad.output) || readers(plan, pad.output) != 1)
    return nullptr;
  for (Step& step : plan.steps) {
    auto* k = std::get_if<ConvolutionForward>(&step.kernel);
    if (k == nullptr || k->input != pad.output) continue;
    const Window& w = k->window;
    const bool reads_image = w.input_height == p.dims[1] + p.before[1] + p.after[1] &&
                             w.input_width == p.dims[2] + p.before[2] + p.after[2] &&
                             w.input_channels == p.dims[3];
    return reads_image && p.value == w.input_zero_point ? k : nullptr;
  }
  return nullptr;
}

using Pass = std::function<Plan(const Plan&)>;

/// Runs the passes in order; the note of each says what it took off the most bytes alive at a step.
Plan apply(Plan plan, std::initializer_list<Pass> passes) {
  const auto most_alive = [](const Plan& p) {
    const std::vector<int64_t> alive = bytes_alive(p);
    return alive.empty() ? 0 : *std::max_element(alive.begin(), alive.end());
  };
  for (const Pass& pass : passes) {
    const size_t notes = plan.notes.size();
    const int64_t before = most_alive(plan);
    plan = pass(plan);
    if (plan.notes.size() > notes) plan.notes.back().peak_bytes_saved = before - most_alive(plan);
  }
  return plan;
}

/// What will be alive at each step once the passes after streaming have run, where it runs whole.
std::vector<int64_t> alive_in_place(const Plan& plan) {
  return bytes_alive(gradient_in_place(biases_first(depthwise_in_place(add_in_place(plan)))));
}

}  // namespace

Plan fold_float_ends(const Plan& plan) {
  Plan result = plan;
  std::vector<bool> gone(plan.steps.size(), false);
  int64_t saved = 0;
  for (size_t i = 0; i < result.steps.size(); ++i) {
    if (const auto* k = std::get_if<QuantizeForward>(&result.steps[i].kernel)) {
      if (!is_input(result, k->input) || readers(result, k->input) != 1 || is_output(result, k->output) ||
          is_output(result, k->input))
        continue;
      std::replace(result.inputs.begin(), result.inputs.end(), k->input, k->output);
      saved += result.buffer(k->input).bytes;
      forget_tensor(result, k->input);
      gone[i] = true;
    } else if (const auto* d = std::get_if<DequantizeForward>(&result.steps[i].kernel)) {
      if (!is_output(result, d->output) || readers(result, d->output) != 0 || is_output(result, d->input) ||
          is_input(result, d->input))
        continue;
      std::replace(result.outputs.begin(), result.outputs.end(), d->output, d->input);
      saved += result.buffer(d->output).bytes;
      forget_tensor(result, d->output);
      gone[i] = true;
    }
  }
  const auto count = std::count(gone.begin(), gone.end(), true);
  return without_steps(
      std::move(result), gone,
      {"fold float ends",
       std::to_string(count) + " conversions between float32 and int8 at the model's ends are "
                               "left out: the device is fed int8 and gives int8",
       saved});
}

Plan fold_padding(const Plan& plan) {
  Plan result = plan;
  std::vector<bool> gone(plan.steps.size(), false);
  int64_t saved = 0;
  for (size_t i = 0; i < result.steps.size(); ++i) {
    const auto* pad = std::get_if<PadForward>(&result.steps[i].kernel);
    if (pad == nullptr) continue;
    ConvolutionForward* k = folds_into(result, *pad);
    if (k == nullptr) continue;
    k->window.pad_top += pad->pad.before[1];
    k->window.pad_left += pad->pad.before[2];
    k->window.input_height = pad->pad.dims[1];
    k->window.input_width = pad->pad.dims[2];
    shorten_steps(k->window);
    k->input = pad->input;
    if (k->scratch.present()) result.buffers[k->scratch.index()].bytes = scratch_bytes(*k);
    saved += result.buffer(pad->output).bytes;
    forget_tensor(result, pad->output);
    gone[i] = true;
  }
  const auto count = std::count(gone.begin(), gone.end(), true);
  return without_steps(
      std::move(result), gone,
      {"fold padding",
       std::to_string(count) + " PAD operators became padding of the convolutions that read them", saved});
}

Plan share_reshaped(const Plan& plan) {
  Plan result = plan;
  std::vector<bool> gone(plan.steps.size(), false);
  int64_t saved = 0;
  for (size_t i = 0; i < result.steps.size(); ++i) {
    const auto* copy = std::get_if<CopyForward>(&result.steps[i].kernel);
    if (copy == nullptr || copy->input == copy->output || is_variable(result, copy->input) ||
        is_variable(result, copy->output) ||
        (is_input(result, copy->input) && is_output(result, copy->output)))
      continue;
    const BufferId from = copy->output, to = copy->input;
    saved += result.buffer(from).bytes;
    gone[i] = true;
    replace_buffer(result, from, to);
  }
  const auto count = std::count(gone.begin(), gone.end(), true);
  return without_steps(
      std::move(result), gone,
      {"share reshaped",
       std::to_string(count) +
           " operators (RESHAPE, QUANTIZE between uint8 and int8) copy nothing: input and output are the "
           "same bytes",
       saved});
}

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

Plan biases_first(const Plan& plan) {
  Plan result = plan;
  int32_t count = 0;
  for (size_t i = 0; i < result.steps.size(); ++i) {
    const auto* update = std::get_if<UpdateBiases>(&result.steps[i].kernel);
    if (update == nullptr) continue;
    size_t made = i;
    while (made > 0) {
      const auto* maker = std::get_if<MakeGradient>(&result.steps[--made].kernel);
      if (maker != nullptr && maker->tensor == update->tensor) break;
    }
    if (made + 1 == i) continue;
    const auto begin = result.steps.begin();
    std::rotate(begin + static_cast<ptrdiff_t>(made) + 1, begin + static_cast<ptrdiff_t>(i),
                begin + static_cast<ptrdiff_t>(i) + 1);
    ++count;
  }
  if (count == 0) return result;
  update_lifetimes(result);
  result.notes.push_back(
      {"biases first",
       std::to_string(count) +
           " layers' biases are updated before the gradient passes on, which may then take "
           "the place of theirs",
       0});
  return result;
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
                          if (passes_depthwise_in_place(*k))
                            chance.inputs.push_back(std::get<FromConvolution>(k->sources[0].from).gradient);
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

Plan run_passes(Plan plan, InputBy input) {
  const auto feed = [&](const Plan& p) { return input == InputBy::rows ? feed_rows(p) : p; };
  const auto stream = [](const Plan& p) { return stream_rows(p, choose_streams(p, alive_in_place(p))); };
  Plan result =
      drop_unused_buffers(apply(std::move(plan), {feed, stream, add_in_place, depthwise_in_place,
                                                  biases_first, gradient_in_place, variables_in_place}));
  for (const Step& step : result.steps)  // what is compared may have moved
    if (const auto* loss = std::get_if<SquaredLoss>(&step.kernel)) result.output = loss->output;
  return result;
}

Plan run_inference_passes(Plan plan, InputBy input) {
  return run_passes(apply(std::move(plan), {fold_float_ends, fold_padding, share_reshaped}), input);
}

}  // namespace thaw
