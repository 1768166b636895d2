#include "memmodel/gradient_places.h"

#include <algorithm>
#include <string>

namespace thaw {
namespace {

/// Most bytes alive at a step of the gradients alone, or of everything else.
int64_t most_alive(Plan plan, bool gradients) {
  std::erase_if(plan.buffers,
                [&](const Buffer& buffer) { return (buffer.kind == BufferKind::gradient) != gradients; });
  const std::vector<int64_t> alive = bytes_alive(plan);
  return alive.empty() ? 0 : *std::max_element(alive.begin(), alive.end());
}

bool lies_on_dead_activation(const Plan& plan, const Layout& layout, const Buffer& gradient) {
  const int64_t begin = layout.offsets[gradient.id.index()].value_or(0);
  const int64_t end = begin + gradient.bytes;
  return std::any_of(plan.buffers.begin(), plan.buffers.end(), [&](const Buffer& buffer) {
    if (buffer.kind != BufferKind::activation || buffer.last_step >= gradient.first_step) return false;
    const int64_t offset = layout.offsets[buffer.id.index()].value_or(0);
    return offset < end && begin < offset + buffer.bytes;
  });
}

}  // namespace

PassNote gradient_places(const Plan& plan, const Layout& layout) {
  PassNote note = {"gradients over activations", "", 0, 0};
  int32_t count = 0;
  for (const Buffer& buffer : plan.buffers) {
    if (buffer.kind != BufferKind::gradient || !lies_on_dead_activation(plan, layout, buffer)) continue;
    note.bytes_saved += buffer.bytes;
    ++count;
  }
  note.what = std::to_string(count) + " gradient tensors lie where activations have died";
  note.peak_bytes_saved = most_alive(plan, false) + most_alive(plan, true) - layout.lower_bound;
  return note;
}

}  // namespace thaw
