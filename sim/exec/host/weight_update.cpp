#include "sim/exec/host/weight_update.h"

#include "engine/kernels/random.h"
#include "engine/kernels/update_rule.h"
#include "sim/exec/host/update_kernels.h"

namespace thaw {
namespace {

/// The layer's weights: those of its forward step.
EffectiveWeights& weights_of(const UpdateWeights& k, HostBinding& binding) {
  for (auto& [ids, weights] : binding.weights)
    if (ids.second == k.weights.value) return *weights;
  return binding.weights_of(k.window, k.depthwise, BufferId(), k.weights, k.channels);
}

}  // namespace

WeightUpdate::WeightUpdate(const UpdateWeights& kernel, int32_t rows, int32_t row_weights,
                           HostBinding& binding)
    : binding_(binding),
      kernel_(kernel),
      weights_(weights_of(kernel, binding)),
      rows_(rows),
      row_weights_(row_weights) {
  for (Scratch* values : {&binding.workspace.fixed, &binding.workspace.updated, &binding.workspace.random})
    values->reserve(count() * 2);
}

void WeightUpdate::begin(const StepInput& input) {
  training_ = training_step(input);
  const thaw_channel_scale scale = binding_.scale(kernel_.scaling);
  shift_ =
      thaw_sat32(thaw_update_shift(&scale, binding_.gradient_exponent(kernel_.tensor), &training_), 2, 62);
  const uint32_t key = thaw_key(training_.seed, thaw_weight_stream(kernel_.convolution), training_.step);
  random16(key, count(), binding_.workspace.random.as<uint16_t>());
  unpack_weights(binding_.at<const int8_t>(kernel_.weights), binding_.at<const uint8_t>(kernel_.fractions),
                 kernel_.fraction_bits, count(), binding_.workspace.fixed.as<int16_t>());
}

void WeightUpdate::move_row(int32_t row, int32_t channel, const int32_t* sums, int32_t offset) {
  const thaw_channel_scale scale = binding_.scale(kernel_.scaling);
  const int64_t at = int64_t{row} * row_weights_;
  WeightRow r;
  r.sums = sums;
  r.offset = offset;
  r.multiplier = thaw_update_multiplier(&scale, channel, &training_);
  r.shift = shift_;
  r.fraction_bits = kernel_.fraction_bits;
  r.count = row_weights_;
  r.random = binding_.workspace.random.as<uint16_t>() + at;
  r.fixed = binding_.workspace.fixed.as<int16_t>() + at;
  r.updated = binding_.workspace.updated.as<int16_t>() + at;
  update_row(r);
}

void WeightUpdate::finish() {
  pack_weights(binding_.workspace.updated.as<int16_t>(), kernel_.fraction_bits, count(),
               binding_.at<int8_t>(kernel_.weights), binding_.at<uint8_t>(kernel_.fractions));
  weights_.changed();
}

}  // namespace thaw
