// Visits the buffers of a kernel: the one place that knows which a kernel reads and which it writes.
#pragma once

#include <type_traits>
#include <variant>

#include "sim/plan/plan.h"

namespace thaw {

enum class Access { read, write, read_write };

/// Kernels whose only buffers are `input` and `output`.
template <class K>
constexpr bool kOnlyInputAndOutput =
    std::is_same_v<K, PadForward> || std::is_same_v<K, TransposeForward> || std::is_same_v<K, CopyForward> ||
    std::is_same_v<K, SoftmaxForward> || std::is_same_v<K, RequantizeForward> ||
    std::is_same_v<K, QuantizeForward> || std::is_same_v<K, DequantizeForward>;

/// Calls visit(BufferId&) for every buffer that a gradient rule reads beside the gradient.
template <class AnyRule, class Visit>
void for_each_saved(AnyRule& rule, const Visit& visit) {
  if (auto* pool = std::get_if<MaxPoolRule>(&rule)) visit(pool->winners);
  if (auto* binary = std::get_if<BinaryRule>(&rule)) {
    visit(binary->first_values);
    visit(binary->second_values);
  }
  if (auto* table = std::get_if<TableRule>(&rule)) {
    visit(table->slopes);
    visit(table->input);
  }
  if (auto* resize = std::get_if<ResizeRule>(&rule)) {
    visit(resize->rows);
    visit(resize->columns);
  }
}

/// Calls visit(BufferId&, Access) for every buffer of the kernel, present or not, in a fixed order.
/// `AnyKernel` is Kernel or const Kernel. It is longer than 60 lines because it is a table: a branch a
/// kernel.
template <class AnyKernel, class Visit>
void for_each_buffer(AnyKernel& kernel, const Visit& visit) {
  const auto& see = visit;
  const auto in_out = [&](auto& k) {
    see(k.input, Access::read);
    see(k.output, Access::write);
  };
  std::visit(
      [&](auto& k) {
        using K = std::remove_cvref_t<decltype(k)>;
        if constexpr (std::is_same_v<K, AddForward> || std::is_same_v<K, BinaryForward>) {
          see(k.first_input, Access::read);
          see(k.second_input, Access::read);
          see(k.output, Access::write);
          see(k.mask, Access::write);
        } else if constexpr (std::is_same_v<K, TableForward>) {
          see(k.table, Access::read);
          in_out(k);
        } else if constexpr (std::is_same_v<K, ViewForward>) {
          for (auto& part : k.parts) see(part.input, Access::read);
          see(k.output, Access::write);
        } else if constexpr (std::is_same_v<K, ResizeForward>) {
          in_out(k);
          see(k.rows, Access::read);
          see(k.columns, Access::read);
        } else if constexpr (std::is_same_v<K, LstmForward>) {
          in_out(k);
          for (auto* id : {&k.weights, &k.biases, &k.sigmoid}) see(*id, Access::read);
          see(k.scratch, Access::read_write);
        } else if constexpr (std::is_same_v<K, ConvolutionForward>) {
          in_out(k);
          for (auto* id :
               {&k.weights, &k.bias, &k.multipliers, &k.shifts, &k.trained_weights, &k.trained_channel_list})
            see(*id, Access::read);
          see(k.mask, Access::write);
          see(k.scratch, Access::read_write);
        } else if constexpr (std::is_same_v<K, PoolForward>) {
          in_out(k);
          see(k.mask, Access::write);
          see(k.winners, Access::write);
        } else if constexpr (std::is_same_v<K, MeanForward>) {
          in_out(k);
          see(k.mask, Access::write);
        } else if constexpr (std::is_same_v<K, GatherChannels>) {
          in_out(k);
          see(k.channel_list, Access::read);
        } else if constexpr (std::is_same_v<K, ClassifierForward>) {
          for (auto* id : {&k.input, &k.weights, &k.biases}) see(*id, Access::read);
          see(k.logits, Access::write);
        } else if constexpr (std::is_same_v<K, SoftmaxLoss>) {
          see(k.logits, Access::read);
          see(k.error, Access::write);
          see(k.result, Access::write);
        } else if constexpr (std::is_same_v<K, SquaredLoss>) {
          for (auto* id : {&k.output, &k.target}) see(*id, Access::read);
          for (auto* id : {&k.error, &k.result}) see(*id, Access::write);
        } else if constexpr (std::is_same_v<K, FeatureGradient>) {
          for (auto* id : {&k.error, &k.weights, &k.clamped}) see(*id, Access::read);
          see(k.output, Access::write);
        } else if constexpr (std::is_same_v<K, MakeGradient>) {
          for (auto& source : k.sources) {
            std::visit([&](auto& from) { see(from.gradient, Access::read); }, source.from);
            if (auto* from = std::get_if<FromConvolution>(&source.from))
              for (auto* id : {&from->weights, &from->trained_weights, &from->trained_channel_list})
                see(*id, Access::read);
            if (auto* from = std::get_if<FromOperator>(&source.from))
              for_each_saved(from->rule, [&](auto& id) { see(id, Access::read); });
            see(source.scale.mantissas, Access::read);
          }
          see(k.mask, Access::read);
          see(k.scratch, Access::read_write);
          see(k.exponents, Access::read_write);
          see(k.output, Access::write);
        } else if constexpr (std::is_same_v<K, UpdateWeights>) {
          for (auto* id : {&k.gradient, &k.saved_input, &k.channel_list, &k.scaling.mantissas, &k.exponents})
            see(*id, Access::read);
          see(k.weights, Access::read_write);
          see(k.fractions, Access::read_write);
          see(k.scratch, Access::read_write);
        } else if constexpr (std::is_same_v<K, UpdateBiases>) {
          for (auto* id : {&k.gradient, &k.scaling.mantissas, &k.exponents}) see(*id, Access::read);
          see(k.biases, Access::read_write);
        } else if constexpr (std::is_same_v<K, UpdateClassifier>) {
          for (auto* id : {&k.error, &k.input, &k.weight_scaling.mantissas, &k.bias_scaling.mantissas})
            see(*id, Access::read);
          see(k.weights, k.update_weights ? Access::read_write : Access::read);
          see(k.biases, k.update_biases ? Access::read_write : Access::read);
        } else {
          static_assert(kOnlyInputAndOutput<K>, "a new kernel needs its branch here");
          in_out(k);
        }
      },
      kernel);
}

}  // namespace thaw
