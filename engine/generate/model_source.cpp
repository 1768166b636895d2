#include "engine/generate/model_source.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

#include "engine/generate/c_template.h"
#include "engine/generate/c_text.h"
#include "engine/generate/embedded_files.h"
#include "engine/generate/initialisers.h"
#include "engine/generate/input_rows.h"
#include "engine/generate/kernel_call.h"
#include "engine/generate/model_header.h"
#include "engine/generate/model_state.h"
#include "memmodel/state_layout.h"
#include "sim/plan/latent_cut.h"
#include "sim/plan/training_plan.h"

namespace thaw {
namespace {

/// The steps of some phases as one function body, from a first one on; those before `cut` (latent_cut.h) are
/// the prefix.
struct Bodies {
  std::string prefix, forward, loss, training;
  bool updates = false;  // some step needs the variable `update`
};

Bodies bodies_of(const Plan& plan, size_t first, size_t cut, CallContext& context) {
  Bodies bodies;
  for (size_t i = first; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    const std::string text = step_text(plan, i, context);
    bodies.updates = bodies.updates || std::holds_alternative<UpdateWeights>(step.kernel) ||
                     std::holds_alternative<UpdateBiases>(step.kernel);
    if (i < cut)
      bodies.prefix += text;
    else if (step.phase == Phase::forward)
      bodies.forward += text;
    else if (step.phase == Phase::loss)
      bodies.loss += text;
    else
      bodies.training += text;
  }
  return bodies;
}

std::string includes(const std::set<std::string>& kernels, bool trains) {
  // Kernels whose functions are declared in a header of another name.
  std::set<std::string> headers;
  if (trains) headers.insert("training_step");
  for (const std::string& kernel : kernels) headers.insert(kernel.starts_with("update_") ? "update" : kernel);
  std::string text;
  for (const std::string& header : headers) text += fmt::format("#include \"engine/kernels/{}.h\"\n", header);
  return text;
}

std::string rates_table(const FirmwareRequest& request) {
  std::string entries;
  for (size_t i = 0; i < request.rates.size(); ++i)
    entries += fmt::format("{}{{{}, {}}},", i % 8 == 0 ? "\n    " : " ", request.rates[i].mantissa,
                           request.rates[i].exponent);
  return entries + "\n";
}

/// Where the functions of the template find what lasts over a step.
void add_places(const Plan& plan, CallContext& context, TemplateValues& values) {
  values["LOGITS"] = context.address(plan.logits, "int32_t");
  values["OUTPUT"] = context.address(plan.output, "int8_t");
  values["RESULT"] = context.address(plan.result, "thaw_step_result");
  values["EXPONENTS"] = context.address(plan.gradient_exponents, "int32_t");
  values["GRADIENT_STATES"] = context.address(plan.gradient_states, "thaw_gradient_state");
  values["FEATURE_EXPONENT"] = std::to_string(plan.feature_exponent);
}

/// What makes probabilities of the logits, in fixed point for the loss and as a number for people.
void add_logits_scale(const Plan& plan, CallContext& context, TemplateValues& values) {
  for (const Step& step : plan.steps) {
    const auto* k = std::get_if<SoftmaxLoss>(&step.kernel);
    if (k == nullptr) continue;
    values["LOSS_SCALE"] = "&" + context.parameters("thaw_softmax_loss_scale", initialiser(k->scale));
    // The loss takes powers of two in Q16.
    const double nats = std::ldexp(k->scale.multiplier, k->scale.shift - 31 - 16) * std::log(2.0);
    values["LOGITS_SCALE"] = fmt::format("{:.9g}", nats);
  }
}

std::string constants(const Plan& plan, const CallContext& context) {
  std::string text;
  for (const Buffer& buffer : plan.buffers) {
    if (buffer.kind != BufferKind::constant) continue;
    const auto type = context.types().find(buffer.id);
    if (type == context.types().end()) continue;  // only its type would be missing: nobody reads it
    text += fmt::format("// {}\n", comment_text(buffer.name)) +
            constant_array(type->second, context.name(buffer.id), buffer.data);
  }
  return text;
}

/// What a latent is made of; returns the step that the cut is before.
size_t add_latent_values(const Plan& plan, CallContext& context, TemplateValues& values) {
  const LatentCut cut = latent_cut(plan);
  std::string& pieces = values["LATENT_PIECES"];
  pieces = "\n";
  for (BufferId id : cut.buffers)
    pieces += fmt::format("    {{{}, {}}},\n", context.address(id, "int8_t"), plan.buffer(id).bytes);
  values["LATENT_BYTES"] = std::to_string(cut.bytes);
  return cut.step;
}

/// The steps as function bodies, and what they need around them.
void add_step_values(const Plan& plan, const Layout& layout, CallContext& context, TemplateValues& values) {
  const size_t first = add_input_values(plan, layout, context, values);
  const size_t cut = infers_only(plan) ? first : add_latent_values(plan, context, values);
  assert(cut >= first);
  const Bodies bodies = bodies_of(plan, first, cut, context);
  values["PREFIX_STEPS"] = bodies.prefix;
  values["FORWARD_STEPS"] = bodies.forward;
  values["LOSS_STEPS"] = bodies.loss;
  values["TRAINING_STEPS"] = bodies.training;
  values["TRAINS"] = bodies.training.empty() ? "0" : "1";
  values["UPDATES_LAYERS"] = bodies.updates ? "1" : "0";
  values["MAKES_GRADIENTS"] = plan.gradient_states.present() ? "1" : "0";
}

/// What learning adds to the values.
void add_learning_values(const FirmwareRequest& request, CallContext& context, TemplateValues& values) {
  const Plan& plan = request.plan;
  add_places(plan, context, values);
  add_logits_scale(plan, context, values);
  add_start_values(plan, context, values);
  add_state_values(plan, context, values);
  values["RATES"] = rates_table(request);
  values["RATE_MANTISSA"] = std::to_string(request.rate.mantissa);
  values["RATE_EXPONENT"] = std::to_string(request.rate.exponent);
}

/// The values of all three templates. Order matters: buffers get their types from the steps that use them.
TemplateValues template_values(const FirmwareRequest& request, const MemoryTotals& sizes,
                               CallContext& context) {
  const Plan& plan = request.plan;
  TemplateValues values;
  add_header_values(request, sizes, values);
  add_step_values(plan, request.layout, context, values);
  if (infers_only(plan)) {
    values["SESSION_BYTES"] = std::to_string(kInferenceSessionBytes);
    values["OUTPUT"] = context.address(plan.outputs[0], "int8_t");
  } else {
    add_learning_values(request, context, values);
  }
  add_variables(plan, context, values);
  values["KERNEL_HEADERS"] = includes(context.kernels(), !infers_only(plan));
  std::string& parameters = values["PARAMETERS"];
  for (const std::string& definition : context.definitions()) parameters += definition;
  values["CONSTANTS"] = constants(plan, context);
  return values;
}

/// A template with the pieces of engine/model that it includes in the places of the includes.
std::string with_pieces(std::string text) {
  constexpr std::string_view kInclude = "#include \"engine/model/", kOnce = "#pragma once\n\n";
  for (size_t at = text.find(kInclude); at != std::string::npos; at = text.find(kInclude, at)) {
    const size_t path = at + kInclude.find('"') + 1;
    const std::string name = text.substr(path, text.find('"', path) - path);
    const std::string_view piece = find_embedded_file(name)->text;
    text.replace(at, text.find('\n', at) + 1 - at, piece.substr(piece.find(kOnce) + kOnce.size()));
  }
  return text;
}

std::string filled(const std::string& path, const TemplateValues& values) {
  return fill_template(with_pieces(std::string(find_embedded_file("engine/model/" + path)->text)), values);
}

}  // namespace

ModelSource model_source(const FirmwareRequest& request, const MemoryTotals& sizes) {
  CallContext context(request.plan, request.layout);
  const TemplateValues values = template_values(request, sizes, context);
  const std::string frame = infers_only(request.plan) ? "inference/" : "";
  return {filled(frame + "thaw_model.h", values), filled(frame + "thaw_model.c", values),
          filled("thaw_constants.h", values), context.kernels()};
}

}  // namespace thaw
