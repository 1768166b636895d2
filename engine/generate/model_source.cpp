#include "engine/generate/model_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "engine/generate/c_text.h"
#include "engine/generate/kernel_call.h"
#include "engine/generate/model_id.h"
#include "memmodel/state_layout.h"
#include "sim/plan/state_limit.h"

namespace thaw {
namespace {

/// Functions of the generated code's frame; each is printed where some step needs it.
struct StaticFunction {
  const char* name;
  const char* text;
};

constexpr StaticFunction kStaticFunctions[] = {
    {"copy_bytes", R"c(static void copy_bytes(uint8_t* to, const uint8_t* from, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) to[i] = from[i];
}
)c"},
    {"gather_channels",
     R"c(// Keeps the trained channels of an activation for its weight gradient: [positions][count].
static void gather_channels(const int8_t* input, int32_t positions, int32_t input_channels, const uint16_t* channels,
                            int32_t count, int8_t* output) {
  for (int32_t p = 0; p < positions; ++p)
    for (int32_t j = 0; j < count; ++j) *output++ = input[p * input_channels + channels[j]];
}
)c"},
    {"make_gradient", R"c(// Makes one gradient tensor: the exponents of its sources are known only now.
static void make_gradient(const gradient_call* call) {
  thaw_gradient_source sources[THAW_GRADIENT_SOURCES] = {call->sources[0], call->sources[1]};
  for (int32_t j = 0; j < call->source_count; ++j)
    sources[j].exponent = call->source_tensor[j] < 0 ? RESULT->error_exponent - 12 + FEATURE_SHIFT
                                                     : EXPONENTS[call->source_tensor[j]];
  EXPONENTS[call->tensor] = thaw_gradient_tensor(&call->target, sources, call->source_count,
                                                 RESULT->error_exponent + 15, GRADIENT_STATES + call->tensor,
                                                 call->scratch);
}
)c"},
    {"begin_update", R"c(// The update of one layer with what only this step knows.
static thaw_update begin_update(const thaw_update* constant, int32_t tensor, const thaw_training_step* step) {
  thaw_update update = *constant;
  update.gradient_exponent = EXPONENTS[tensor];
  update.step = *step;
  return update;
}
)c"},
};

constexpr const char* kGradientCallType = R"c(// The constant part of thaw_gradient_tensor's arguments.
typedef struct gradient_call {
  thaw_gradient_target target;
  thaw_gradient_source sources[THAW_GRADIENT_SOURCES];  // without exponents
  int16_t source_tensor[THAW_GRADIENT_SOURCES];         // whose exponent; -1: the feature gradient's
  int16_t tensor;
  int16_t source_count;
  int32_t* scratch;
} gradient_call;

)c";

/// The functions that do not depend on the plan beyond the macros before them.
constexpr const char* kPublicFunctions = R"c(
void thaw_init(uint32_t seed) {
  start_values(seed);
  state.session.seed = seed;
  state.session.step = 0;
  begin_session();
}

int8_t* thaw_input(void) {
  return INPUT;
}

static void load_input(const int8_t* input) {
  int8_t* place = INPUT;
  if (input == place) return;
  for (uint32_t i = 0; i < THAW_INPUT_BYTES; ++i) place[i] = input[i];
}

int32_t thaw_infer(const int8_t* input) {
  if (state.session.ready != READY) return THAW_NOT_READY;
  if (!input) return THAW_BAD_ARGUMENT;
  load_input(input);
  forward();
  const int32_t* logits = LOGITS;
  int32_t best = 0;
  for (int32_t c = 1; c < THAW_CLASSES; ++c)
    if (logits[c] > logits[best]) best = c;
  return best;
}

const int32_t* thaw_logits(void) {
  return LOGITS;
}

// The rate of this step: the schedule's, or the one that was set.
static thaw_training_step this_step(void) {
  const session* s = &state.session;
  thaw_training_step step = {s->rate_mantissa, s->rate_exponent, s->seed, s->step};
  if (s->schedule_steps != 0) {
    const uint32_t passed = s->step - s->schedule_first;
    const uint32_t entry = passed < s->schedule_steps ? (uint32_t)((uint64_t)passed * 128 / s->schedule_steps) : 127;
    step.rate_mantissa = schedule_rates[entry].mantissa;
    step.rate_exponent = schedule_rates[entry].exponent;
  }
  return step;
}

