// One function a section of the file.
#include "memmodel/plan_json.h"

#include <string>
#include <utility>

#include "memmodel/gradient_places.h"
#include "memmodel/state_layout.h"
#include "memmodel/timeline.h"
#include "memmodel/totals.h"
#include "sim/base/printable.h"
#include "sim/plan/feed_rows.h"
#include "sim/plan/input_by.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

Json board_json(const Board& board) {
  return {{"name", printable(board.name)},    {"cpu", printable(board.cpu)},
          {"ram_bytes", board.ram_bytes},     {"flash_bytes", board.flash_bytes},
          {"stack_bytes", board.stack_bytes}, {"clock_hz", board.clock_hz}};
}

Json budget_json(const Budget& budget) {
  return {{"required_bytes", budget.required},
          {"available_bytes", budget.available},
          {"excess_bytes", budget.excess()},
          {"fits", budget.fits()}};
}

Json kinds_json(const MemoryTotals& sum) {
  Json kinds = Json::array();
  for (const KindTotal& kind : sum.kinds) {
    if (kind.kind == BufferKind::caller && kind.buffers == 0) continue;
    kinds.push_back({{"kind", buffer_kind_name(kind.kind)},
                     {"buffers", kind.buffers},
                     {"bytes", kind.bytes},
                     {"bytes_at_peak", kind.bytes_at_peak}});
  }
  return kinds;
}

Json kernels_json(const MemoryTotals& sum) {
  Json kernels = Json::array();
  for (const KernelTotal& kernel : sum.kernels)
    kernels.push_back({{"kernel", kernel.kernel}, {"calls", kernel.calls}, {"macs", kernel.macs}});
  return kernels;
}

Json code_json(const MemoryTotals& sum) {
  Json parts = Json::array();
  for (const CodePart& part : sum.code_parts)
    parts.push_back({{"part", part.name}, {"calls", part.calls}, {"bytes", part.bytes}});
  return parts;
}

/// null where no processor's costs fit the board.
Json instructions_json(const MemoryTotals& sum) {
  if (!sum.instructions) return nullptr;
  Json kernels = Json::array();
  for (const KernelInstructions& kernel : sum.instructions->kernels)
    kernels.push_back({{"kernel", kernel.kernel}, {"instructions", kernel.instructions}});
  return {{"per_inference", sum.instructions->inference},
          {"per_step", sum.instructions->step},
          {"fits", sum.work.fits()},
          {"kernels", std::move(kernels)}};
}

Json totals_json(const MemoryTotals& sum) {
  return {{"ram_bytes", sum.ram.required},
          {"arena_bytes", sum.arena},
          {"persistent_bytes", sum.persistent},
          {"stack_bytes", sum.stack},
          {"flash_bytes", sum.flash.required},
          {"constant_bytes", sum.constants},
          {"code_bytes_estimate", sum.code},
          {"macs_per_step", sum.macs_per_step()},
          {"instructions_estimate", instructions_json(sum)},
          {"macs_forward", sum.macs_forward},
          {"macs_input_gradient", sum.macs_input_gradient},
          {"macs_weight_gradient", sum.macs_weight_gradient},
          {"fits", sum.fits()},
          {"ram", budget_json(sum.ram)},
          {"flash", budget_json(sum.flash)},
          {"kinds", kinds_json(sum)},
          {"kernels", kernels_json(sum)},
          {"code_estimate", code_json(sum)}};
}

Json layout_json(const Layout& layout) {
  return {{"peak_bytes", layout.peak},
          {"lower_bound_bytes", layout.lower_bound},
          {"lower_bound_step", layout.peak_step},
          {"proven_optimal", layout.proven_optimal}};
}

