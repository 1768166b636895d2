#include "engine/generate/model_source.h"

#include <fmt/format.h>

#include "engine/generate/c_text.h"
#include "engine/generate/kernel_call.h"
#include "engine/generate/model_functions.h"
#include "engine/generate/model_header.h"
#include "engine/generate/model_state.h"

namespace thaw {
namespace {

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

std::string rates_table(const FirmwareRequest& request) {
  std::string entries;
  for (size_t i = 0; i < request.rates.size(); ++i)
    entries += fmt::format("{}{{{}, {}}},", i % 8 == 0 ? "\n    " : " ", request.rates[i].mantissa,
                           request.rates[i].exponent);
  return "// Learning rates of a schedule, mantissa * 2^(exponent - 15): warm-up, then cosine.\n"
         "static const struct {\n  int16_t mantissa, exponent;\n} schedule_rates[128] = {" +
         entries + "\n};\n";
}

/// Names for what the functions of model_functions.h need of the plan.
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

std::string source_text(const FirmwareRequest& request, CallContext& context) {
  const Plan& plan = request.plan;
  const Bodies bodies = bodies_of(plan, context);
  const std::string macros = plan_macros(plan, context);
  const std::string starts = start_values(plan, context);
  std::string text = fmt::format(
      "// {} with what is trained of it: every step one kernel call with constant parameters.\n// {}\n"
      "#include \"thaw_model.h\"\n\n#include <stdbool.h>\n#include <stddef.h>\n\n{}"
      "#include \"thaw_constants.h\"\n\n",
      comment_text(plan.model_file), kMadeBy, includes(context.kernels()));
  text += state_structure(plan, context) + macros + "\n";
  if (context.static_functions().contains("make_gradient")) text += gradient_call_type();
  text += "// Parameters of the kernels, members in the order of their structures.\n";
  for (const std::string& definition : context.definitions()) text += definition;
  text += "\n" + rates_table(request) + state_view(plan, context) + begin_session(request);
  for (const StaticFunction& function : step_functions())
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
  return text + public_functions();
}

}  // namespace

ModelSource model_source(const FirmwareRequest& request, const MemoryTotals& sizes) {
  CallContext context(request.plan, request.layout);
  ModelSource result;
  result.source = source_text(request, context);
  result.header = model_header(request, sizes);
  result.constants = constants_text(request.plan, context);
  result.kernels = context.kernels();
  return result;
}

}  // namespace thaw
