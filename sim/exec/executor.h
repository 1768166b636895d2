// Runs a Plan on the host, step by step, in an arena laid out as on the device.
// With the portable kernels this is the device's program; the host kernels compute the same bits faster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/kernels/training_step.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Which kernels compute the steps. Both give the same bits; a differential test holds them equal.
enum class KernelSet { portable, host };

/// What one training step gets from outside.
struct StepInput {
  int32_t label = 0;
  LearningRate rate;
  uint32_t seed = 1;
  uint32_t step = 0;               // counts every sample since the start of training
  const int8_t* target = nullptr;  // of a plan that regresses: as many as its output has
};

/// What the kernels of its updates take.
inline thaw_training_step training_step(const StepInput& input) {
  thaw_training_step step = {};
  step.rate_mantissa = input.rate.mantissa;
  step.rate_exponent = input.rate.exponent;
  step.seed = input.seed;
  step.step = input.step;
  return step;
}

class HostKernels;

/// One arena and one set of trained values. Not copyable; one thread at a time.
class Executor {
 public:
  /// `offsets`: of each arena buffer by id, as a Layout gives them; empty: every buffer gets a place of its
  /// own. The plan must outlive the executor. State is initialised for `seed`.
  Executor(const Plan& plan, std::span<const std::optional<int64_t>> offsets, KernelSet kernels,
           uint32_t seed);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Sets all state to its start: constants copied, gradient exponents (-64, 0), a fresh classifier drawn
  /// from `seed` (arithmetic section 5).
  void initialise(uint32_t seed);

  /// Sets the model's state variables alone to their start: a new sequence begins.
  void reset_variables();

  /// Called after each step, for dumps and tests.
  using Observer = std::function<void(const Step&)>;

  /// Runs the forward steps first .. last - 1 of the plan (all of them by default); logits or model outputs
  /// are then readable.
  void infer(size_t first = 0, const Observer& observer = nullptr, size_t last = SIZE_MAX);

  /// Runs the forward steps from `first` on and the loss of a training plan; nothing is trained. Of `input`
  /// the label or the target counts.
  StepResult judge(const StepInput& input, size_t first = 0);

  /// Runs all steps from `first` on; returns the loss and prediction before the update. When every error is 0
  /// nothing after the loss runs (section 5.5).
  StepResult train_step(const StepInput& input, size_t first = 0, const Observer& observer = nullptr);

  /// The bytes of a buffer, where it now lies.
  std::span<std::byte> bytes(BufferId id);
  std::span<const std::byte> bytes(BufferId id) const;
  template <class T>
  std::span<T> values(BufferId id) {
    const std::span<std::byte> raw = bytes(id);
    return {reinterpret_cast<T*>(raw.data()), raw.size() / sizeof(T)};
  }

  /// Every trained value in the plan's buffer order: what is saved across power loss (section 10), without
  /// step number and seed.
  std::vector<std::byte> state() const;
  /// Restores what state() gave; the size must fit. Throws Error at values beyond their limits
  /// (state_limit.h): the state is of no use then.
  void set_state(std::span<const std::byte> state);

  /// The exponent that gradient tensor `number` had in the last step.
  int32_t gradient_exponent(int32_t number) const;

  const Plan& plan() const { return plan_; }

 private:
  struct AlignedDelete {
    void operator()(std::byte* memory) const;
  };
  bool run(size_t step, const StepInput* input);
  void check_limit(const Buffer& buffer, std::span<const std::byte> values) const;

  const Plan& plan_;
  std::unique_ptr<std::byte[], AlignedDelete> memory_;  // arena, then state
  std::vector<std::byte*> address_;                     // by buffer; constants point into the plan
  std::unique_ptr<HostKernels> host_;                   // null with the portable kernels
};

}  // namespace thaw
