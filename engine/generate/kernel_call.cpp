// It is longer than 400 lines because it is a table: an overload a kernel.
#include "engine/generate/kernel_call.h"

#include <fmt/format.h>

#include <cassert>

#include "engine/generate/c_text.h"
#include "engine/generate/initialisers.h"

namespace thaw {
namespace {

/// Writes the call of one kernel; one overload a kernel, so that a new one fails to compile until it is here.
struct CallWriter {
  CallContext& context;

  std::string at(BufferId id, const char* type, int64_t offset = 0) const {
    return context.address(id, type, offset);
  }
  const Plan& plan() const { return context.plan(); }
  bool is_16(int32_t tensor) const { return plan().gradient_tensors[static_cast<size_t>(tensor)].bits > 7; }
  /// The kernel named and its source.
  const char* kernel(const char* source, const char* function) const {
    context.use_kernel(source);
    return function;
  }

  /// "&conv2d_3".
  std::string convolution(bool depthwise, int32_t multiplier, const std::string& conv2d) const {
    if (!depthwise) return "&" + context.parameters("thaw_conv2d", conv2d);
    return "&" + context.parameters("thaw_depthwise", fmt::format("{{{}, {}}}", conv2d, multiplier));
  }

  /// A forward step with this geometry: gradients and updates take its structure instead of one of their own,
  /// for they read nothing of it but the geometry and the input zero point.
  const ConvolutionForward* forward_of(const Window& window, bool depthwise, int32_t multiplier,
                                       std::optional<int32_t> input_zero_point) const {
    for (const Step& step : plan().steps)
      if (const auto* k = std::get_if<ConvolutionForward>(&step.kernel))
        if (k->window == window && k->depthwise == depthwise && k->depth_multiplier == multiplier &&
            (!input_zero_point || *input_zero_point == k->input_zero_point))
          return k;
    return nullptr;
  }
  std::string convolution_like(const Window& window, bool depthwise, int32_t multiplier,
                               std::optional<int32_t> input_zero_point) const {
    const ConvolutionForward* k = forward_of(window, depthwise, multiplier, input_zero_point);
    const std::string text =
        k != nullptr ? conv2d_initialiser(window, k->input_zero_point, k->output_zero_point, k->clamp)
                     : conv2d_initialiser(window, input_zero_point.value_or(0), 0, {});
    return convolution(depthwise, multiplier, text);
  }

  std::string trained(BufferId list, size_t count, BufferId weights) const {
    if (!weights.present()) return "NULL";
    return "&" + context.parameters(
                     "thaw_trained_channels",
                     fmt::format("{{{}, {}, {}}}", at(list, "uint16_t"), count, at(weights, "int8_t")));
  }

  std::string scale(const ChannelScale& s) const {
    return fmt::format("{{{}, {}, {}}}", at(s.mantissas, "int32_t"), s.count, s.exponent);
  }

  std::string gradient_values(BufferId gradient, int32_t tensor) const {
    return fmt::format("{{{}, {}}}", at(gradient, is_16(tensor) ? "int16_t" : "int8_t"),
                       is_16(tensor) ? "true" : "false");
  }

  std::string classifier(int32_t classes, int32_t features, int32_t zero_point) const {
    return "&" + context.parameters("thaw_classifier",
                                    fmt::format("{{{}, {}, {}}}", classes, features, zero_point));
  }

  /// A kernel whose arguments are its parameters, an input, an output and what `more` says.
  std::string simple(const char* source, const char* type, const std::string& initialiser, BufferId input,
                     BufferId output, const char* input_type = "int8_t", const char* output_type = "int8_t",
                     const std::string& more = "") const {
    context.use_kernel(source);
    return fmt::format("  thaw_{}_s8(&{}, {}, {}{});\n", source, context.parameters(type, initialiser),
                       at(input, input_type), at(output, output_type), more);
  }

  std::string operator()(const ConvolutionForward& k) const {
    const std::string conv2d = conv2d_initialiser(k.window, k.input_zero_point, k.output_zero_point, k.clamp);
    const char* function = k.depthwise ? kernel("depthwise_conv2d", "thaw_depthwise_conv2d_s8")
                                       : kernel("conv2d", "thaw_conv2d_s8");
    return fmt::format("  {}({}, {}, {}, {}, {}, {}, {}, {}, {}, {});\n", function,
                       convolution(k.depthwise, k.depth_multiplier, conv2d),
                       at(k.input, "int8_t", k.input_offset), at(k.weights, "int8_t"),
                       trained(k.trained_channel_list, k.trained_channels.size(), k.trained_weights),
                       at(k.bias, "int32_t"), at(k.multipliers, "int32_t"), at(k.shifts, "int8_t"),
                       at(k.output, "int8_t", k.output_offset), at(k.mask, "uint8_t"),
                       at(k.scratch, "int32_t"));
  }

