#include "sim/exec/portable_kernels.h"

#include <optional>

#include "engine/kernels/add.h"
#include "engine/kernels/average_pool2d.h"
#include "engine/kernels/binary.h"
#include "engine/kernels/classifier.h"
#include "engine/kernels/classifier_backward.h"
#include "engine/kernels/conv2d.h"
#include "engine/kernels/copy.h"
#include "engine/kernels/depthwise_conv2d.h"
#include "engine/kernels/dequantize.h"
#include "engine/kernels/gather_channels.h"
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
#include "engine/kernels/squared_loss.h"
#include "engine/kernels/table.h"
#include "engine/kernels/transpose.h"
#include "engine/kernels/update.h"
#include "engine/kernels/view.h"
#include "sim/exec/row_source.h"

namespace thaw {
namespace {

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
    return channel_scale(s, at<const int32_t>(s.mantissas));
  }
  thaw_training_step training_step() const { return thaw::training_step(*input); }

  thaw_trained_channels trained(BufferId list, size_t count, BufferId weights) const {
    thaw_trained_channels made = {};
    made.channels = at<const uint16_t>(list);
    made.count = static_cast<int32_t>(count);
    made.weights = at<const int8_t>(weights);
    return made;
  }

  bool operator()(const ConvolutionForward& k) const {
    const thaw_trained_channels channels =
        trained(k.trained_channel_list, k.trained_channels.size(), k.trained_weights);
    const thaw_trained_channels* channels_or_null = k.trained_weights.present() ? &channels : nullptr;
    const auto* x = at<const int8_t>(k.input) + k.input_offset;
    const auto* w = at<const int8_t>(k.weights);
    const auto* bias = at<const int32_t>(k.bias);
    const auto* multipliers = at<const int32_t>(k.multipliers);
    const auto* shifts = at<const int8_t>(k.shifts);
    auto* y = at<int8_t>(k.output) + k.output_offset;
    if (k.depthwise) {
      const thaw_depthwise depthwise = depthwise_of(k);
      thaw_depthwise_conv2d_s8(&depthwise, x, w, channels_or_null, bias, multipliers, shifts, y,
                               at<uint8_t>(k.mask), at<int32_t>(k.scratch));
    } else {
      thaw_conv2d_s8(&k.window, x, w, channels_or_null, bias, multipliers, shifts, y, at<uint8_t>(k.mask),
                     at<int32_t>(k.scratch));
    }
    return true;
  }

