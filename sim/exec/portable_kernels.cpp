#include "sim/exec/portable_kernels.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>

#include "engine/kernels/add.h"
#include "engine/kernels/average_pool2d.h"
#include "engine/kernels/binary.h"
#include "engine/kernels/classifier.h"
#include "engine/kernels/classifier_backward.h"
#include "engine/kernels/conv2d.h"
#include "engine/kernels/depthwise_conv2d.h"
#include "engine/kernels/dequantize.h"
#include "engine/kernels/gradient.h"
#include "engine/kernels/lstm.h"
#include "engine/kernels/max_pool2d.h"
#include "engine/kernels/mean.h"
#include "engine/kernels/pad.h"
#include "engine/kernels/quantize.h"
#include "engine/kernels/requantize.h"
#include "engine/kernels/resize.h"
#include "engine/kernels/softmax.h"
#include "engine/kernels/softmax_loss.h"
#include "engine/kernels/table.h"
#include "engine/kernels/transpose.h"
#include "engine/kernels/update.h"
#include "engine/kernels/view.h"
#include "sim/exec/row_source.h"

namespace thaw {
namespace {

thaw_conv2d conv_of(const Window& w, int32_t input_zero_point, int32_t output_zero_point,
                    ActivationRange clamp) {
  thaw_conv2d c = {};
  c.input_height = w.input_height;
  c.input_width = w.input_width;
  c.input_channels = w.input_channels;
  c.output_height = w.output_height;
  c.output_width = w.output_width;
  c.output_channels = w.output_channels;
  c.kernel_height = w.kernel_height;
  c.kernel_width = w.kernel_width;
  c.stride_height = w.stride_height;
  c.stride_width = w.stride_width;
  c.dilation_height = w.dilation_height;
  c.dilation_width = w.dilation_width;
  c.pad_top = w.pad_top;
  c.pad_left = w.pad_left;
  c.input_zero_point = input_zero_point;
  c.output_zero_point = output_zero_point;
  c.clamp_low = clamp.lowest;
  c.clamp_high = clamp.highest;
  return c;
}

template <class Dimensions>
void copy_dimensions(const int32_t (&from)[4], Dimensions& to) {
  std::copy(std::begin(from), std::end(from), std::begin(to));
}

/// Calls the kernel of one step; one overload a kernel, so that a new one fails to compile until it is here.
struct PortableCall {
  const Plan& plan;
  const Step& step;
  const BufferAddresses& buffers;
  const StepInput* input;

  template <class T>
  T* at(BufferId id) const {
    return buffers.at<T>(id);
  }
  bool is_16(int32_t tensor) const { return plan.gradient_tensors[static_cast<size_t>(tensor)].bits > 7; }
  int32_t& exponent(int32_t tensor) const { return at<int32_t>(plan.gradient_exponents)[tensor]; }
  StepResult& result() const { return *at<StepResult>(plan.result); }
  thaw_channel_scale scale(const ChannelScale& s) const {
    return {at<const int32_t>(s.mantissas), s.count, s.exponent};
  }
  thaw_training_step training_step() const {
    return {input->rate.mantissa, input->rate.exponent, input->seed, input->step};
  }

  bool operator()(const ConvolutionForward& k) const {
    const thaw_conv2d conv = conv_of(k.window, k.input_zero_point, k.output_zero_point, k.clamp);
    const thaw_trained_channels trained = {at<const uint16_t>(k.trained_channel_list),
                                           static_cast<int32_t>(k.trained_channels.size()),
                                           at<const int8_t>(k.trained_weights)};
    const thaw_trained_channels* trained_or_null = k.trained_weights.present() ? &trained : nullptr;
    const auto* x = at<const int8_t>(k.input) + k.input_offset;
    const auto* w = at<const int8_t>(k.weights);
    const auto* bias = at<const int32_t>(k.bias);
    const auto* multipliers = at<const int32_t>(k.multipliers);
    const auto* shifts = at<const int8_t>(k.shifts);
    auto* y = at<int8_t>(k.output) + k.output_offset;
    if (k.depthwise) {
      const thaw_depthwise depthwise = {conv, k.depth_multiplier};
      thaw_depthwise_conv2d_s8(&depthwise, x, w, trained_or_null, bias, multipliers, shifts, y,
                               at<uint8_t>(k.mask), at<int32_t>(k.scratch));
    } else {
      thaw_conv2d_s8(&conv, x, w, trained_or_null, bias, multipliers, shifts, y, at<uint8_t>(k.mask),
                     at<int32_t>(k.scratch));
    }
    return true;
  }

