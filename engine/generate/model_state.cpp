#include "engine/generate/model_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <vector>

#include "engine/generate/c_text.h"
#include "engine/generate/initialisers.h"
#include "memmodel/state_layout.h"
#include "sim/plan/state_limit.h"

namespace thaw {
namespace {

/// State buffers in the order of the structure.
std::vector<BufferId> state_members(const Plan& plan, const StateLayout& layout) {
  std::vector<BufferId> members;
  for (const Buffer& buffer : plan.buffers)
    if (layout.offsets[buffer.id.index()]) members.push_back(buffer.id);
  // Empty buffers share an offset; they keep their ids' order.
  std::stable_sort(members.begin(), members.end(), [&](BufferId a, BufferId b) {
    return *layout.offsets[a.index()] < *layout.offsets[b.index()];
  });
  return members;
}

const std::string& type_of(const CallContext& context, BufferId id) {
  return context.types().at(id);
}

const ClassifierForward* classifier_of(const Plan& plan) {
  for (const Step& step : plan.steps)
    if (const auto* k = std::get_if<ClassifierForward>(&step.kernel)) return k;
  return nullptr;
}

/// First values have the type of what they start.
void type_first_values(const Plan& plan, CallContext& context) {
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == BufferKind::state && buffer.initial.present())
      context.address(buffer.initial, type_of(context, buffer.id));
}

/// The trained values in the order of a state record.
void add_state_pieces(const Plan& plan, const CallContext& context, TemplateValues& values) {
  std::string pieces = "\n";
  const std::vector<BufferId> saved = saved_state(plan);
  for (BufferId id : saved) {
    const Buffer& buffer = plan.buffer(id);
    const bool copied = buffer.initial_value == InitialValue::copy_of_constant;
    pieces += "    " +
              initialiser({{"place", "state." + context.name(id)},
                           {"initial", copied ? context.name(buffer.initial) : "NULL"},
                           {"bytes", std::to_string(buffer.bytes)},
                           {"limit", std::to_string(state_limit(plan, id))}}) +
              ",\n";
  }
  values["STATE_PIECES"] = pieces;
  values["STATE_PIECE_COUNT"] = std::to_string(saved.size());
}

}  // namespace

void add_state_values(const Plan& plan, const CallContext& context, TemplateValues& values) {
  const StateLayout layout = state_layout(plan);
  std::string& members = values["STATE_MEMBERS"];
  std::string& places = values["STATE_PLACES"];
  for (BufferId id : state_members(plan, layout)) {
    const std::string& type = type_of(context, id);
    const std::string name = context.name(id);
    const int64_t count = plan.buffer(id).bytes / c_type_bytes(type);
    assert(count * c_type_bytes(type) == plan.buffer(id).bytes);
    members += type == "thaw_step_result" ? fmt::format("  {} {};\n", type, name)
                                          : fmt::format("  {} {}[{}];\n", type, name, count);
    places += fmt::format("_Static_assert(offsetof(struct persistent, {}) == {}, \"{}\");\n", name,
                          *layout.offsets[id.index()], name);
  }
  values["SESSION_BYTES"] = std::to_string(kSessionBytes);
  add_state_pieces(plan, context, values);
}

void add_variables(const Plan& plan, CallContext& context, TemplateValues& values) {
  std::string list = "\n";
  int64_t bytes = 0;
  for (const Buffer& buffer : plan.buffers) {
    if (buffer.kind != BufferKind::variable) continue;
    const bool repeated = buffer.initial_value == InitialValue::repeated_constant;
    list += "    " +
            initialiser({{"place", context.address(buffer.id, "int8_t")},
                         {"start", context.address(buffer.initial, "int8_t")},
                         {"start_step", repeated ? "0" : "1"},
                         {"bytes", std::to_string(buffer.bytes)}}) +
            ",\n";
    bytes += buffer.bytes;
  }
  values["HAS_VARIABLES"] = bytes > 0 ? "1" : "0";
  values["VARIABLE_BYTES"] = std::to_string(bytes);
  values["VARIABLES"] = list;
}

void add_start_values(const Plan& plan, CallContext& context, TemplateValues& values) {
  values["GRADIENT_TENSORS"] = std::to_string(plan.gradient_tensors.size());
  const ClassifierForward* k = classifier_of(plan);
  const bool fresh = k != nullptr && k->start_bound != 0;
  values["DRAWS_CLASSIFIER"] = fresh ? "1" : "0";
  if (fresh)
    values["CLASSIFIER_START"] = fmt::format(
        "&{}, seed, {}, {}, {}", context.parameters("thaw_classifier", initialiser(k->classifier)),
        k->start_bound, context.address(k->weights, "int16_t"), context.address(k->biases, "int32_t"));
  type_first_values(plan, context);
}

}  // namespace thaw