  std::string operator()(const AddForward& k) const {
    const std::string parameters = context.parameters(
        "thaw_add", fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}}", k.elements,
                                k.first_zero_point, k.first.multiplier, k.first.shift, k.second_zero_point,
                                k.second.multiplier, k.second.shift, k.output_zero_point, k.sum.multiplier,
                                k.sum.shift, k.clamp.lowest, k.clamp.highest));
    return fmt::format("  {}(&{}, {}, {}, {}, {});\n", kernel("add", "thaw_add_s8"), parameters,
                       at(k.first_input, "int8_t", k.first_offset),
                       at(k.second_input, "int8_t", k.second_offset), at(k.output, "int8_t", k.output_offset),
                       at(k.mask, "uint8_t"));
  }

  std::string operator()(const PoolForward& k) const {
    std::string more = ", " + at(k.mask, "uint8_t");
    if (k.maximum) more += ", " + at(k.winners, "void");
    return simple(k.maximum ? "max_pool2d" : "average_pool2d", "thaw_pool2d", pool2d_initialiser(k.pool),
                  k.input, k.output, "int8_t", "int8_t", more);
  }

  std::string operator()(const MeanForward& k) const {
    uint32_t axes = 0;
    for (uint32_t i = 0; i < 4; ++i)
      if (k.reduce[i]) axes |= 1U << i;
    const std::string parameters =
        fmt::format("{{{}, {}, {}, {}, {}, {}}}", list(k.dimensions), axes, k.scale.multiplier, k.scale.shift,
                    k.input_zero_point * k.count, k.output_zero_point);
    return simple("mean", "thaw_mean", parameters, k.input, k.output, "int8_t", "int8_t",
                  ", " + at(k.mask, "uint8_t"));
  }

  std::string operator()(const PadForward& k) const {
    const std::string parameters =
        fmt::format("{{{}, {}, {}, {}}}", list(k.dimensions), list(k.before), list(k.after), k.value);
    return simple("pad", "thaw_pad", parameters, k.input, k.output);
  }

  std::string operator()(const TransposeForward& k) const {
    const std::string parameters = fmt::format("{{{}, {}}}", list(k.dimensions), list(k.permutation));
    return simple("transpose", "thaw_transpose", parameters, k.input, k.output);
  }

  std::string operator()(const CopyForward& k) const {
    context.use_static_function("copy_bytes");
    return fmt::format("  copy_bytes({}, {}, {});\n", at(k.output, "uint8_t", k.output_offset),
                       at(k.input, "uint8_t", k.input_offset), k.bytes);
  }

  std::string operator()(const SoftmaxForward& k) const {
    const std::string parameters = fmt::format("{{{}, {}, {}, {}, {}}}", k.rows, k.columns,
                                               k.scale.multiplier, k.scale.shift, k.difference_minimum);
    return simple("softmax", "thaw_softmax", parameters, k.input, k.output);
  }

  std::string operator()(const RequantizeForward& k) const {
    const std::string parameters = fmt::format("{{{}, {}, {}, {}, {}}}", k.elements, k.input_zero_point,
                                               k.output_zero_point, k.scale.multiplier, k.scale.shift);
    return simple("requantize", "thaw_requantize", parameters, k.input, k.output);
  }

  std::string operator()(const QuantizeForward& k) const {
    const std::string parameters =
        fmt::format("{{{}, {}, {}}}", k.elements, float_text(k.scale), k.zero_point);
    return simple("quantize", "thaw_quantize", parameters, k.input, k.output, "float");
  }

  std::string operator()(const DequantizeForward& k) const {
    const std::string parameters =
        fmt::format("{{{}, {}, {}}}", k.elements, float_text(k.scale), k.zero_point);
    return simple("dequantize", "thaw_dequantize", parameters, k.input, k.output, "int8_t", "float");
  }

  std::string operator()(const BinaryForward& k) const {
    return fmt::format("  {}(&{}, {}, {}, {}, {});\n", kernel("binary", "thaw_binary_s8"),
                       context.parameters("thaw_binary", binary_initialiser(k.binary)),
                       at(k.first_input, "int8_t"), at(k.second_input, "int8_t"), at(k.output, "int8_t"),
                       at(k.mask, "uint8_t"));
  }

  std::string operator()(const TableForward& k) const {
    return fmt::format("  {}({}, {}, {}, {});\n", kernel("table", "thaw_table_s8"), k.elements,
                       at(k.table, "int8_t"), at(k.input, "int8_t"), at(k.output, "int8_t"));
  }

  std::string operator()(const ViewForward& k) const {
    std::string text;
    for (const ViewForward::Part& part : k.parts)
      text += fmt::format("  {}(&{}, {}, {});\n", kernel("view", "thaw_view_s8"),
                          context.parameters("thaw_view", view_initialiser(part.view)),
                          at(part.input, "int8_t"), at(k.output, "int8_t"));
    return text;
  }

  std::string operator()(const ResizeForward& k) const {
    return fmt::format("  {}(&{}, {}, {}, {}, {});\n",
                       kernel("resize", k.bilinear ? "thaw_resize_bilinear_s8" : "thaw_resize_nearest_s8"),
                       context.parameters("thaw_resize", resize_initialiser(k.resize)), at(k.rows, "int32_t"),
                       at(k.columns, "int32_t"), at(k.input, "int8_t"), at(k.output, "int8_t"));
  }

  std::string operator()(const LstmForward& k) const {
    return fmt::format("  {}(&{}, {}, {}, {}, {}, {}, {});\n", kernel("lstm", "thaw_lstm_s8"),
                       context.parameters("thaw_lstm", lstm_initialiser(k.lstm)), at(k.input, "int8_t"),
                       at(k.weights, "int8_t"), at(k.biases, "int32_t"), at(k.sigmoid, "uint16_t"),
                       at(k.output, "int8_t"), at(k.scratch, "int16_t"));
  }

  std::string operator()(const GatherChannels& k) const {
    context.use_static_function("gather_channels");
    return fmt::format("  gather_channels({}, {}, {}, {}, {}, {});\n", at(k.input, "int8_t"), k.positions,
                       k.input_channels, at(k.channel_list, "uint16_t"), k.channels.size(),
                       at(k.output, "int8_t"));
  }

  std::string operator()(const ClassifierForward& k) const {
    return fmt::format("  {}({}, {}, {}, {}, {});\n", kernel("classifier", "thaw_classifier_s16"),
                       classifier(k.classes, k.features, k.feature_zero_point), at(k.input, "int8_t"),
                       at(k.weights, "int16_t"), at(k.biases, "int32_t"), at(k.logits, "int32_t"));
  }

  std::string operator()(const SoftmaxLoss& k) const {
    const std::string parameters =
        context.parameters("thaw_softmax_loss_scale",
                           fmt::format("{{{}, {}, {}}}", k.classes, k.scale.multiplier, k.scale.shift));
    const std::string result = fmt::format("*{}", at(k.result, "thaw_step_result"));
    return fmt::format(
        "  const thaw_loss loss = {}(&{}, {}, label, {});\n"
        "  {} = (thaw_step_result){{loss.loss, loss.prediction, loss.error_exponent}};\n",
        kernel("softmax_loss", "thaw_softmax_loss"), parameters, at(k.logits, "int32_t"),
        at(k.error, "int32_t"), result);
  }

  std::string error_exponent() const { return at(plan().result, "thaw_step_result") + "->error_exponent"; }

  std::string operator()(const FeatureGradient& k) const {
    std::string text = fmt::format("  {}({}, {}, {}, {}, {});\n",
                                   kernel("classifier_backward", "thaw_classifier_feature_gradient"),
                                   classifier(k.classes, k.features, 0), at(k.error, "int32_t"),
                                   error_exponent(), at(k.weights, "int16_t"), at(k.output, "int32_t"));
    if (k.clamped.present())
      text += fmt::format("  {}({}, {}, {}, {}, {});\n",
                          kernel("classifier_backward", "thaw_classifier_drop_clamped"),
                          classifier(k.classes, k.features, 0), at(k.clamped, "int8_t"), k.unclamped.lowest,
                          k.unclamped.highest, at(k.output, "int32_t"));
    return text;
  }

  // The function of a gradient rule, and the name of its parameters.
  std::pair<std::string, std::string> operator()(const MaxPoolRule& rule) const {
    return {
        kernel("max_pool2d_gradient", "thaw_max_pool2d_gradient"),
        context.parameters("thaw_max_pool2d_source", fmt::format("{{{}, {}}}", pool2d_initialiser(rule.pool),
                                                                 at(rule.winners, "void")))};
  }
  std::pair<std::string, std::string> operator()(const AveragePoolRule& rule) const {
    return {kernel("average_pool2d_gradient", "thaw_average_pool2d_gradient"),
            context.parameters("thaw_pool2d", pool2d_initialiser(rule.pool))};
  }
  std::pair<std::string, std::string> operator()(const ViewRule& rule) const {
    return {kernel("view_gradient", "thaw_view_gradient"),
            context.parameters("thaw_view", view_initialiser(rule.view))};
  }
  std::pair<std::string, std::string> operator()(const BinaryRule& rule) const {
    return {kernel("binary_gradient", "thaw_binary_gradient"),
            context.parameters("thaw_binary_source",
                               fmt::format("{{{}, {}, {}, {}}}", binary_initialiser(rule.binary),
                                           rule.of_second ? "true" : "false", at(rule.first_values, "int8_t"),
                                           at(rule.second_values, "int8_t")))};
  }
  std::pair<std::string, std::string> operator()(const TableRule& rule) const {
    return {kernel("table_gradient", "thaw_table_gradient"),
            context.parameters("thaw_table_source", fmt::format("{{{}, {}}}", at(rule.slopes, "int16_t"),
                                                                at(rule.input, "int8_t")))};
  }
  std::pair<std::string, std::string> operator()(const ResizeRule& rule) const {
    return {kernel("resize_gradient", "thaw_resize_nearest_gradient"),
            context.parameters("thaw_resize_source",
                               fmt::format("{{{}, {}, {}}}", resize_initialiser(rule.resize),
                                           at(rule.rows, "int32_t"), at(rule.columns, "int32_t")))};
  }

  std::string row_source(const FromOperator& from, const GradientSource& s) const {
    const auto [function, parameters] = std::visit(*this, from.rule);
    return fmt::format("{{THAW_SOURCE_ROWS, 0, {}, NULL, {}, NULL, NULL, NULL, NULL, {}, &{}, {}}}",
                       scale(s.scale), gradient_values(from.gradient, from.tensor), function, parameters,
                       from.left_shift);
  }

  /// The members of a thaw_gradient_source and the tensor whose exponent it gets at run time (-1: features).
  std::pair<std::string, int32_t> source(const GradientSource& s) const {
    const auto text = [&](const char* kind, const std::string& accumulators, const std::string& gradient,
                          const std::string& conv, const std::string& depthwise, const std::string& weights,
                          const std::string& channels) {
      return fmt::format("{{{}, 0, {}, {}, {}, {}, {}, {}, {}, NULL, NULL, 0}}", kind, scale(s.scale),
                         accumulators, gradient, conv, depthwise, weights, channels);
    };
    if (const auto* other = std::get_if<FromOperator>(&s.from)) return {row_source(*other, s), other->tensor};
    const std::string none = "{NULL, false}";
    if (const auto* features = std::get_if<FromFeatures>(&s.from))
      return {text(features->per_element ? "THAW_SOURCE_ELEMENTS" : "THAW_SOURCE_FEATURES",
                   at(features->gradient, "int32_t"), none, "NULL", "NULL", "NULL", "NULL"),
              -1};
    if (const auto* stored = std::get_if<FromStored>(&s.from))
      return {text("THAW_SOURCE_STORED", "NULL", gradient_values(stored->gradient, stored->tensor), "NULL",
                   "NULL", "NULL", "NULL"),
              stored->tensor};
    const auto& from = std::get<FromConvolution>(s.from);
    const std::string parameters = convolution_like(from.window, from.depthwise, from.depth_multiplier, {});
    return {text(from.depthwise ? "THAW_SOURCE_DEPTHWISE" : "THAW_SOURCE_CONV2D", "NULL",
                 gradient_values(from.gradient, from.tensor), from.depthwise ? "NULL" : parameters,
                 from.depthwise ? parameters : "NULL", at(from.weights, "int8_t"),
                 trained(from.trained_channel_list, from.trained_channels.size(), from.trained_weights)),
            from.tensor};
  }

  std::string operator()(const MakeGradient& k) const {
    context.use_kernel("gradient");
    context.use_static_function("make_gradient");
    assert(k.sources.size() == 1 || k.sources.size() == 2);
    std::string sources;
    std::string tensors;
    for (const GradientSource& s : k.sources) {
      const auto [text, tensor] = source(s);
      sources += (sources.empty() ? "" : ", ") + text;
      tensors += (tensors.empty() ? "" : ", ") + std::to_string(tensor);
    }
    const int32_t bits = plan().gradient_tensors[static_cast<size_t>(k.tensor)].bits;
    const std::string target =
        fmt::format("{{{}, {}, {}, {}, {}}}", k.positions, k.channels, bits, at(k.mask, "uint8_t"),
                    at(k.output, bits > 7 ? "int16_t" : "int8_t"));
    const std::string parameters = context.parameters(
        "gradient_call", fmt::format("{{{}, {{{}}}, {{{}}}, {}, {}, {}}}", target, sources, tensors, k.tensor,
                                     k.sources.size(), at(k.scratch, "int32_t")));
    return fmt::format("  make_gradient(&{});\n", parameters);
  }

  std::string update_of(BufferId gradient, int32_t tensor, const ChannelScale& scaling,
                        int32_t convolution) const {
    context.use_static_function("begin_update");
    const std::string parameters = context.parameters(
        "thaw_update", fmt::format("{{{}, 0, {}, {{0, 0, 0, 0}}, {}}}", gradient_values(gradient, tensor),
                                   scale(scaling), convolution));
    return fmt::format("  update = begin_update(&{}, {}, step);\n", parameters, tensor);
  }

  std::string operator()(const UpdateWeights& k) const {
    const int32_t convolution_number = (k.random_stream - 17) / 2;
    const size_t count = k.channels.size();
    const std::string saved = context.parameters(
        "thaw_saved_input", fmt::format("{{{}, {}, {}}}", at(k.saved_input, "int8_t"),
                                        k.gathered ? static_cast<int32_t>(count) : k.window.input_channels,
                                        k.gathered ? "true" : "false"));
    const std::string weights =
        context.parameters("thaw_trained_weights",
                           fmt::format("{{{}, {}, {}, {}, {}}}", at(k.channel_list, "uint16_t"), count,
                                       k.fraction_bits, at(k.weights, "int8_t"), at(k.fractions, "uint8_t")));
    const char* function = k.depthwise ? kernel("update_depthwise_weights", "thaw_update_depthwise_weights")
                                       : kernel("update_conv2d_weights", "thaw_update_conv2d_weights");
    return update_of(k.gradient, k.tensor, k.scaling, convolution_number) +
           fmt::format("  {}({}, &update, {}, &{}{});\n", function,
                       convolution_like(k.window, k.depthwise, k.depth_multiplier, k.input_zero_point), saved,
                       weights, k.depthwise ? std::string() : ", " + at(k.scratch, "int32_t"));
  }

  std::string operator()(const UpdateBiases& k) const {
    return update_of(k.gradient, k.tensor, k.scaling, (k.random_stream - 16) / 2) +
           fmt::format("  {}(&update, {}, {}, {}, {});\n", kernel("update_biases", "thaw_update_biases"),
                       k.positions, k.channels, k.limit, at(k.biases, "int32_t"));
  }

  std::string operator()(const UpdateClassifier& k) const {
    const std::string weight_scale = context.parameters("thaw_channel_scale", scale(k.weight_scaling));
    const std::string bias_scale = context.parameters("thaw_channel_scale", scale(k.bias_scaling));
    return fmt::format("  {}({}, {}, {}, {}, &{}, &{}, step, {}, {});\n",
                       kernel("classifier_backward", "thaw_classifier_update"),
                       classifier(k.classes, k.features, k.feature_zero_point), at(k.input, "int8_t"),
                       at(k.error, "int32_t"), error_exponent(), weight_scale, bias_scale,
                       k.update_weights ? at(k.weights, "int16_t") : "NULL",
                       k.update_biases ? at(k.biases, "int32_t") : "NULL");
  }
};

}  // namespace