  bool operator()(const AddForward& k) const {
    const thaw_add add = {static_cast<int32_t>(k.elements),
                          k.first_zero_point,
                          k.first.multiplier,
                          k.first.shift,
                          k.second_zero_point,
                          k.second.multiplier,
                          k.second.shift,
                          k.output_zero_point,
                          k.sum.multiplier,
                          k.sum.shift,
                          k.clamp.lowest,
                          k.clamp.highest};
    thaw_add_s8(&add, at<const int8_t>(k.first_input) + k.first_offset,
                at<const int8_t>(k.second_input) + k.second_offset, at<int8_t>(k.output) + k.output_offset,
                at<uint8_t>(k.mask));
    return true;
  }

  bool operator()(const PoolForward& k) const {
    if (k.maximum)
      thaw_max_pool2d_s8(&k.pool, at<const int8_t>(k.input), at<int8_t>(k.output), at<uint8_t>(k.mask),
                         at<void>(k.winners));
    else
      thaw_average_pool2d_s8(&k.pool, at<const int8_t>(k.input), at<int8_t>(k.output), at<uint8_t>(k.mask));
    return true;
  }

  bool operator()(const MeanForward& k) const {
    thaw_mean mean = {};
    copy_dimensions(k.dimensions, mean.dims);
    for (size_t i = 0; i < 4; ++i)
      if (k.reduce[i]) mean.axes = static_cast<uint8_t>(mean.axes | (1U << i));
    mean.multiplier = k.scale.multiplier;
    mean.shift = k.scale.shift;
    mean.input_offset = k.input_zero_point * k.count;
    mean.output_zero_point = k.output_zero_point;
    thaw_mean_s8(&mean, at<const int8_t>(k.input), at<int8_t>(k.output), at<uint8_t>(k.mask));
    return true;
  }

