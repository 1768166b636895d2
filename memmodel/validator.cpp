// One function a property.
#include "memmodel/validator.h"

#include <algorithm>
#include <cstdint>

namespace thaw {
namespace {

using Violations = std::vector<std::string>;

std::string label(const Buffer& buffer) {
  return "buffer " + std::to_string(buffer.id.value) + " '" + buffer.name + "'";
}

/// Size rounded up to the alignment, by counting rather than by the planner's formula.
int64_t reserved(const Buffer& buffer) {
  const int64_t beyond = buffer.bytes % buffer.alignment;
  return beyond == 0 ? buffer.bytes : buffer.bytes + (buffer.alignment - beyond);
}

/// Buffers that no step touches have the lifetime -1 and need no room.
bool takes_room(const Buffer& buffer) {
  return buffer.bytes > 0 && buffer.first_step >= 0;
}

bool alive_at(const Buffer& buffer, int64_t step) {
  return step >= buffer.first_step && step <= buffer.last_step;
}

void check_offsets(const Plan& plan, const Layout& layout, Violations& violations) {
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    const Buffer& buffer = plan.buffers[i];
    const bool placed = layout.offsets[i].has_value();
    if (placed != in_arena(buffer.kind)) {
      violations.push_back(label(buffer) +
                           (placed ? " is not of the arena but has an offset" : " has no offset"));
      continue;
    }
    if (!placed) continue;
    const int64_t offset = *layout.offsets[i];
    if (offset % buffer.alignment != 0)
      violations.push_back(label(buffer) + " at offset " + std::to_string(offset) + " is not aligned to " +
                           std::to_string(buffer.alignment));
    if (offset < 0 || (takes_room(buffer) && offset + reserved(buffer) > layout.peak))
      violations.push_back(label(buffer) + " at [" + std::to_string(offset) + ", " +
                           std::to_string(offset + reserved(buffer)) + ") leaves the arena of " +
                           std::to_string(layout.peak) + " bytes");
  }
}

void check_pairs(const Plan& plan, const Layout& layout, Violations& violations) {
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    for (size_t j = i + 1; j < plan.buffers.size(); ++j) {
      const Buffer& a = plan.buffers[i];
      const Buffer& b = plan.buffers[j];
      if (!layout.offsets[i] || !layout.offsets[j] || !takes_room(a) || !takes_room(b)) continue;
      const int32_t from = std::max(a.first_step, b.first_step);
      const bool share_a_step = alive_at(a, from) && alive_at(b, from);
      const int64_t low = std::max(*layout.offsets[i], *layout.offsets[j]);
      const int64_t high = std::min(*layout.offsets[i] + a.bytes, *layout.offsets[j] + b.bytes);
      if (share_a_step && low < high)
        violations.push_back(label(a) + " and " + label(b) + " share bytes [" + std::to_string(low) + ", " +
                             std::to_string(high) + ") at step " + std::to_string(from));
    }
  }
}

void check_steps(const Plan& plan, Violations& violations) {
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    std::vector<BufferId> touched = plan.steps[s].reads;
    touched.insert(touched.end(), plan.steps[s].writes.begin(), plan.steps[s].writes.end());
    for (BufferId id : touched) {
      if (id.value < 0 || id.index() >= plan.buffers.size()) {
        violations.push_back("step " + std::to_string(s) + " '" + plan.steps[s].name + "' names buffer " +
                             std::to_string(id.value) + ", which does not exist");
        continue;
      }
      const Buffer& buffer = plan.buffers[id.index()];
      if (in_arena(buffer.kind) && !alive_at(buffer, static_cast<int64_t>(s)))
        violations.push_back("step " + std::to_string(s) + " '" + plan.steps[s].name + "' touches " +
                             label(buffer) + ", which is alive from step " +
                             std::to_string(buffer.first_step) + " to " + std::to_string(buffer.last_step));
    }
  }
}

void check_peak(const Plan& plan, const Layout& layout, Violations& violations) {
  int64_t highest = 0;
  for (size_t i = 0; i < plan.buffers.size(); ++i)
    if (layout.offsets[i] && takes_room(plan.buffers[i]))
      highest = std::max(highest, *layout.offsets[i] + reserved(plan.buffers[i]));
  if (highest != layout.peak)
    violations.push_back("the peak is given as " + std::to_string(layout.peak) +
                         " bytes but the highest buffer ends at " + std::to_string(highest));
}

void check_lower_bound(const Plan& plan, const Layout& layout, Violations& violations) {
  int32_t last_step = -1;
  for (const Buffer& buffer : plan.buffers)
    if (in_arena(buffer.kind)) last_step = std::max(last_step, buffer.last_step);
  int64_t most = 0;
  int32_t at = 0;
  for (int32_t step = 0; step <= last_step; ++step) {
    int64_t live = 0;
    for (const Buffer& buffer : plan.buffers)
      if (in_arena(buffer.kind) && alive_at(buffer, step)) live += reserved(buffer);
    if (live > most) {
      most = live;
      at = step;
    }
  }
  if (most != layout.lower_bound || at != layout.peak_step)
    violations.push_back("the lower bound is given as " + std::to_string(layout.lower_bound) +
                         " bytes at step " + std::to_string(layout.peak_step) +
                         " but most bytes are alive at step " + std::to_string(at) + ": " +
                         std::to_string(most));
  if (layout.peak < most)
    violations.push_back("the peak of " + std::to_string(layout.peak) + " bytes is below the " +
                         std::to_string(most) + " bytes alive at step " + std::to_string(at));
}

}  // namespace

std::vector<std::string> layout_violations(const Plan& plan, const Layout& layout) {
  Violations violations;
  if (layout.offsets.size() != plan.buffers.size()) {
    violations.push_back("the layout has " + std::to_string(layout.offsets.size()) + " offsets for " +
                         std::to_string(plan.buffers.size()) + " buffers");
    return violations;
  }
  for (const Buffer& buffer : plan.buffers)
    if (buffer.alignment <= 0 || buffer.bytes < 0 || buffer.last_step < buffer.first_step)
      violations.push_back(label(buffer) + " has an impossible size, alignment or lifetime");
  if (!violations.empty()) return violations;
  check_offsets(plan, layout, violations);
  check_pairs(plan, layout, violations);
  check_steps(plan, violations);
  check_peak(plan, layout, violations);
  check_lower_bound(plan, layout, violations);
  return violations;
}

}  // namespace thaw
