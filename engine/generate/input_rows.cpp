#include "engine/generate/input_rows.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "engine/generate/c_text.h"
#include "sim/plan/feed_rows.h"

namespace thaw {
namespace {

/// The kernel of a step that takes rows of the caller; of others nullptr.
const CopyForward* feed_of(const Plan& plan, const Step& step) {
  const auto* k = std::get_if<CopyForward>(&step.kernel);
  return k != nullptr && plan.buffer(k->input).kind == BufferKind::caller ? k : nullptr;
}

int64_t row_bytes(const Plan& plan) {
  return plan.buffer(plan.inputs[0]).bytes / plan.input_rows;
}

/// By row: its offset in the arena, -1 for rows that no step takes.
std::string row_places(const Plan& plan, const Layout& layout) {
  std::vector<int64_t> places(static_cast<size_t>(plan.input_rows), -1);
  for (const Step& step : plan.steps) {
    const CopyForward* k = feed_of(plan, step);
    for (int64_t at = 0; k != nullptr && at < k->bytes; at += row_bytes(plan))
      places[static_cast<size_t>((k->input_offset + at) / row_bytes(plan))] =
          *layout.offsets[k->output.index()] + k->output_offset + at;
  }
  std::string text;
  for (size_t i = 0; i < places.size(); ++i)
    text += fmt::format("{}{},", i % 16 == 0 ? "\n    " : " ", places[i]);
  return text + "\n";
}

}  // namespace

std::string step_text(const Plan& plan, size_t number, CallContext& context) {
  const Step& step = plan.steps[number];
  return fmt::format("  // {}: {}, {}\n", number, comment_text(step.name), kernel_name(step.kernel)) +
         (feed_of(plan, step) != nullptr ? "" : kernel_call(step, context)) +
         fmt::format("  STEP_DONE({});\n", number);
}

size_t add_input_values(const Plan& plan, const Layout& layout, CallContext& context,
                        TemplateValues& values) {
  const bool by_rows = input_comes_by_rows(plan);
  values["INPUT_ROWS"] = std::to_string(plan.input_rows);
  values["INPUT_ROW_BYTES"] = std::to_string(row_bytes(plan));
  values["BY_ROWS"] = by_rows ? "1" : "0";
  if (!by_rows) {
    values["INPUT"] = context.address(plan.inputs[0], "int8_t");
    return 0;
  }
  values["ROW_PLACES"] = row_places(plan, layout);
  std::string& cases = values["ROW_CASES"];
  size_t next = 0;
  while (next < plan.steps.size()) {
    const CopyForward* feed = feed_of(plan, plan.steps[next]);
    if (feed == nullptr) break;
    cases += fmt::format("    case {}:\n", (feed->input_offset + feed->bytes) / row_bytes(plan) - 1);
    const int32_t stream = plan.steps[next].stream;
    do {
      cases += step_text(plan, next++, context);
    } while (next < plan.steps.size() && plan.steps[next].stream == stream &&
             feed_of(plan, plan.steps[next]) == nullptr);
    cases += "      break;\n";
  }
  return next;
}

}  // namespace thaw