  bool operator()(const PadForward& k) const {
    thaw_pad pad = {};
    copy_dimensions(k.dimensions, pad.dims);
    copy_dimensions(k.before, pad.before);
    copy_dimensions(k.after, pad.after);
    pad.value = k.value;
    thaw_pad_s8(&pad, at<const int8_t>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const TransposeForward& k) const {
    thaw_transpose transpose = {};
    copy_dimensions(k.dimensions, transpose.dims);
    copy_dimensions(k.permutation, transpose.permutation);
    thaw_transpose_s8(&transpose, at<const int8_t>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const CopyForward& k) const {
    std::memmove(at<std::byte>(k.output) + k.output_offset, at<const std::byte>(k.input) + k.input_offset,
                 static_cast<size_t>(k.bytes));
    return true;
  }

  bool operator()(const SoftmaxForward& k) const {
    const thaw_softmax softmax = {k.rows, k.columns, k.scale.multiplier, k.scale.shift, k.difference_minimum};
    thaw_softmax_s8(&softmax, at<const int8_t>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const RequantizeForward& k) const {
    const thaw_requantize requantize = {static_cast<int32_t>(k.elements), k.input_zero_point,
                                        k.output_zero_point, k.scale.multiplier, k.scale.shift};
    thaw_requantize_s8(&requantize, at<const int8_t>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const QuantizeForward& k) const {
    const thaw_quantize quantize = {static_cast<int32_t>(k.elements), k.scale, k.zero_point};
    thaw_quantize_s8(&quantize, at<const float>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const DequantizeForward& k) const {
    const thaw_dequantize dequantize = {static_cast<int32_t>(k.elements), k.scale, k.zero_point};
    thaw_dequantize_s8(&dequantize, at<const int8_t>(k.input), at<float>(k.output));
    return true;
  }

  bool operator()(const BinaryForward& k) const {
    thaw_binary_s8(&k.binary, at<const int8_t>(k.first_input), at<const int8_t>(k.second_input),
                   at<int8_t>(k.output), at<uint8_t>(k.mask));
    return true;
  }

  bool operator()(const TableForward& k) const {
    thaw_table_s8(static_cast<int32_t>(k.elements), at<const int8_t>(k.table), at<const int8_t>(k.input),
                  at<int8_t>(k.output));
    return true;
  }

  bool operator()(const ViewForward& k) const {
    for (const ViewForward::Part& part : k.parts)
      thaw_view_s8(&part.view, at<const int8_t>(part.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const ResizeForward& k) const {
    const auto kernel = k.bilinear ? thaw_resize_bilinear_s8 : thaw_resize_nearest_s8;
    kernel(&k.resize, at<const int32_t>(k.rows), at<const int32_t>(k.columns), at<const int8_t>(k.input),
           at<int8_t>(k.output));
    return true;
  }

  bool operator()(const LstmForward& k) const {
    thaw_lstm_s8(&k.lstm, at<const int8_t>(k.input), at<const int8_t>(k.weights), at<const int32_t>(k.biases),
                 at<const uint16_t>(k.sigmoid), at<int8_t>(k.output), at<int16_t>(k.scratch));
    return true;
  }

  bool operator()(const GatherChannels& k) const {
    const auto* x = at<const int8_t>(k.input);
    auto* out = at<int8_t>(k.output);
    for (int64_t p = 0; p < k.positions; ++p)
      for (uint16_t channel : k.channels) *out++ = x[p * k.input_channels + channel];
    return true;
  }

  bool operator()(const ClassifierForward& k) const {
    const thaw_classifier classifier = {k.classes, k.features, k.feature_zero_point};
    thaw_classifier_s16(&classifier, at<const int8_t>(k.input), at<const int16_t>(k.weights),
                        at<const int32_t>(k.biases), at<int32_t>(k.logits));
    return true;
  }

  bool operator()(const SoftmaxLoss& k) const {
    const thaw_softmax_loss_scale loss_scale = {k.classes, k.scale.multiplier, k.scale.shift};
    const thaw_loss loss =
        thaw_softmax_loss(&loss_scale, at<const int32_t>(k.logits), input->label, at<int32_t>(k.error));
    result() = {loss.loss, loss.prediction, loss.error_exponent};
    return loss.changes;
  }

  bool operator()(const FeatureGradient& k) const {
    const thaw_classifier classifier = {k.classes, k.features, 0};
    thaw_classifier_feature_gradient(&classifier, at<const int32_t>(k.error), result().error_exponent,
                                     at<const int16_t>(k.weights), at<int32_t>(k.output));
    if (k.clamped.present())
      thaw_classifier_drop_clamped(&classifier, at<const int8_t>(k.clamped), k.unclamped.lowest,
                                   k.unclamped.highest, at<int32_t>(k.output));
    return true;
  }

  bool operator()(const MakeGradient& k) const {
    thaw_gradient_source sources[THAW_GRADIENT_SOURCES] = {};
    thaw_conv2d conv[THAW_GRADIENT_SOURCES];
    thaw_depthwise depthwise[THAW_GRADIENT_SOURCES];
    thaw_trained_channels trained[THAW_GRADIENT_SOURCES];
    std::optional<RowSource> rows[THAW_GRADIENT_SOURCES];
    for (size_t j = 0; j < k.sources.size(); ++j) {
      thaw_gradient_source& source = sources[j];
      source.scale = scale(k.sources[j].scale);
      if (const auto* features = std::get_if<FromFeatures>(&k.sources[j].from)) {
        source.kind = features->per_element ? THAW_SOURCE_ELEMENTS : THAW_SOURCE_FEATURES;
        source.exponent = result().error_exponent - 12 + feature_shift();
        source.accumulators = at<const int32_t>(features->gradient);
      } else if (const auto* stored = std::get_if<FromStored>(&k.sources[j].from)) {
        source.kind = THAW_SOURCE_STORED;
        source.exponent = exponent(stored->tensor);
        source.gradient = {at<const void>(stored->gradient), is_16(stored->tensor)};
      } else if (const auto* other = std::get_if<FromOperator>(&k.sources[j].from)) {
        source.exponent = exponent(other->tensor);
        source.gradient = {at<const void>(other->gradient), is_16(other->tensor)};
        rows[j].emplace(*other, [&](BufferId id) { return at<const void>(id); });
        rows[j]->fill(source);
      } else {
        const auto& from = std::get<FromConvolution>(k.sources[j].from);
        conv[j] = conv_of(from.window, 0, 0, {});
        depthwise[j] = {conv[j], from.depth_multiplier};
        trained[j] = {at<const uint16_t>(from.trained_channel_list),
                      static_cast<int32_t>(from.trained_channels.size()),
                      at<const int8_t>(from.trained_weights)};
        source.kind = from.depthwise ? THAW_SOURCE_DEPTHWISE : THAW_SOURCE_CONV2D;
        source.exponent = exponent(from.tensor);
        source.gradient = {at<const void>(from.gradient), is_16(from.tensor)};
        source.conv = &conv[j];
        source.depthwise = &depthwise[j];
        source.weights = at<const int8_t>(from.weights);
        source.trained = from.trained_weights.present() ? &trained[j] : nullptr;
      }
    }
    const thaw_gradient_target target = {k.positions, k.channels,
                                         plan.gradient_tensors[static_cast<size_t>(k.tensor)].bits,
                                         at<const uint8_t>(k.mask), at<void>(k.output)};
    exponent(k.tensor) = thaw_gradient_tensor(
        &target, sources, static_cast<int32_t>(k.sources.size()), result().error_exponent + 15,
        at<thaw_gradient_state>(plan.gradient_states) + k.tensor, at<int32_t>(k.scratch));
    return true;
  }

  /// h of section 5: a plan has one feature gradient.
  int32_t feature_shift() const {
    for (const Step& s : plan.steps)
      if (const auto* k = std::get_if<FeatureGradient>(&s.kernel)) return k->shift;
    assert(false);
    return 0;
  }

  thaw_update update_of(BufferId gradient, int32_t tensor, const ChannelScale& scaling,
                        int32_t convolution) const {
    return {{at<const void>(gradient), is_16(tensor)},
            exponent(tensor),
            scale(scaling),
            training_step(),
            convolution};
  }

  bool operator()(const UpdateWeights& k) const {
    const thaw_conv2d conv = conv_of(k.window, k.input_zero_point, 0, {});
    const thaw_depthwise depthwise = {conv, k.depth_multiplier};
    const thaw_update update = update_of(k.gradient, k.tensor, k.scaling, (k.random_stream - 17) / 2);
    const auto count = static_cast<int32_t>(k.channels.size());
    const thaw_saved_input saved = {at<const int8_t>(k.saved_input),
                                    k.gathered ? count : k.window.input_channels, k.gathered};
    const thaw_trained_weights trained = {at<const uint16_t>(k.channel_list), count, k.fraction_bits,
                                          at<int8_t>(k.weights), at<uint8_t>(k.fractions)};
    if (k.depthwise)
      thaw_update_depthwise_weights(&depthwise, &update, saved, &trained);
    else
      thaw_update_conv2d_weights(&conv, &update, saved, &trained, at<int32_t>(k.scratch));
    return true;
  }

  bool operator()(const UpdateBiases& k) const {
    const thaw_update update = update_of(k.gradient, k.tensor, k.scaling, (k.random_stream - 16) / 2);
    thaw_update_biases(&update, k.positions, k.channels, k.limit, at<int32_t>(k.biases));
    return true;
  }

  bool operator()(const UpdateClassifier& k) const {
    const thaw_classifier classifier = {k.classes, k.features, k.feature_zero_point};
    const thaw_channel_scale weight_scale = scale(k.weight_scaling);
    const thaw_channel_scale bias_scale = scale(k.bias_scaling);
    const thaw_training_step training = training_step();
    thaw_classifier_update(&classifier, at<const int8_t>(k.input), at<const int32_t>(k.error),
                           result().error_exponent, &weight_scale, &bias_scale, &training,
                           k.update_weights ? at<int16_t>(k.weights) : nullptr,
                           k.update_biases ? at<int32_t>(k.biases) : nullptr);
    return true;
  }
};

}  // namespace

bool run_portable(const Plan& plan, const Step& step, const BufferAddresses& buffers,
                  const StepInput* input) {
  return std::visit(PortableCall{plan, step, buffers, input}, step.kernel);
}

}  // namespace thaw
