#include "sim/exec/executor.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "engine/kernels/classifier.h"
#include "engine/kernels/gradient.h"
#include "sim/base/error.h"
#include "sim/exec/host/host_kernels.h"
#include "sim/exec/portable_kernels.h"
#include "sim/plan/state_limit.h"

namespace thaw {
namespace {

constexpr size_t kAlignment = 64;  // of the arena and of every state buffer on the host

size_t aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

const ClassifierForward* classifier_of(const Plan& plan) {
  for (const Step& step : plan.steps)
    if (const auto* k = std::get_if<ClassifierForward>(&step.kernel)) return k;
  return nullptr;
}

}  // namespace

Executor::Executor(const Plan& plan, std::span<const std::optional<int64_t>> offsets, KernelSet kernels,
                   uint32_t seed)
    : plan_(plan), address_(plan.buffers.size(), nullptr) {
  std::vector<size_t> at(plan.buffers.size(), 0);
  size_t end = 0;
  if (!offsets.empty()) {
    for (const Buffer& buffer : plan.buffers) {
      if (!in_arena(buffer.kind)) continue;
      at[buffer.id.index()] = static_cast<size_t>(*offsets[buffer.id.index()]);
      end = std::max(end, at[buffer.id.index()] + static_cast<size_t>(buffer.bytes));
    }
  }
  for (const Buffer& buffer : plan.buffers) {
    const bool placed = in_arena(buffer.kind) && !offsets.empty();
    if (placed || buffer.kind == BufferKind::constant) continue;
    end = aligned(end);
    at[buffer.id.index()] = end;
    end += static_cast<size_t>(buffer.bytes);
  }
  memory_.reset(static_cast<std::byte*>(::operator new(aligned(end + 1), std::align_val_t(kAlignment))));
  for (const Buffer& buffer : plan.buffers)
    address_[buffer.id.index()] = buffer.kind == BufferKind::constant
                                      ? const_cast<std::byte*>(buffer.data.data())  // kernels read only
                                      : memory_.get() + at[buffer.id.index()];
  if (kernels == KernelSet::host) host_ = std::make_unique<HostKernels>(plan, address_);
  initialise(seed);
}

Executor::~Executor() = default;

void Executor::AlignedDelete::operator()(std::byte* memory) const {
  ::operator delete(memory, std::align_val_t(kAlignment));
}

void Executor::initialise(uint32_t seed) {
  for (const Buffer& buffer : plan_.buffers) {
    if (buffer.kind != BufferKind::state) continue;
    std::byte* start = address_[buffer.id.index()];
    std::memset(start, 0, static_cast<size_t>(buffer.bytes));
    if (buffer.initial_value == InitialValue::copy_of_constant)
      std::memcpy(start, plan_.buffer(buffer.initial).data.data(), static_cast<size_t>(buffer.bytes));
    if (buffer.initial_value == InitialValue::gradient_exponents)
      std::fill_n(reinterpret_cast<thaw_gradient_state*>(start), plan_.gradient_tensors.size(),
                  thaw_gradient_state{.exponent = THAW_GRADIENT_START_EXPONENT, .quiet_steps = 0});
  }
  const ClassifierForward* k = classifier_of(plan_);
  if (k != nullptr && k->start_bound != 0)
    thaw_classifier_start(&k->classifier, seed, k->start_bound, values<int16_t>(k->weights).data(),
                          values<int32_t>(k->biases).data());
  if (host_) host_->state_changed();
  reset_variables();
}

void Executor::reset_variables() {
  for (const Buffer& buffer : plan_.buffers) {
    if (buffer.kind != BufferKind::variable) continue;
    std::byte* start = address_[buffer.id.index()];
    const std::vector<std::byte>& initial = plan_.buffer(buffer.initial).data;
    if (buffer.initial_value == InitialValue::repeated_constant)
      std::memset(start, std::to_integer<int>(initial[0]), static_cast<size_t>(buffer.bytes));
    else
      std::memcpy(start, initial.data(), static_cast<size_t>(buffer.bytes));
  }
}

bool Executor::run(size_t step, const StepInput* input) {
  if (host_) return host_->run(step, input);
  return run_portable(plan_, plan_.steps[step], BufferAddresses{address_}, input);
}

void Executor::infer(size_t first, const Observer& observer, size_t last) {
  last = std::min(last, plan_.steps.size());
  for (size_t i = first; i < last && plan_.steps[i].phase == Phase::forward; ++i) {
    run(i, nullptr);
    if (observer) observer(plan_.steps[i]);
  }
}

StepResult Executor::judge(const StepInput& input, size_t first) {
  const auto is_judged = [&](size_t i) {
    return i < plan_.steps.size() &&
           (plan_.steps[i].phase == Phase::forward || plan_.steps[i].phase == Phase::loss);
  };
  for (size_t i = first; is_judged(i); ++i) run(i, &input);
  return values<StepResult>(plan_.result)[0];
}

StepResult Executor::train_step(const StepInput& input, size_t first, const Observer& observer) {
  assert(plan_.task != Task::regress || input.target != nullptr);
  if (plan_.task == Task::classify && (input.label < 0 || input.label >= plan_.classes))
    throw Error(plan_.model_file,
                "label " + std::to_string(input.label) + " is not one of the " +
                    std::to_string(plan_.classes) + " classes",
                "Train a classifier for the classes of the data");
  for (size_t i = first; i < plan_.steps.size(); ++i) {
    const bool goes_on = run(i, &input);
    if (observer) observer(plan_.steps[i]);
    if (!goes_on) break;
  }
  return values<StepResult>(plan_.result)[0];
}

std::span<std::byte> Executor::bytes(BufferId id) {
  return {address_[id.index()], static_cast<size_t>(plan_.buffer(id).bytes)};
}

std::span<const std::byte> Executor::bytes(BufferId id) const {
  return {address_[id.index()], static_cast<size_t>(plan_.buffer(id).bytes)};
}

std::vector<std::byte> Executor::state() const {
  std::vector<std::byte> result;
  for (BufferId id : saved_state(plan_)) {
    const std::span<const std::byte> raw = bytes(id);
    result.insert(result.end(), raw.begin(), raw.end());
  }
  return result;
}

/// Sums of the forward pass fit into int32 only while biases and weights are what training can make of them.
void Executor::check_limit(const Buffer& buffer, std::span<const std::byte> values) const {
  const int64_t limit = state_limit(plan_, buffer.id);
  if (limit == 0) return;
  const bool bytes_wide = limit == 127;
  const size_t width = bytes_wide ? 1 : sizeof(int32_t);
  for (size_t at = 0; at + width <= values.size(); at += width) {
    int32_t value = static_cast<int8_t>(values[at]);
    if (!bytes_wide) std::memcpy(&value, values.data() + at, width);
    const bool from_model =
        bytes_wide && buffer.initial.present() && plan_.buffer(buffer.initial).data[at] == values[at];
    if (std::abs(int64_t{value}) > limit && !from_model)
      throw Error("state: " + buffer.name,
                  "value " + std::to_string(at / width) + " is " + std::to_string(value) + ", beyond " +
                      std::to_string(limit),
                  "No training gives such a state; train again");
  }
}

void Executor::set_state(std::span<const std::byte> state) {
  for (BufferId id : saved_state(plan_)) {
    const std::span<std::byte> raw = bytes(id);
    assert(state.size() >= raw.size());
    check_limit(plan_.buffer(id), state.first(raw.size()));
    std::copy_n(state.begin(), raw.size(), raw.begin());
    state = state.subspan(raw.size());
  }
  assert(state.empty());
  if (host_) host_->state_changed();
}

int32_t Executor::gradient_exponent(int32_t number) const {
  return reinterpret_cast<const int32_t*>(bytes(plan_.gradient_exponents).data())[number];
}

}  // namespace thaw