thaw_status thaw_train_step(const int8_t* input, int32_t label) {
  if (state.session.ready != READY) return THAW_NOT_READY;
  if (!input || label < 0 || label >= THAW_CLASSES) return THAW_BAD_ARGUMENT;
  load_input(input);
  forward();
  const thaw_training_step step = this_step();
  learn(label, &step);
  ++state.session.step;
  return THAW_OK;
}

int64_t thaw_last_loss(void) {
  return RESULT->loss;
}

int32_t thaw_last_prediction(void) {
  return RESULT->prediction;
}

uint32_t thaw_step_number(void) {
  return state.session.step;
}

thaw_status thaw_set_learning_rate(int32_t mantissa, int32_t exponent) {
  if (mantissa != 0 && (mantissa < 16384 || mantissa > 32767)) return THAW_BAD_ARGUMENT;
  if (exponent < -64 || exponent > 15) return THAW_BAD_ARGUMENT;
  if (state.session.ready != READY) return THAW_NOT_READY;
  state.session.rate_mantissa = (int16_t)mantissa;
  state.session.rate_exponent = (int16_t)exponent;
  state.session.schedule_steps = 0;
  return THAW_OK;
}

thaw_status thaw_set_schedule(uint32_t first_step, uint32_t steps) {
  if (steps == 0) return THAW_BAD_ARGUMENT;
  if (state.session.ready != READY) return THAW_NOT_READY;
  state.session.schedule_first = first_step;
  state.session.schedule_steps = steps;
  return THAW_OK;
}

uint32_t thaw_state_crc(void) {
  return thaw_state_values_crc(&view);
}

thaw_status thaw_write_state(thaw_write_bytes write, void* context) {
  if (!write) return THAW_BAD_ARGUMENT;
  if (state.session.ready != READY) return THAW_NOT_READY;
  return thaw_record_write(&view, 0, write, context);
}

// What a load leaves: a model that is ready to go on, as it was, or, where storage failed half-way, not ready.
static thaw_status finish_load(thaw_status status, bool changed) {
  if (!changed) return status;
  state.session.ready = 0;
  if (status == THAW_OK) begin_session();
  return status;
}

thaw_status thaw_read_state(thaw_read_bytes read, void* context) {
  if (!read) return THAW_BAD_ARGUMENT;
  bool changed;
  const thaw_status status = thaw_record_read(&view, read, context, &changed);
  return finish_load(status, changed);
}

static bool write_memory(void* context, uint32_t offset, const void* bytes, uint32_t count) {
  uint8_t* to = (uint8_t*)context + offset;
  const uint8_t* from = (const uint8_t*)bytes;
  for (uint32_t i = 0; i < count; ++i) to[i] = from[i];
  return true;
}

static bool read_memory(void* context, uint32_t offset, void* bytes, uint32_t count) {
  const uint8_t* from = *(const uint8_t**)context + offset;
  uint8_t* to = (uint8_t*)bytes;
  for (uint32_t i = 0; i < count; ++i) to[i] = from[i];
  return true;
}

thaw_status thaw_get_state(void* record, uint32_t size) {
  if (!record) return THAW_BAD_ARGUMENT;
  if (size != THAW_STATE_BYTES) return THAW_WRONG_SIZE;
  return thaw_write_state(write_memory, record);
}

thaw_status thaw_set_state(const void* record, uint32_t size) {
  if (!record) return THAW_BAD_ARGUMENT;
  if (size != THAW_STATE_BYTES) return THAW_WRONG_SIZE;
  const uint8_t* bytes = (const uint8_t*)record;
  return thaw_read_state(read_memory, (void*)&bytes);
}

thaw_status thaw_save_state(const thaw_slots* slots) {
  if (!slots) return THAW_BAD_ARGUMENT;
  if (state.session.ready != READY) return THAW_NOT_READY;
  return thaw_slots_save(&view, slots);
}

thaw_status thaw_load_state(const thaw_slots* slots) {
  if (!slots) return THAW_BAD_ARGUMENT;
  bool changed;
  const thaw_status status = thaw_slots_load(&view, slots, &changed);
  return finish_load(status, changed);
}
)c";

