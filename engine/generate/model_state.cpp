#include "engine/generate/model_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "engine/generate/c_text.h"
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

}  // namespace

std::string state_structure(const Plan& plan, const CallContext& context) {
  const StateLayout layout = state_layout(plan);
  std::string members;
  std::string checks;
  for (BufferId id : state_members(plan, layout)) {
    const std::string& type = type_of(context, id);
    const std::string name = context.name(id);
    const int64_t count = plan.buffer(id).bytes / c_type_bytes(type);
    assert(count * c_type_bytes(type) == plan.buffer(id).bytes);
    members += type == "thaw_step_result" ? fmt::format("  {} {};\n", type, name)
                                          : fmt::format("  {} {}[{}];\n", type, name, count);
    checks += fmt::format("_Static_assert(offsetof(struct persistent, {}) == {}, \"{}\");\n", name,
                          *layout.offsets[id.index()], name);
  }
  return fmt::format(R"c(// What the engine keeps between steps.
typedef struct session {{
  uint32_t seed, step;
  uint32_t schedule_first, schedule_steps;  // 0 steps: the rate below
  int16_t rate_mantissa, rate_exponent;
  uint32_t ready;
}} session;

typedef struct thaw_step_result {{
  int64_t loss;  // nats in Q16
  int32_t prediction;
  int32_t error_exponent;
}} thaw_step_result;

// All persistent RAM: the trained values and the session.
static struct persistent {{
  session session;
{}}} state;

// The memory model's sizes and places are these.
_Static_assert(sizeof(session) == {}, "session");
_Static_assert(sizeof state == THAW_PERSISTENT_BYTES, "persistent RAM");
{}
// All other RAM: activations, gradients, scratch. Each buffer has its place for the steps it lives.
#ifdef THAW_ARENA_OF_CALLER
extern uint8_t thaw_arena[THAW_ARENA_BYTES];
#else
#ifndef THAW_ARENA_PLACE
#define THAW_ARENA_PLACE
#endif
THAW_ARENA_PLACE _Alignas({}) static uint8_t thaw_arena[THAW_ARENA_BYTES];
#endif
#define ARENA(type, offset) ((type*)(void*)(thaw_arena + (offset)))
)c",
                     members, kSessionBytes, checks, kRegionAlignment);
}

std::string state_view(const Plan& plan, const CallContext& context) {
  std::string pieces;
  int64_t count = 0;
  for (const Buffer& buffer : plan.buffers) {
    if (buffer.kind != BufferKind::state || buffer.id == plan.result) continue;
    const bool copied = buffer.initial_value == InitialValue::copy_of_constant;
    pieces += fmt::format("    {{state.{}, {}, {}, {}}},\n", context.name(buffer.id),
                          copied ? context.name(buffer.initial) : "NULL", buffer.bytes,
                          state_limit(plan, buffer.id));
    ++count;
  }
  return fmt::format(R"c(
// The trained values in the order of a state record, where they start from, and how large they may be.
static const thaw_state_piece pieces[] = {{
{}}};

static const thaw_state_view view = {{
    pieces, {}, THAW_STATE_BYTES - THAW_RECORD_OVERHEAD_BYTES, THAW_MODEL_ID, &state.session.seed, &state.session.step}};
)c",
                     pieces, count);
}

std::string begin_session(const FirmwareRequest& request) {
  return fmt::format(R"c(
enum {{ READY = 0x5448 }};

// A rate and no schedule, until the application asks for others.
static void begin_session(void) {{
  state.session.schedule_first = 0;
  state.session.schedule_steps = 0;
  state.session.rate_mantissa = {};
  state.session.rate_exponent = {};
  state.session.ready = READY;
}}
)c",
                     request.rate.mantissa, request.rate.exponent);
}

std::string start_values(const Plan& plan, CallContext& context) {
  std::string body = "  thaw_state_start(&view);\n";
  if (plan.gradient_states.present())
    body += fmt::format(
        "  for (int32_t i = 0; i < {}; ++i)\n"
        "    GRADIENT_STATES[i] = (thaw_gradient_state){{THAW_GRADIENT_START_EXPONENT, 0}};\n",
        plan.gradient_tensors.size());
  const ClassifierForward* k = classifier_of(plan);
  const bool fresh = k != nullptr && plan.buffer(k->weights).initial_value == InitialValue::fresh_classifier;
  if (fresh) {
    const auto bound = std::llround(4096.0 / std::sqrt(static_cast<double>(k->features)));
    const std::string parameters = context.parameters(
        "thaw_classifier", fmt::format("{{{}, {}, {}}}", k->classes, k->features, k->feature_zero_point));
    body += fmt::format("  thaw_classifier_start(&{}, seed, {}, {}, {});\n", parameters, bound,
                        context.address(k->weights, "int16_t"), context.address(k->biases, "int32_t"));
  } else {
    body += "  (void)seed;\n";
  }
  body += "  *RESULT = (thaw_step_result){0, 0, 0};\n";
  type_first_values(plan, context);
  return "static void start_values(uint32_t seed) {\n" + body + "}\n";
}

}  // namespace thaw
