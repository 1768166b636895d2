#include "sim/plan/latent_cut.h"

#include <algorithm>
#include <cassert>

namespace thaw {
namespace {

bool has_kind(const Plan& plan, const std::vector<BufferId>& buffers, BufferKind kind) {
  return std::ranges::any_of(buffers, [&](BufferId id) { return plan.buffer(id).kind == kind; });
}

/// Whether a step may change from one training step to the next, or makes something that only training needs.
bool belongs_to_training(const Plan& plan, const Step& step) {
  return step.phase != Phase::forward || has_kind(plan, step.reads, BufferKind::state) ||
         has_kind(plan, step.writes, BufferKind::mask) ||
         has_kind(plan, step.writes, BufferKind::saved_input);
}

/// The last place of a cut: steps before it are the same for a sample in every training step.
size_t last_place(const Plan& plan) {
  const auto step =
      std::ranges::find_if(plan.steps, [&](const Step& s) { return belongs_to_training(plan, s); });
  assert(step != plan.steps.end());
  return static_cast<size_t>(step - plan.steps.begin());
}

/// The first place: behind the steps that take rows of the caller.
size_t first_place(const Plan& plan) {
  size_t place = 0;
  for (size_t i = 0; i < plan.steps.size(); ++i)
    if (has_kind(plan, plan.steps[i].reads, BufferKind::caller)) place = i + 1;
  return place;
}

/// Bands of a stream keep rows in rings, whose places change as it runs.
bool splits_a_stream(const Plan& plan, size_t place) {
  return place > 0 && plan.steps[place].stream >= 0 &&
         plan.steps[place - 1].stream == plan.steps[place].stream;
}

bool crosses(const Plan& plan, const Buffer& buffer, size_t place) {
  const auto read_later = [&](const Step& step) { return std::ranges::count(step.reads, buffer.id) > 0; };
  if (buffer.kind == BufferKind::variable)
    return std::any_of(plan.steps.begin() + static_cast<ptrdiff_t>(place), plan.steps.end(), read_later);
  if (!in_arena(buffer.kind) || buffer.last_step < static_cast<int32_t>(place)) return false;
  return buffer.first_step < static_cast<int32_t>(place) || std::ranges::count(plan.inputs, buffer.id) > 0;
}

LatentCut cut_at(const Plan& plan, size_t place) {
  LatentCut cut;
  cut.step = place;
  for (const Buffer& buffer : plan.buffers) {
    if (!crosses(plan, buffer, place)) continue;
    cut.buffers.push_back(buffer.id);
    cut.bytes += buffer.bytes;
  }
  return cut;
}

}  // namespace

LatentCut latent_cut(const Plan& plan) {
  LatentCut best;
  bool found = false;
  for (size_t place = first_place(plan); place <= last_place(plan); ++place) {
    if (splits_a_stream(plan, place)) continue;
    LatentCut cut = cut_at(plan, place);
    if (found && cut.bytes > best.bytes) continue;
    best = std::move(cut);
    found = true;
  }
  assert(found);
  return best;
}

}  // namespace thaw