/// The steps of some phases as one function body.
struct Bodies {
  std::string forward, loss, training;
  bool updates = false;  // some step needs the variable `update`
};

Bodies bodies_of(const Plan& plan, CallContext& context) {
  Bodies bodies;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    const std::string text =
        fmt::format("  // {}: {}, {}\n", i, comment_text(step.name), kernel_name(step.kernel)) +
        kernel_call(step, context) + fmt::format("  STEP_DONE({});\n", i);
    bodies.updates = bodies.updates || std::holds_alternative<UpdateWeights>(step.kernel) ||
                     std::holds_alternative<UpdateBiases>(step.kernel);
    if (step.phase == Phase::forward)
      bodies.forward += text;
    else if (step.phase == Phase::loss)
      bodies.loss += text;
    else
      bodies.training += text;
  }
  return bodies;
}

std::string includes(const std::set<std::string>& kernels) {
  // Kernels whose functions are declared in a header of another name.
  std::set<std::string> headers = {"training_step"};
  for (const std::string& kernel : kernels) headers.insert(kernel.starts_with("update_") ? "update" : kernel);
  std::string text;
  for (const std::string& header : headers) text += fmt::format("#include \"engine/kernels/{}.h\"\n", header);
  return text;
}

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

std::string state_structure(const Plan& plan, const StateLayout& layout, const CallContext& context) {
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
_Alignas({}) static uint8_t arena[THAW_ARENA_BYTES];
#define ARENA(type, offset) ((type*)(void*)(arena + (offset)))
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

const ClassifierForward* classifier_of(const Plan& plan) {
  for (const Step& step : plan.steps)
    if (const auto* k = std::get_if<ClassifierForward>(&step.kernel)) return k;
  return nullptr;
}

/// The function start_values: every trained value as Executor::initialise sets it.
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
  return "static void start_values(uint32_t seed) {\n" + body + "}\n";
}

std::string rates_table(const FirmwareRequest& request) {
  std::string entries;
  for (size_t i = 0; i < request.rates.size(); ++i)
    entries += fmt::format("{}{{{}, {}}},", i % 8 == 0 ? "\n    " : " ", request.rates[i].mantissa,
                           request.rates[i].exponent);
  return "// Learning rates of a schedule, mantissa * 2^(exponent - 15): warm-up, then cosine.\n"
         "static const struct {\n  int16_t mantissa, exponent;\n} schedule_rates[128] = {" +
         entries + "\n};\n";
}

/// Names for what the frame's functions need of the plan.
std::string plan_macros(const Plan& plan, CallContext& context) {
  int32_t shift = 0;
  for (const Step& step : plan.steps)
    if (const auto* k = std::get_if<FeatureGradient>(&step.kernel)) shift = k->shift;
  std::string text = fmt::format(
      "#define INPUT {}\n#define LOGITS {}\n#define RESULT {}\n", context.address(plan.inputs[0], "int8_t"),
      context.address(plan.logits, "int32_t"), context.address(plan.result, "thaw_step_result"));
  if (plan.gradient_states.present())
    text += fmt::format(
        "#define EXPONENTS {}  // of the gradient tensors in this step\n#define GRADIENT_STATES {}\n"
        "#define FEATURE_SHIFT {}\n",
        context.address(plan.gradient_exponents, "int32_t"),
        context.address(plan.gradient_states, "thaw_gradient_state"), shift);
  return text;
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

std::string constants_text(const Plan& plan, const CallContext& context) {
  std::string text =
      "// Constants of the model, in flash. Included by thaw_model.c alone; made by 'thaw generate'.\n"
      "#pragma once\n\n#include <stdint.h>\n\n";
  for (const Buffer& buffer : plan.buffers) {
    if (buffer.kind != BufferKind::constant) continue;
    const auto type = context.types().find(buffer.id);
    if (type == context.types().end()) continue;  // only its type would be missing: nobody reads it
    text += fmt::format("// {}\n", comment_text(buffer.name)) +
            constant_array(type->second, context.name(buffer.id), buffer.data);
  }
  return text;
}

/// First values have the type of what they start.
void type_first_values(const Plan& plan, CallContext& context) {
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == BufferKind::state && buffer.initial.present())
      context.address(buffer.initial, type_of(context, buffer.id));
}