Json paper_json(const PaperMetric* paper) {
  if (paper == nullptr) return nullptr;
  Json layers = Json::array();
  for (const PaperLayer& layer : paper->layers)
    layers.push_back({{"op", layer.op},
                      {"layer", printable(layer.name)},
                      {"weight_bits", layer.weight_bits},
                      {"momentum_bits", layer.momentum_bits},
                      {"activation_bits", layer.activation_bits}});
  return {{"total_kib", paper->total_kib()},           {"total_bits", paper->total_bits()},
          {"weight_bits", paper->weight_bits},         {"momentum_bits", paper->momentum_bits},
          {"activation_bits", paper->activation_bits}, {"layers", std::move(layers)}};
}

const char* region_of(BufferKind kind) {
  if (in_arena(kind)) return "arena";
  if (kind == BufferKind::state) return "persistent";
  return kind == BufferKind::caller ? "caller" : "flash";
}

/// `region` says from where `offset` counts; constants have none, the linker places them.
Json buffers_json(const Plan& plan, const Layout& layout) {
  const StateLayout state = state_layout(plan);
  Json buffers = Json::array();
  for (const Buffer& buffer : plan.buffers) {
    const bool is_state = buffer.kind == BufferKind::state;
    const auto& offset = (is_state ? state.offsets : layout.offsets)[buffer.id.index()];
    buffers.push_back({{"id", buffer.id.value},
                       {"name", printable(buffer.name)},
                       {"kind", buffer_kind_name(buffer.kind)},
                       {"region", region_of(buffer.kind)},
                       {"bytes", buffer.bytes},
                       {"alignment", buffer.alignment},
                       {"offset", offset ? Json(*offset) : Json(nullptr)},
                       {"first_step", buffer.first_step},
                       {"last_step", buffer.last_step}});
  }
  return buffers;
}

Json ids_json(const std::vector<BufferId>& ids) {
  Json list = Json::array();
  for (BufferId id : ids) list.push_back(id.value);
  return list;
}

Json steps_json(const Plan& plan) {
  Json steps = Json::array();
  for (const TimelineStep& entry : timeline(plan)) {
    const Step& step = plan.steps[static_cast<size_t>(entry.step)];
    steps.push_back({{"step", entry.step},
                     {"name", printable(step.name)},
                     {"phase", phase_name(step.phase)},
                     {"kernel", kernel_name(step.kernel)},
                     {"macs", step.macs},
                     {"live_bytes", entry.live_bytes},
                     {"at_peak", entry.at_peak},
                     {"reads", ids_json(step.reads)},
                     {"writes", ids_json(step.writes)}});
    if (step.stream >= 0) steps.back()["stream"] = step.stream;
  }
  return steps;
}

Json notes_json(const Plan& plan, const Layout& layout) {
  Json notes = Json::array();
  std::vector<PassNote> all = plan.notes;
  if (plan.trains) all.push_back(gradient_places(plan, layout));
  for (const PassNote& note : all)
    notes.push_back({{"pass", note.pass},
                     {"what", printable(note.what)},
                     {"bytes_saved", note.bytes_saved},
                     {"peak_bytes_saved", note.peak_bytes_saved}});
  return notes;
}

}  // namespace

Json plan_json(const DevicePlan& device, const Board& board, const PaperMetric* paper) {
  const Plan& plan = device.plan;
  Json json;
  json["schema_version"] = kPlanSchemaVersion;
  json["model"] = {{"file", printable(plan.model_file)}, {"sha256", plan.model_sha256}};
  json["trains"] = plan.trains;
  if (!plan.inputs.empty())
    json["input"] = {{"by", input_by_name(input_comes_by_rows(plan) ? InputBy::rows : InputBy::image)},
                     {"rows", plan.input_rows},
                     {"bytes", plan.buffer(plan.inputs[0]).bytes}};
  json["classes"] = plan.classes;
  json["board"] = board_json(board);
  json["totals"] = totals_json(device.totals);
  json["layout"] = layout_json(device.layout);
  json["paper_metric"] = paper_json(paper);
  json["notes"] = notes_json(plan, device.layout);
  json["buffers"] = buffers_json(plan, device.layout);
  json["steps"] = steps_json(plan);
  return json;
}

}  // namespace thaw
