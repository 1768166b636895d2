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

  /// "&add_0": the name of a constant structure of this type.
  std::string constant(const std::string& type, const std::string& initialiser_text) const {
    return "&" + context.parameters(type, initialiser_text);
  }

  /// The parameters of a step or source that holds a window.
  template <class AnyConvolution>
  std::string convolution(const AnyConvolution& k) const {
    return k.depthwise ? constant("thaw_depthwise", initialiser(depthwise_of(k)))
                       : constant("thaw_conv2d", initialiser(k.window));
  }

  std::string classifier(const thaw_classifier& parameters) const {
    return constant("thaw_classifier", initialiser(parameters));
  }

  /// What the forward pass keeps for learning alone.
  std::string kept(BufferId id, const char* type) const {
    return id.present() ? fmt::format("learns ? {} : NULL", at(id, type)) : "NULL";
  }

  std::string trained(BufferId list, size_t count, BufferId weights) const {
    if (!weights.present()) return "NULL";
    return constant("thaw_trained_channels", initialiser({{"channels", at(list, "uint16_t")},
                                                          {"count", std::to_string(count)},
                                                          {"weights", at(weights, "int8_t")}}));
  }

  std::string scale(const ChannelScale& s) const {
    return initialiser({{"mantissas", at(s.mantissas, "int32_t")},
                        {"count", std::to_string(s.count)},
                        {"exponent", std::to_string(s.exponent)}});
  }

  std::string gradient_values(BufferId gradient, int32_t tensor) const {
    return initialiser({{"values", at(gradient, is_16(tensor) ? "int16_t" : "int8_t")},
                        {"is_16", is_16(tensor) ? "true" : "false"}});
  }

  /// A kernel whose arguments are its parameters, an input, an output and what `more` says.
  template <class Parameters>
  std::string simple(const char* source, const char* type, const Parameters& parameters, BufferId input,
                     BufferId output, const char* input_type = "int8_t", const char* output_type = "int8_t",
                     const std::string& more = "") const {
    context.use_kernel(source);
    return fmt::format("  thaw_{}_s8({}, {}, {}{});\n", source, constant(type, initialiser(parameters)),
                       at(input, input_type), at(output, output_type), more);
  }

  std::string operator()(const ConvolutionForward& k) const {
    const char* function = k.depthwise ? kernel("depthwise_conv2d", "thaw_depthwise_conv2d_s8")
                                       : kernel("conv2d", "thaw_conv2d_s8");
    return fmt::format("  {}({}, {}, {}, {}, {}, {}, {}, {}, {}, {});\n", function, convolution(k),
                       at(k.input, "int8_t", k.input_offset), at(k.weights, "int8_t"),
                       trained(k.trained_channel_list, k.trained_channels.size(), k.trained_weights),
                       at(k.bias, "int32_t"), at(k.multipliers, "int32_t"), at(k.shifts, "int8_t"),
                       at(k.output, "int8_t", k.output_offset), kept(k.mask, "uint8_t"),
                       at(k.scratch, "int32_t"));
  }

  std::string operator()(const AddForward& k) const {
    return fmt::format("  {}({}, {}, {}, {}, {});\n", kernel("add", "thaw_add_s8"),
                       constant("thaw_add", initialiser(k.add)), at(k.first_input, "int8_t", k.first_offset),
                       at(k.second_input, "int8_t", k.second_offset), at(k.output, "int8_t", k.output_offset),
                       kept(k.mask, "uint8_t"));
  }

  std::string operator()(const PoolForward& k) const {
    std::string more = ", " + kept(k.mask, "uint8_t");
    if (k.maximum) more += ", " + kept(k.winners, "void");
    return simple(k.maximum ? "max_pool2d" : "average_pool2d", "thaw_pool2d", k.pool, k.input, k.output,
                  "int8_t", "int8_t", more);
  }

  std::string operator()(const MeanForward& k) const {
    return simple("mean", "thaw_mean", k.mean, k.input, k.output, "int8_t", "int8_t",
                  ", " + kept(k.mask, "uint8_t"));
  }

  std::string operator()(const PadForward& k) const {
    return simple("pad", "thaw_pad", k.pad, k.input, k.output);
  }

  std::string operator()(const TransposeForward& k) const {
    return simple("transpose", "thaw_transpose", k.transpose, k.input, k.output);
  }

  std::string operator()(const CopyForward& k) const {
    return fmt::format("  {}({}, {}, {});\n", kernel("copy", "thaw_copy"),
                       at(k.output, "uint8_t", k.output_offset), at(k.input, "uint8_t", k.input_offset),
                       k.bytes);
  }

  std::string operator()(const SoftmaxForward& k) const {
    return simple("softmax", "thaw_softmax", k.softmax, k.input, k.output);
  }

  std::string operator()(const RequantizeForward& k) const {
    return simple("requantize", "thaw_requantize", k.requantize, k.input, k.output);
  }

  std::string operator()(const QuantizeForward& k) const {
    return simple("quantize", "thaw_quantize", k.quantize, k.input, k.output, "float");
  }

  std::string operator()(const DequantizeForward& k) const {
    return simple("dequantize", "thaw_dequantize", k.dequantize, k.input, k.output, "int8_t", "float");
  }

  std::string operator()(const BinaryForward& k) const {
    return fmt::format("  {}({}, {}, {}, {}, {});\n", kernel("binary", "thaw_binary_s8"),
                       constant("thaw_binary", initialiser(k.binary)), at(k.first_input, "int8_t"),
                       at(k.second_input, "int8_t"), at(k.output, "int8_t"), kept(k.mask, "uint8_t"));
  }

  std::string operator()(const TableForward& k) const {
    return fmt::format("  {}({}, {}, {}, {});\n", kernel("table", "thaw_table_s8"), k.elements,
                       at(k.table, "int8_t"), at(k.input, "int8_t"), at(k.output, "int8_t"));
  }

  std::string operator()(const ViewForward& k) const {
    std::string text;
    for (const ViewForward::Part& part : k.parts)
      text += fmt::format("  {}({}, {}, {});\n", kernel("view", "thaw_view_s8"),
                          constant("thaw_view", initialiser(part.view)), at(part.input, "int8_t"),
                          at(k.output, "int8_t"));
    return text;
  }

  std::string operator()(const ResizeForward& k) const {
    return fmt::format("  {}({}, {}, {}, {}, {});\n",
                       kernel("resize", k.bilinear ? "thaw_resize_bilinear_s8" : "thaw_resize_nearest_s8"),
                       constant("thaw_resize", initialiser(k.resize)), at(k.rows, "int32_t"),
                       at(k.columns, "int32_t"), at(k.input, "int8_t"), at(k.output, "int8_t"));
  }

  std::string operator()(const LstmForward& k) const {
    return fmt::format("  {}({}, {}, {}, {}, {}, {}, {});\n", kernel("lstm", "thaw_lstm_s8"),
                       constant("thaw_lstm", initialiser(k.lstm)), at(k.input, "int8_t"),
                       at(k.weights, "int8_t"), at(k.biases, "int32_t"), at(k.sigmoid, "uint16_t"),
                       at(k.output, "int8_t"), at(k.scratch, "int16_t"));
  }

  std::string operator()(const GatherChannels& k) const {
    return fmt::format("  if (learns) {}({}, {}, {}, {});\n",
                       kernel("gather_channels", "thaw_gather_channels_s8"),
                       constant("thaw_gather_channels", initialiser(k.gather)), at(k.input, "int8_t"),
                       at(k.channel_list, "uint16_t"), at(k.output, "int8_t"));
  }

  std::string operator()(const ClassifierForward& k) const {
    return fmt::format("  {}({}, {}, {}, {}, {});\n", kernel("classifier", "thaw_classifier_s16"),
                       classifier(k.classifier), at(k.input, "int8_t"), at(k.weights, "int16_t"),
                       at(k.biases, "int32_t"), at(k.logits, "int32_t"));
  }

  std::string operator()(const SoftmaxLoss& k) const {
    return fmt::format(
        "  const thaw_loss loss = {}({}, {}, label, {});\n"
        "  *{} = (thaw_step_result){{.loss = loss.loss, .prediction = loss.prediction, "
        ".error_exponent = loss.error_exponent}};\n",
        kernel("softmax_loss", "thaw_softmax_loss"),
        constant("thaw_softmax_loss_scale", initialiser(k.scale)), at(k.logits, "int32_t"),
        at(k.error, "int32_t"), at(k.result, "thaw_step_result"));
  }

  std::string operator()(const SquaredLoss& k) const {
    return fmt::format(
        "  const thaw_squared_loss_result loss = {}({}, {}, {}, {});\n"
        "  *{} = (thaw_step_result){{.loss = loss.loss, .prediction = {}[0], "
        ".error_exponent = loss.error_exponent}};\n",
        kernel("squared_loss", "thaw_squared_loss"), k.count, at(k.output, "int8_t"),
        k.target.present() ? at(k.target, "int8_t") : std::string("target"), at(k.error, "int32_t"),
        at(k.result, "thaw_step_result"), at(k.output, "int8_t"));
  }

  std::string error_exponent() const { return at(plan().result, "thaw_step_result") + "->error_exponent"; }

  std::string operator()(const FeatureGradient& k) const {
    std::string text = fmt::format("  {}({}, {}, {}, {}, {});\n",
                                   kernel("classifier_backward", "thaw_classifier_feature_gradient"),
                                   classifier(k.classifier), at(k.error, "int32_t"), error_exponent(),
                                   at(k.weights, "int16_t"), at(k.output, "int32_t"));
    if (k.clamped.present())
      text += fmt::format("  {}({}, {}, {}, {}, {});\n",
                          kernel("classifier_backward", "thaw_classifier_drop_clamped"),
                          classifier(k.classifier), at(k.clamped, "int8_t"), k.unclamped.lowest,
                          k.unclamped.highest, at(k.output, "int32_t"));
    return text;
  }

  // The function of a gradient rule, and its parameters.
  std::pair<std::string, std::string> operator()(const MaxPoolRule& rule) const {
    return {kernel("max_pool2d_gradient", "thaw_max_pool2d_gradient"),
            constant("thaw_max_pool2d_source",
                     initialiser({{"pool", initialiser(rule.pool)}, {"winners", at(rule.winners, "void")}}))};
  }
  std::pair<std::string, std::string> operator()(const AveragePoolRule& rule) const {
    return {kernel("average_pool2d_gradient", "thaw_average_pool2d_gradient"),
            constant("thaw_pool2d", initialiser(rule.pool))};
  }
  std::pair<std::string, std::string> operator()(const ViewRule& rule) const {
    return {kernel("view_gradient", "thaw_view_gradient"), constant("thaw_view", initialiser(rule.view))};
  }
  std::pair<std::string, std::string> operator()(const BinaryRule& rule) const {
    return {
        kernel("binary_gradient", "thaw_binary_gradient"),
        constant("thaw_binary_source", initialiser({{"binary", initialiser(rule.binary)},
                                                    {"of_second", rule.of_second ? "true" : "false"},
                                                    {"first_values", at(rule.first_values, "int8_t")},
                                                    {"second_values", at(rule.second_values, "int8_t")}}))};
  }
  std::pair<std::string, std::string> operator()(const TableRule& rule) const {
    return {kernel("table_gradient", "thaw_table_gradient"),
            constant("thaw_table_source", initialiser({{"slopes", at(rule.slopes, "int16_t")},
                                                       {"input", at(rule.input, "int8_t")}}))};
  }
  std::pair<std::string, std::string> operator()(const ResizeRule& rule) const {
    return {kernel("resize_gradient", "thaw_resize_nearest_gradient"),
            constant("thaw_resize_source", initialiser({{"resize", initialiser(rule.resize)},
                                                        {"rows", at(rule.rows, "int32_t")},
                                                        {"columns", at(rule.columns, "int32_t")}}))};
  }

  // The members of a thaw_gradient_source (those that stay 0 are left out) and the tensor whose exponent it
  // gets at run time (-1: the features').
  using Source = std::pair<std::string, int32_t>;

  Source source(const FromFeatures& from, const ChannelScale& s) const {
    return {initialiser({{"kind", from.per_element ? "THAW_SOURCE_ELEMENTS" : "THAW_SOURCE_FEATURES"},
                         {"scale", scale(s)},
                         {"accumulators", at(from.gradient, "int32_t")}}),
            -1};
  }
  Source source(const FromStored& from, const ChannelScale& s) const {
    return {initialiser({{"kind", "THAW_SOURCE_STORED"},
                         {"scale", scale(s)},
                         {"gradient", gradient_values(from.gradient, from.tensor)}}),
            from.tensor};
  }
  Source source(const FromConvolution& from, const ChannelScale& s) const {
    return {initialiser({{"kind", from.depthwise ? "THAW_SOURCE_DEPTHWISE" : "THAW_SOURCE_CONV2D"},
                         {"scale", scale(s)},
                         {"gradient", gradient_values(from.gradient, from.tensor)},
                         {from.depthwise ? "depthwise" : "conv", convolution(from)},
                         {"weights", at(from.weights, "int8_t")},
                         {"trained", trained(from.trained_channel_list, from.trained_channels.size(),
                                             from.trained_weights)}}),
            from.tensor};
  }
  Source source(const FromOperator& from, const ChannelScale& s) const {
    const auto [function, parameters] = std::visit(*this, from.rule);
    return {initialiser({{"kind", "THAW_SOURCE_ROWS"},
                         {"scale", scale(s)},
                         {"gradient", gradient_values(from.gradient, from.tensor)},
                         {"row", function},
                         {"parameters", parameters},
                         {"left_shift", std::to_string(from.left_shift)}}),
            from.tensor};
  }

  std::string operator()(const MakeGradient& k) const {
    context.use_kernel("gradient");
    assert(k.sources.size() == 1 || k.sources.size() == 2);
    std::string sources;
    std::string tensors;
    for (const GradientSource& s : k.sources) {
      const auto [text, tensor] = std::visit([&](const auto& from) { return source(from, s.scale); }, s.from);
      sources += (sources.empty() ? "" : ", ") + text;
      tensors += (tensors.empty() ? "" : ", ") + std::to_string(tensor);
    }
    const int32_t bits = plan().gradient_tensors[static_cast<size_t>(k.tensor)].bits;
    const std::string target = initialiser({{"positions", std::to_string(k.positions)},
                                            {"channels", std::to_string(k.channels)},
                                            {"bits", std::to_string(bits)},
                                            {"mask", at(k.mask, "uint8_t")},
                                            {"values", at(k.output, bits > 7 ? "int16_t" : "int8_t")}});
    return fmt::format(
        "  make_gradient({});\n",
        constant("gradient_call", initialiser({{"target", target},
                                               {"sources", "{" + sources + "}"},
                                               {"source_tensor", "{" + tensors + "}"},
                                               {"tensor", std::to_string(k.tensor)},
                                               {"source_count", std::to_string(k.sources.size())},
                                               {"scratch", at(k.scratch, "int32_t")}})));
  }

  /// Of UpdateWeights or UpdateBiases.
  template <class Update>
  std::string update_of(const Update& k) const {
    const std::string constant_part = initialiser({{"gradient", gradient_values(k.gradient, k.tensor)},
                                                   {"scale", scale(k.scaling)},
                                                   {"convolution", std::to_string(k.convolution)}});
    return fmt::format("  update = begin_update({}, {}, step);\n", constant("thaw_update", constant_part),
                       k.tensor);
  }

  std::string operator()(const UpdateWeights& k) const {
    const std::string saved =
        context.parameters("thaw_saved_input", initialiser({{"values", at(k.saved_input, "int8_t")},
                                                            {"channels", std::to_string(k.saved_channels)},
                                                            {"gathered", k.gathered ? "true" : "false"}}));
    const std::string weights =
        constant("thaw_trained_weights", initialiser({{"channels", at(k.channel_list, "uint16_t")},
                                                      {"count", std::to_string(k.channels.size())},
                                                      {"fraction_bits", std::to_string(k.fraction_bits)},
                                                      {"high", at(k.weights, "int8_t")},
                                                      {"low", at(k.fractions, "uint8_t")}}));
    const char* function = k.depthwise ? kernel("update_depthwise_weights", "thaw_update_depthwise_weights")
                                       : kernel("update_conv2d_weights", "thaw_update_conv2d_weights");
    return update_of(k) + fmt::format("  {}({}, &update, {}, {}{});\n", function, convolution(k), saved,
                                      weights, k.depthwise ? std::string() : ", " + at(k.scratch, "int32_t"));
  }

  std::string operator()(const UpdateBiases& k) const {
    return update_of(k) + fmt::format("  {}(&update, {}, {}, {}, {});\n",
                                      kernel("update_biases", "thaw_update_biases"), k.positions, k.channels,
                                      k.limit, at(k.biases, "int32_t"));
  }

  std::string operator()(const UpdateClassifier& k) const {
    return fmt::format("  {}({}, {}, {}, {}, {}, {}, step, {}, {});\n",
                       kernel("classifier_backward", "thaw_classifier_update"), classifier(k.classifier),
                       at(k.input, "int8_t"), at(k.error, "int32_t"), error_exponent(),
                       constant("thaw_channel_scale", scale(k.weight_scaling)),
                       constant("thaw_channel_scale", scale(k.bias_scaling)),
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
