// One pass over the state buffers, sorted.
#include "memmodel/state_layout.h"

#include <algorithm>

#include "sim/base/round_up.h"
#include "sim/plan/training_plan.h"

namespace thaw {
StateLayout state_layout(const Plan& plan) {
  std::vector<const Buffer*> members;
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == BufferKind::state) members.push_back(&buffer);
  std::stable_sort(members.begin(), members.end(),
                   [](const Buffer* a, const Buffer* b) { return a->alignment > b->alignment; });
  StateLayout layout;
  layout.offsets.resize(plan.buffers.size());
  if (plan.result.present() || infers_only(plan)) {
    layout.session = 0;
    layout.bytes = infers_only(plan) ? kInferenceSessionBytes : kSessionBytes;
  }
  for (const Buffer* member : members) {
    // Sizes need not be multiples of their alignment, so a later member may still have to move up.
    layout.bytes = round_up(layout.bytes, member->alignment);
    layout.offsets[member->id.index()] = layout.bytes;
    layout.bytes += member->bytes;
  }
  layout.bytes = round_up(layout.bytes, kRegionAlignment);
  return layout;
}

}  // namespace thaw
