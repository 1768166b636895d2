#include "engine/generate/model_header.h"

#include <fmt/format.h>

#include "engine/generate/c_text.h"
#include "engine/generate/model_id.h"
#include "memmodel/state_layout.h"
#include "sim/plan/training_plan.h"

namespace thaw {
namespace {

int64_t state_record_bytes(const Plan& plan) {
  constexpr int64_t kOverhead = 32;  // THAW_RECORD_OVERHEAD_BYTES
  int64_t bytes = kOverhead;
  for (BufferId id : saved_state(plan)) bytes += plan.buffer(id).bytes;
  return bytes;
}

void add_training_values(const Plan& plan, TemplateValues& values) {
  values["MODEL_ID"] = fmt::format("UINT32_C(0x{:08X})", model_id(plan));
  values["CLASSES"] = std::to_string(plan.classes);
  values["STATE_BYTES"] = std::to_string(state_record_bytes(plan));
}

void add_output_values(const FirmwareRequest& request, TemplateValues& values) {
  values["OUTPUT_BYTES"] = std::to_string(request.plan.buffer(request.plan.outputs[0]).bytes);
  values["OUTPUT_ZERO_POINT"] = std::to_string(request.output_zero_point);
  values["OUTPUT_SCALE"] = fmt::format("{:.9g}", request.output_scale);
}

}  // namespace

void add_header_values(const FirmwareRequest& request, const MemoryTotals& sizes, TemplateValues& values) {
  const Plan& plan = request.plan;
  values["MODEL_FILE"] = comment_text(plan.model_file);
  const bool trains = !infers_only(plan);
  values["MADE_BY"] =
      fmt::format("Made by 'thaw generate'; change the {}, not this file.", trains ? "schedule" : "model");
  values["HEIGHT"] = std::to_string(request.input[1]);
  values["WIDTH"] = std::to_string(request.input[2]);
  values["CHANNELS"] = std::to_string(request.input[3]);
  values["INPUT_BYTES"] = std::to_string(plan.buffer(plan.inputs[0]).bytes);
  values["INPUT_ZERO_POINT"] = std::to_string(request.input_zero_point);
  values["INPUT_SCALE"] = fmt::format("{:.9g}", request.input_scale);
  values["INPUT_IS_UINT8_IN_FILE"] = request.uint8_in_file ? "1" : "0";
  values["ARENA_BYTES"] = std::to_string(sizes.arena);
  values["ARENA_ALIGNMENT"] = std::to_string(kRegionAlignment);
  values["PERSISTENT_BYTES"] = std::to_string(sizes.persistent);
  values["STACK_BYTES"] = std::to_string(sizes.stack);
  values["RAM_BYTES"] = std::to_string(sizes.ram.required);
  values["CONSTANT_BYTES"] = std::to_string(sizes.constants);
  values["CODE_BYTES"] = std::to_string(sizes.code);
  if (trains)
    add_training_values(plan, values);
  else
    add_output_values(request, values);
}

}  // namespace thaw
