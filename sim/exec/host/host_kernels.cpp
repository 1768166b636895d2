#include "sim/exec/host/host_kernels.h"

#include "sim/exec/host/host_step.h"
#include "sim/exec/host/integer_dot_versions.h"
#include "sim/exec/portable_kernels.h"

namespace thaw {
namespace {

/// Kernels without a host version: small, or rare.
template <class K>
std::unique_ptr<HostStep> prepare(const K&, HostBinding&) {
  return nullptr;
}

}  // namespace

WordFormat word_format(bool int8_source) {
  return int8_source ? integer_dot_version().int8_format : WordFormat::int16_pairs;
}

std::vector<int32_t> padded_values(const int32_t* values, int32_t count, int32_t columns) {
  std::vector<int32_t> padded(static_cast<size_t>(padded_columns(columns)), 0);
  for (int32_t c = 0; c < columns; ++c) padded[static_cast<size_t>(c)] = values[count == 1 ? 0 : c];
  return padded;
}

EffectiveWeights& HostBinding::weights_of(const Window& window, bool depthwise, BufferId frozen,
                                          BufferId trained, const std::vector<uint16_t>& trained_channels) {
  std::unique_ptr<EffectiveWeights>& entry = weights[{frozen.value, trained.value}];
  if (!entry)
    entry = std::make_unique<EffectiveWeights>(WeightSources{
        depthwise, window.output_channels, static_cast<int32_t>(window.taps()), window.input_channels,
        at<const int8_t>(frozen), at<const int8_t>(trained), trained_channels});
  return *entry;
}

struct HostKernels::Prepared {
  HostBinding binding;
  std::vector<std::unique_ptr<HostStep>> steps;  // null: the portable kernel serves
};

HostKernels::HostKernels(const Plan& plan, const std::vector<std::byte*>& address)
    : prepared_(new Prepared{{plan, address, {}, {}}, {}}) {
  for (const Step& step : plan.steps)
    prepared_->steps.push_back(
        std::visit([&](const auto& k) { return prepare(k, prepared_->binding); }, step.kernel));
}

HostKernels::~HostKernels() = default;

bool HostKernels::run(size_t step, const StepInput* input) {
  const HostBinding& binding = prepared_->binding;
  if (!prepared_->steps[step])
    return run_portable(binding.plan, binding.plan.steps[step], BufferAddresses{binding.address}, input);
  prepared_->steps[step]->run(input);
  return true;
}

void HostKernels::state_changed() {
  for (auto& entry : prepared_->binding.weights) entry.second->changed();
}

}  // namespace thaw