  bool operator()(const AddForward& k) const {
    thaw_add_s8(&k.add, at<const int8_t>(k.first_input) + k.first_offset,
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
    thaw_mean_s8(&k.mean, at<const int8_t>(k.input), at<int8_t>(k.output), at<uint8_t>(k.mask));
    return true;
  }

  bool operator()(const PadForward& k) const {
    thaw_pad_s8(&k.pad, at<const int8_t>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const TransposeForward& k) const {
    thaw_transpose_s8(&k.transpose, at<const int8_t>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const CopyForward& k) const {
    thaw_copy(at<uint8_t>(k.output) + k.output_offset, at<const uint8_t>(k.input) + k.input_offset,
              static_cast<uint32_t>(k.bytes));
    return true;
  }

  bool operator()(const SoftmaxForward& k) const {
    thaw_softmax_s8(&k.softmax, at<const int8_t>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const RequantizeForward& k) const {
    thaw_requantize_s8(&k.requantize, at<const int8_t>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const QuantizeForward& k) const {
    thaw_quantize_s8(&k.quantize, at<const float>(k.input), at<int8_t>(k.output));
    return true;
  }

  bool operator()(const DequantizeForward& k) const {
    thaw_dequantize_s8(&k.dequantize, at<const int8_t>(k.input), at<float>(k.output));
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
    thaw_gather_channels_s8(&k.gather, at<const int8_t>(k.input), at<const uint16_t>(k.channel_list),
                            at<int8_t>(k.output));
    return true;
  }

  bool operator()(const ClassifierForward& k) const {
    thaw_classifier_s16(&k.classifier, at<const int8_t>(k.input), at<const int16_t>(k.weights),
                        at<const int32_t>(k.biases), at<int32_t>(k.logits));
    return true;
  }

  bool operator()(const SoftmaxLoss& k) const {
    const thaw_loss loss =
        thaw_softmax_loss(&k.scale, at<const int32_t>(k.logits), input->label, at<int32_t>(k.error));
    StepResult& made = result();
    made.loss = loss.loss;
    made.prediction = loss.prediction;
    made.error_exponent = loss.error_exponent;
    return loss.changes;
  }

  bool operator()(const SquaredLoss& k) const {
    const auto* output = at<const int8_t>(k.output);
    const int8_t* target = k.target.present() ? at<const int8_t>(k.target) : input->target;
    const thaw_squared_loss_result loss = thaw_squared_loss(k.count, output, target, at<int32_t>(k.error));
    StepResult& made = result();
    made.loss = loss.loss;
    made.prediction = output[0];
    made.error_exponent = loss.error_exponent;
    return loss.changes;
  }

  bool operator()(const FeatureGradient& k) const {
    thaw_classifier_feature_gradient(&k.classifier, at<const int32_t>(k.error), result().error_exponent,
                                     at<const int16_t>(k.weights), at<int32_t>(k.output));
    if (k.clamped.present())
      thaw_classifier_drop_clamped(&k.classifier, at<const int8_t>(k.clamped), k.unclamped.lowest,
                                   k.unclamped.highest, at<int32_t>(k.output));
    return true;
  }

  thaw_gradient_values gradient(BufferId values, int32_t tensor) const {
    thaw_gradient_values made = {};
    made.values = at<const void>(values);
    made.is_16 = is_16(tensor);
    return made;
  }

  bool operator()(const MakeGradient& k) const {
    thaw_gradient_source sources[THAW_GRADIENT_SOURCES] = {};
    thaw_depthwise depthwise[THAW_GRADIENT_SOURCES];
    thaw_trained_channels channels[THAW_GRADIENT_SOURCES];
    std::optional<RowSource> rows[THAW_GRADIENT_SOURCES];
    for (size_t j = 0; j < k.sources.size(); ++j) {
      thaw_gradient_source& source = sources[j];
      source.scale = scale(k.sources[j].scale);
      if (const auto* features = std::get_if<FromFeatures>(&k.sources[j].from)) {
        source.kind = features->per_element ? THAW_SOURCE_ELEMENTS : THAW_SOURCE_FEATURES;
        source.exponent = result().error_exponent + plan.feature_exponent;
        source.accumulators = at<const int32_t>(features->gradient);
      } else if (const auto* stored = std::get_if<FromStored>(&k.sources[j].from)) {
        source.kind = THAW_SOURCE_STORED;
        source.exponent = exponent(stored->tensor);
        source.gradient = gradient(stored->gradient, stored->tensor);
      } else if (const auto* other = std::get_if<FromOperator>(&k.sources[j].from)) {
        source.exponent = exponent(other->tensor);
        source.gradient = gradient(other->gradient, other->tensor);
        rows[j].emplace(*other, [&](BufferId id) { return at<const void>(id); });
        rows[j]->fill(source);
      } else {
        const auto& from = std::get<FromConvolution>(k.sources[j].from);
        depthwise[j] = depthwise_of(from);
        channels[j] = trained(from.trained_channel_list, from.trained_channels.size(), from.trained_weights);
        source.kind = from.depthwise ? THAW_SOURCE_DEPTHWISE : THAW_SOURCE_CONV2D;
        source.exponent = exponent(from.tensor);
        source.gradient = gradient(from.gradient, from.tensor);
        source.conv = &from.window;
        source.depthwise = &depthwise[j];
        source.weights = at<const int8_t>(from.weights);
        source.trained = from.trained_weights.present() ? &channels[j] : nullptr;
      }
    }
    thaw_gradient_target target = {};
    target.positions = k.positions;
    target.channels = k.channels;
    target.bits = plan.gradient_tensors[static_cast<size_t>(k.tensor)].bits;
    target.mask = at<const uint8_t>(k.mask);
    target.values = at<void>(k.output);
    exponent(k.tensor) = thaw_gradient_tensor(
        &target, sources, static_cast<int32_t>(k.sources.size()), result().error_exponent + 15,
        at<thaw_gradient_state>(plan.gradient_states) + k.tensor, at<int32_t>(k.scratch));
    return true;
  }

  /// Of UpdateWeights or UpdateBiases.
  template <class Update>
  thaw_update update_of(const Update& k) const {
    thaw_update update = {};
    update.gradient = gradient(k.gradient, k.tensor);
    update.gradient_exponent = exponent(k.tensor);
    update.scale = scale(k.scaling);
    update.step = training_step();
    update.convolution = k.convolution;
    return update;
  }

  bool operator()(const UpdateWeights& k) const {
    const thaw_update update = update_of(k);
    thaw_saved_input saved = {};
    saved.values = at<const int8_t>(k.saved_input);
    saved.channels = k.saved_channels;
    saved.gathered = k.gathered;
    thaw_trained_weights weights = {};
    weights.channels = at<const uint16_t>(k.channel_list);
    weights.count = static_cast<int32_t>(k.channels.size());
    weights.fraction_bits = k.fraction_bits;
    weights.high = at<int8_t>(k.weights);
    weights.low = at<uint8_t>(k.fractions);
    if (k.depthwise) {
      const thaw_depthwise depthwise = depthwise_of(k);
      thaw_update_depthwise_weights(&depthwise, &update, saved, &weights);
    } else {
      thaw_update_conv2d_weights(&k.window, &update, saved, &weights, at<int32_t>(k.scratch));
    }
    return true;
  }

  bool operator()(const UpdateBiases& k) const {
    const thaw_update update = update_of(k);
    thaw_update_biases(&update, k.positions, k.channels, k.limit, at<int32_t>(k.biases));
    return true;
  }

  bool operator()(const UpdateClassifier& k) const {
    const thaw_channel_scale weight_scale = scale(k.weight_scaling);
    const thaw_channel_scale bias_scale = scale(k.bias_scaling);
    const thaw_training_step training = training_step();
    thaw_classifier_update(&k.classifier, at<const int8_t>(k.input), at<const int32_t>(k.error),
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