std::string CallContext::name(BufferId id) const {
  return identifier(plan_.buffer(id).name, id.value);
}

std::string CallContext::address(BufferId id, const std::string& type, int64_t offset) {
  if (!id.present()) return "NULL";
  const Buffer& buffer = plan_.buffer(id);
  if (in_arena(buffer.kind)) return fmt::format("ARENA({}, {})", type, *layout_.offsets[id.index()] + offset);
  assert(offset == 0);
  // The first use decides the declared type; every use of a plan's buffer has the same one.
  const auto [declared, is_new] = types_.emplace(id, type);
  assert(declared->second == type);
  (void)is_new;
  if (buffer.kind == BufferKind::constant) return name(id);
  return type == "thaw_step_result" ? fmt::format("(&state.{})", name(id))
                                    : fmt::format("state.{}", name(id));
}

std::string CallContext::parameters(const std::string& type, const std::string& initialiser) {
  std::string& known = names_[type + initialiser];
  if (known.empty()) {
    const std::string stem = type.starts_with("thaw_") ? type.substr(5) : type;
    known = fmt::format("{}_{}", stem, count_[type]++);
    definitions_.push_back(fmt::format("static const {} {} = {};\n", type, known, initialiser));
  }
  return known;
}

std::string kernel_call(const Step& step, CallContext& context) {
  return std::visit(CallWriter{context}, step.kernel);
}

}  // namespace thaw
