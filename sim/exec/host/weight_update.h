// Arithmetic section 8 for all weights of one layer on the host: begin, a row of sums for each output
// channel, finish. What the sums come from is the caller's business.
#pragma once

#include <cstdint>

#include "sim/exec/host/host_step.h"
#include "sim/plan/plan.h"

namespace thaw {

class WeightUpdate {
 public:
  /// `rows` rows of `row_weights` weights, in the order of the state buffer. Reserves what it needs of the
  /// workspace: fixed, updated and random.
  WeightUpdate(const UpdateWeights& kernel, int32_t rows, int32_t row_weights, HostBinding& binding);

  /// Draws the step's random bits and reads the weights.
  void begin(const StepInput& input);
  /// Moves row `row`, which belongs to output channel `channel`, by sums[i] + offset; sums are readable up to
  /// a whole block of 16.
  void move_row(int32_t row, int32_t channel, const int32_t* sums, int32_t offset);
  /// Writes the weights back; the layer's packed copies are stale then.
  void finish();

 private:
  int64_t count() const { return int64_t{rows_} * row_weights_; }

  HostBinding& binding_;
  const UpdateWeights& kernel_;
  EffectiveWeights& weights_;
  int32_t rows_, row_weights_;
  thaw_training_step training_ = {};
  int32_t shift_ = 0;
};

}  // namespace thaw
