// TFLite's UNIDIRECTIONAL_SEQUENCE_LSTM on int8 with a cell state in int16: without peephole, projection or
// layer normalisation, as TensorFlow Lite Micro's reference kernel computes it. A sequence starts with states
// of zero.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Gates in this order, everywhere.
enum { THAW_LSTM_INPUT, THAW_LSTM_FORGET, THAW_LSTM_CELL, THAW_LSTM_OUTPUT, THAW_LSTM_GATES };

/// Factors are quantised multipliers and shifts. A gate's sums become Q3.12, its value Q0.15.
typedef struct thaw_lstm {
  int32_t steps, inputs, units;
  int32_t input_zero_point, output_zero_point;
  int32_t input_multiplier[THAW_LSTM_GATES], input_shift[THAW_LSTM_GATES];
  int32_t recurrent_multiplier[THAW_LSTM_GATES], recurrent_shift[THAW_LSTM_GATES];
  int32_t forget_multiplier, forget_shift;  // of forget gate * cell state
  int32_t update_multiplier, update_shift;  // of input gate * cell gate
  int32_t output_multiplier, output_shift;  // of output gate * tanh(cell state)
  int32_t cell_clip;                        // of the cell state; 0: none
  int32_t tanh_multiplier, tanh_shift;      // cell state to a third of 2^-12: times the one, by 2^the other
} thaw_lstm;

/// `input` [steps][inputs]; `weights`: of each gate [units][inputs], then of each gate [units][units] for the
/// output of the step before; `biases` [gates][units]; `sigmoid` [256]: 2^16 times the logistic function at
/// i/24; `output` [steps][units]; `cell` scratch, [units].
void thaw_lstm_s8(const thaw_lstm* lstm, const int8_t* input, const int8_t* weights, const int32_t* biases,
                  const uint16_t* sigmoid, int8_t* output, int16_t* cell);

#ifdef __cplusplus
}
#endif
