#include "sim/plan/variables_in_place.h"

#include <algorithm>
#include <string>
#include <vector>

#include "sim/plan/buffers.h"

namespace thaw {
namespace {

bool has(const std::vector<BufferId>& list, BufferId id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

bool touches(const Step& step, BufferId id) {
  return has(step.reads, id) || has(step.writes, id);
}

bool may_go(const Plan& plan, size_t copy, BufferId held, BufferId variable) {
  if (has(plan.inputs, held) || has(plan.outputs, held) || plan.buffer(held).kind != BufferKind::activation ||
      plan.buffer(held).bytes != plan.buffer(variable).bytes)
    return false;
  const bool out = has(plan.steps[copy].reads, variable);
  size_t writers = 0, maker = copy, last_use = copy;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (has(step.writes, held)) ++writers, maker = i;
    if (touches(step, held)) last_use = i;
  }
  if (writers != 1) return false;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    if (i == copy || !touches(plan.steps[i], variable)) continue;
    // Out: nothing replaces the variable before the last use. In: nothing sees it from its maker on.
    if (out ? has(plan.steps[i].writes, variable) && i <= last_use : i >= maker) return false;
  }
  return true;
}

void replace(Plan& plan, size_t copy, BufferId held, BufferId variable) {
  plan.steps.erase(plan.steps.begin() + static_cast<std::ptrdiff_t>(copy));
  for (Step& step : plan.steps)
    for_each_buffer(step.kernel, [&](BufferId& id, Access) {
      if (id == held) id = variable;
    });
  std::replace(plan.buffer_of_tensor.begin(), plan.buffer_of_tensor.end(), held, variable);
  update_lifetimes(plan);
}

}  // namespace

Plan variables_in_place(const Plan& plan) {
  Plan result = plan;
  int64_t saved = 0;
  int32_t count = 0;
  for (size_t i = 0; i < result.steps.size();) {
    const auto* copy = std::get_if<CopyForward>(&result.steps[i].kernel);
    const auto is_variable = [&](BufferId id) { return result.buffer(id).kind == BufferKind::variable; };
    if (copy == nullptr || is_variable(copy->input) == is_variable(copy->output)) {
      ++i;
      continue;
    }
    const BufferId variable = is_variable(copy->input) ? copy->input : copy->output;
    const BufferId held = is_variable(copy->input) ? copy->output : copy->input;
    if (!may_go(result, i, held, variable)) {
      ++i;
      continue;
    }
    saved += result.buffer(held).bytes;
    ++count;
    replace(result, i, held, variable);
  }
  if (count > 0)
    result.notes.push_back({"variables in place",
                            std::to_string(count) + " copies of state variables are left out: they are read, "
                                                    "or made, where they lie",
                            saved});
  return result;
}

}  // namespace thaw