constexpr const char* kMadeBy = "Made by 'thaw generate'; change the schedule, not this file.";

std::string source_text(const FirmwareRequest& request, CallContext& context) {
  const Plan& plan = request.plan;
  const Bodies bodies = bodies_of(plan, context);
  const std::string macros = plan_macros(plan, context);
  const std::string starts = start_values(plan, context);
  type_first_values(plan, context);
  std::string text = fmt::format(
      "// {} with what is trained of it: every step one kernel call with constant parameters.\n// {}\n"
      "#include \"thaw_model.h\"\n\n#include <stdbool.h>\n#include <stddef.h>\n\n{}"
      "#include \"thaw_constants.h\"\n\n",
      comment_text(plan.model_file), kMadeBy, includes(context.kernels()));
  text += state_structure(plan, state_layout(plan), context) + macros + "\n";
  if (context.static_functions().contains("make_gradient")) text += kGradientCallType;
  text += "// Parameters of the kernels, members in the order of their structures.\n";
  for (const std::string& definition : context.definitions()) text += definition;
  text += "\n" + rates_table(request) + state_view(plan, context) + begin_session(request);
  for (const StaticFunction& function : kStaticFunctions)
    if (context.static_functions().contains(function.name)) text += std::string("\n") + function.text;
  text += "\n" + starts;
  text +=
      "\n// A profile counts the instructions of every step.\n#ifdef THAW_PROFILE\nvoid "
      "thaw_step_done(int32_t step);\n"
      "#define STEP_DONE(step) thaw_step_done(step)\n#else\n#define STEP_DONE(step) ((void)0)\n#endif\n";
  text += "\nstatic void forward(void) {\n" + bodies.forward + "}\n";
  text +=
      "\n// Loss, gradients, updates. A sample whose errors are all 0 changes nothing.\n"
      "static void learn(int32_t label, const thaw_training_step* step) {\n" +
      bodies.loss;
  if (bodies.training.empty()) {
    text += "  (void)step;\n";
  } else {
    text += "  if (!loss.changes) return;\n";
    if (bodies.updates) text += "  thaw_update update;\n";
    text += bodies.training;
  }
  text += "}\n";
  return text + kPublicFunctions;
}

int64_t state_record_bytes(const Plan& plan) {
  constexpr int64_t kOverhead = 32;  // THAW_RECORD_OVERHEAD_BYTES
  int64_t bytes = kOverhead;
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == BufferKind::state && buffer.id != plan.result) bytes += buffer.bytes;
  return bytes;
}

