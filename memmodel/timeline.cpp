// Live bytes a step, and the text map.
#include "memmodel/timeline.h"

#include <algorithm>
#include <cstdio>

#include "sim/base/printable.h"

namespace thaw {
namespace {

constexpr size_t kNameCharacters = 48;

char letter_of(const Buffer& buffer) {
  const char* letters = "";
  switch (buffer.kind) {
    case BufferKind::activation:
      letters = "aA";
      break;
    case BufferKind::gradient:
      letters = "gG";
      break;
    case BufferKind::mask:
      letters = "mM";
      break;
    case BufferKind::saved_input:
      letters = "sS";
      break;
    case BufferKind::scratch:
      letters = "xX";
      break;
    case BufferKind::variable:
      letters = "vV";
      break;
    case BufferKind::state:
    case BufferKind::constant:
    case BufferKind::caller:
      return '?';
  }
  return letters[buffer.id.value % 2];
}

char phase_letter(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return 'F';
    case Phase::loss:
      return 'L';
    case Phase::backward:
      return 'B';
    case Phase::update:
      return 'U';
  }
  return '?';
}

/// True where two of the buffers share a byte; `alive` are those of one step.
bool share_bytes(const Buffer& a, const Buffer& b, const Layout& layout) {
  const int64_t a_offset = layout.offsets[a.id.index()].value_or(0);
  const int64_t b_offset = layout.offsets[b.id.index()].value_or(0);
  return a_offset < b_offset + b.bytes && b_offset < a_offset + a.bytes;
}

/// The buffer that has most of [from, to) wins the cell; a cell touched by any buffer is never free.
char cell(const Plan& plan, const Layout& layout, const std::vector<BufferId>& alive, int64_t from,
          int64_t to) {
  char letter = '.';
  int64_t most = 0;
  std::vector<const Buffer*> inside;
  for (BufferId id : alive) {
    const Buffer& buffer = plan.buffer(id);
    const int64_t offset = layout.offsets[id.index()].value_or(0);
    const int64_t share = std::min(to, offset + buffer.bytes) - std::max(from, offset);
    if (share <= 0) continue;
    for (const Buffer* other : inside)
      if (share_bytes(*other, buffer, layout)) return '!';
    inside.push_back(&buffer);
    if (share > most) {
      most = share;
      letter = letter_of(buffer);
    }
  }
  return letter;
}

std::string map_of(const Plan& plan, const Layout& layout, const TimelineStep& step, int32_t columns) {
  std::string map;
  for (int64_t column = 0; column < columns; ++column) {
    const int64_t from = layout.peak * column / columns;
    const int64_t to = std::max(from + 1, layout.peak * (column + 1) / columns);
    map += from < layout.peak ? cell(plan, layout, step.alive, from, to) : '.';
  }
  return map;
}

/// The steps of one stream are one row of the text.
size_t last_of_row(const Plan& plan, size_t first) {
  size_t last = first;
  const int32_t stream = plan.steps[first].stream;
  while (stream >= 0 && last + 1 < plan.steps.size() && plan.steps[last + 1].stream == stream) ++last;
  return last;
}

}  // namespace

std::vector<TimelineStep> timeline(const Plan& plan) {
  std::vector<TimelineStep> steps(plan.steps.size());
  int64_t most = 0;
  for (size_t s = 0; s < steps.size(); ++s) {
    TimelineStep& entry = steps[s];
    entry.step = static_cast<int32_t>(s);
    for (const Buffer& buffer : plan.buffers) {
      if (!in_arena(buffer.kind) || entry.step < buffer.first_step || entry.step > buffer.last_step) continue;
      entry.live_bytes += reserved_bytes(buffer);
      entry.alive.push_back(buffer.id);
    }
    most = std::max(most, entry.live_bytes);
  }
  for (TimelineStep& entry : steps) entry.at_peak = entry.live_bytes == most && most > 0;
  return steps;
}

std::string timeline_text(const Plan& plan, const Layout& layout, int32_t map_columns) {
  char line[64];
  std::snprintf(line, sizeof line, "%4s   %9s  ", "step", "bytes");
  std::string text = line;
  text.append("arena, ").append(std::to_string(layout.peak)).append(" bytes");
  text += "\n";
  const std::vector<TimelineStep> entries = timeline(plan);
  for (size_t first = 0; first < entries.size();) {
    const size_t last = last_of_row(plan, first);
    // Of a stream the step at which most is alive stands for all.
    const TimelineStep& entry = *std::max_element(
        entries.begin() + static_cast<ptrdiff_t>(first), entries.begin() + static_cast<ptrdiff_t>(last) + 1,
        [](const auto& a, const auto& b) { return a.live_bytes < b.live_bytes; });
    const Step& step = plan.steps[first];
    std::snprintf(line, sizeof line, "%4zu %c %9lld  ", first, phase_letter(step.phase),
                  static_cast<long long>(entry.live_bytes));
    text += line;
    text += map_of(plan, layout, entry, map_columns);
    text += entry.at_peak ? " *" : "  ";
    std::string name = step.name;
    if (last > first)
      name += " to " + plan.steps[last].name + " by rows, " + std::to_string(last - first + 1) + " steps";
    text.append(shortened(name, kNameCharacters)).append("\n");
    first = last + 1;
  }
  text +=
      "F forward, L loss, B backward, U update; * most bytes alive; a activation, g gradient, m mask, s "
      "saved "
      "input, x scratch, . free (capitals: every other buffer)\n";
  return text;
}

}  // namespace thaw
