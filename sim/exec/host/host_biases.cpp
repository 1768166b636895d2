// Bias updates on the host: column sums of the gradient, then the stochastic rule channel by channel.
#include "engine/kernels/random.h"
#include "engine/kernels/update_rule.h"
#include "sim/exec/host/host_step.h"
#include "sim/exec/host/operand_packing.h"
#include "sim/exec/host/update_kernels.h"

namespace thaw {
namespace {

class HostBiases : public HostStep {
 public:
  HostBiases(const UpdateBiases& k, HostBinding& binding) : binding_(binding), kernel_(k) {
    binding.workspace.sums.reserve(int64_t{k.channels} * 4);
    binding.workspace.random.reserve(int64_t{k.channels} * 2);
  }

  void run(const StepInput* input) override {
    auto* sums = binding_.workspace.sums.as<int32_t>();
    if (binding_.gradient_bits(kernel_.tensor) == 7)
      column_sums(binding_.at<const int8_t>(kernel_.gradient), kernel_.positions, kernel_.channels,
                  kernel_.channels, sums);
    else
      column_sums(binding_.at<const int16_t>(kernel_.gradient), kernel_.positions, kernel_.channels,
                  kernel_.channels, sums);
    const thaw_training_step training = training_step(*input);
    const thaw_channel_scale scale = binding_.scale(kernel_.scaling);
    const int32_t shift = thaw_update_shift(&scale, binding_.gradient_exponent(kernel_.tensor), &training);
    const uint32_t key = thaw_key(training.seed, thaw_bias_stream(kernel_.convolution), training.step);
    auto* random = binding_.workspace.random.as<uint16_t>();
    random16(key, kernel_.channels, random);
    auto* biases = binding_.at<int32_t>(kernel_.biases);
    for (int32_t c = 0; c < kernel_.channels; ++c)
      biases[c] = thaw_update_bias(biases[c], sums[c], thaw_update_multiplier(&scale, c, &training), shift,
                                   random[c], kernel_.limit);
  }

 private:
  HostBinding& binding_;
  const UpdateBiases& kernel_;
};

}  // namespace

std::unique_ptr<HostStep> prepare(const UpdateBiases& kernel, HostBinding& binding) {
  return std::make_unique<HostBiases>(kernel, binding);
}

}  // namespace thaw