std::string header_text(const FirmwareRequest& request, const MemoryTotals& sizes) {
  const Plan& plan = request.plan;
  return fmt::format(R"c(// {model}: inference and training. {made}
//
//   thaw_init(1);                                  // or thaw_load_state(&slots)
//   int32_t class = thaw_infer(image);             // int8 image, {height} x {width} x {channels}
//   thaw_train_step(image, label);                 // one step of training
//
// Not reentrant: one model, one caller. Nothing allocates, blocks or aborts.
#pragma once

#include <stdint.h>

#include "engine/runtime/state_record.h"
#include "engine/runtime/state_slots.h"
#include "engine/runtime/status.h"

#ifdef __cplusplus
extern "C" {{
#endif

// An image is int8 in NHWC order: real value = (value - zero point) * scale.
#define THAW_INPUT_HEIGHT {height}
#define THAW_INPUT_WIDTH {width}
#define THAW_INPUT_CHANNELS {channels}
#define THAW_INPUT_BYTES {input_bytes}
#define THAW_INPUT_ZERO_POINT ({zero_point})
#define THAW_INPUT_SCALE {scale:.9g}
#define THAW_CLASSES {classes}

// Sizes in bytes. RAM in all = arena + persistent + stack; the stack is what the board file reserves.
#define THAW_ARENA_BYTES {arena}
#define THAW_PERSISTENT_BYTES {persistent}
#define THAW_STACK_BYTES {stack}
#define THAW_RAM_BYTES {ram}
#define THAW_CONSTANT_BYTES {constants}
#define THAW_CODE_BYTES_ESTIMATED {code}
#define THAW_STATE_BYTES {state_bytes}  // of a state record

// What a state record belongs to: this model and what is trained of it.
#define THAW_MODEL_ID UINT32_C(0x{id:08X})

/// Sets all trained values to their start; a fresh classifier is drawn from `seed`. The learning rate is the
/// schedule file's.
void thaw_init(uint32_t seed);

/// Where the next image may be written in place (THAW_INPUT_BYTES), to save a copy: pass the same pointer to
/// thaw_infer or thaw_train_step. Its bytes last until one of them runs.
int8_t* thaw_input(void);

/// The class of an image, 0..THAW_CLASSES - 1, or a negative thaw_status.
int32_t thaw_infer(const int8_t* input);

/// One training step on an image and its class. Loss and prediction are then readable; both are those before
/// the update.
thaw_status thaw_train_step(const int8_t* input, int32_t label);

/// Loss of the last training step in nats times 65536, and the class predicted by it.
int64_t thaw_last_loss(void);
int32_t thaw_last_prediction(void);

/// The classes' scores [THAW_CLASSES] after thaw_infer, larger is likelier; readable until the next call.
const int32_t* thaw_logits(void);

/// Training steps done since thaw_init, over power cuts. Random rounding depends on it.
uint32_t thaw_step_number(void);

/// Learning rate = mantissa * 2^(exponent - 15): mantissa 0 or 16384..32767, exponent -64..15. Ends a schedule.
thaw_status thaw_set_learning_rate(int32_t mantissa, int32_t exponent);

/// From now on step t has entry floor(128 (t - first_step) / steps) of the schedule file's 128 rates (warm-up,
/// then cosine), the last one afterwards. Call it again, with the same numbers, after a load.
thaw_status thaw_set_schedule(uint32_t first_step, uint32_t steps);

/// CRC-32 of all trained values: equal on any two machines that did the same steps.
uint32_t thaw_state_crc(void);

/// The trained state as a record of THAW_STATE_BYTES, with version, THAW_MODEL_ID and CRC-32. A record that
/// does not fit or is damaged is refused, and nothing is changed. After a load the learning rate is the schedule
/// file's again.
thaw_status thaw_get_state(void* record, uint32_t size);
thaw_status thaw_set_state(const void* record, uint32_t size);

/// The same in pieces, through callbacks (engine/runtime/state_record.h).
thaw_status thaw_write_state(thaw_write_bytes write, void* context);
thaw_status thaw_read_state(thaw_read_bytes read, void* context);

/// The same in two flash slots that survive a power cut at any byte (engine/runtime/state_slots.h): a load
/// gives the last complete save or, where that was cut off, the one before it.
thaw_status thaw_save_state(const thaw_slots* slots);
thaw_status thaw_load_state(const thaw_slots* slots);

#ifdef __cplusplus
}}
#endif
)c",
                     fmt::arg("model", comment_text(plan.model_file)), fmt::arg("made", kMadeBy),
                     fmt::arg("height", request.input[1]), fmt::arg("width", request.input[2]),
                     fmt::arg("channels", request.input[3]),
                     fmt::arg("input_bytes", plan.buffer(plan.inputs[0]).bytes),
                     fmt::arg("zero_point", request.input_zero_point), fmt::arg("scale", request.input_scale),
                     fmt::arg("classes", plan.classes), fmt::arg("arena", sizes.arena),
                     fmt::arg("persistent", sizes.persistent), fmt::arg("stack", sizes.stack),
                     fmt::arg("ram", sizes.ram.required), fmt::arg("constants", sizes.constants),
                     fmt::arg("code", sizes.code), fmt::arg("state_bytes", state_record_bytes(plan)),
                     fmt::arg("id", model_id(plan)));
}

}  // namespace

ModelSource model_source(const FirmwareRequest& request, const MemoryTotals& sizes) {
  CallContext context(request.plan, request.layout);
  ModelSource result;
  result.source = source_text(request, context);
  result.header = header_text(request, sizes);
  result.constants = constants_text(request.plan, context);
  result.kernels = context.kernels();
  return result;
}

}  // namespace thaw
