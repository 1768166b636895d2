// See lstm.h. A unit after the other: its gates read only the input and the output of the step before.
#include "engine/kernels/lstm.h"

#include <stddef.h>

#include "engine/kernels/fixed_point.h"

static int32_t sat16(int32_t x) {
  return thaw_sat32(x, INT16_MIN, INT16_MAX);
}

// 2^shift times the table's function between its points, `x` in units of 2^-shift of their distance.
static int32_t between(const uint16_t* sigmoid, uint32_t x, int32_t shift) {
  const uint32_t place = x >> shift;
  const uint32_t rest = x & ((UINT32_C(1) << shift) - 1);
  const uint32_t below = sigmoid[place];
  return (int32_t)((below << shift) + rest * (sigmoid[place + 1] - below));
}

static uint32_t magnitude(int32_t x) {
  return x < 0 ? 0U - (uint32_t)x : (uint32_t)x;
}

// The logistic function of `x`, a third of 2^-12, in Q0.15.
static int32_t logistic(const uint16_t* sigmoid, int32_t x) {
  const uint32_t size = magnitude(x);
  const int32_t value = (size >> 9) >= 255 ? INT32_C(0x7FFF) * 1024 : between(sigmoid, size, 9);
  return (x >= 0 ? value + 512 : (INT32_C(1) << 25) - value + 511) / 1024;
}

// The hyperbolic tangent of the same, in Q0.15.
static int32_t tanh_of(const uint16_t* sigmoid, int32_t x) {
  const uint32_t size = magnitude(x);
  const int32_t value = (size >> 8) >= 255 ? INT32_C(0xFFFF) * 256 : between(sigmoid, size, 8);
  const int32_t centred = value - (INT32_C(1) << 23);
  return thaw_asr32(x >= 0 ? centred + 128 : 127 - centred, 8);
}

static int32_t dot(const int8_t* weights, const int8_t* values, int32_t count, int32_t zero_point) {
  int32_t sum = 0;
  for (int32_t i = 0; i < count; ++i) sum += weights[i] * (values[i] - zero_point);
  return sum;
}

// The sums of one gate of one unit, Q3.12. `before`: the output of the step before, NULL in the first.
static int32_t gate_sum(const thaw_lstm* lstm, int32_t gate, int32_t unit, const int8_t* input,
                        const int8_t* before, const int8_t* weights, const int32_t* biases) {
  const int32_t row = gate * lstm->units + unit;
  const int8_t* recurrent = weights + THAW_LSTM_GATES * lstm->units * lstm->inputs;
  const int32_t from_input =
      biases[row] + dot(weights + row * lstm->inputs, input, lstm->inputs, lstm->input_zero_point);
  const int32_t from_before =
      before ? dot(recurrent + row * lstm->units, before, lstm->units, lstm->output_zero_point) : 0;
  return sat16(sat16(thaw_mbqm(from_input, lstm->input_multiplier[gate], lstm->input_shift[gate])) +
               sat16(thaw_mbqm(from_before, lstm->recurrent_multiplier[gate], lstm->recurrent_shift[gate])));
}

// The cell state in units of a third of 2^-12.
static int32_t tanh_argument(const thaw_lstm* lstm, int32_t cell) {
  const int32_t scaled = cell * lstm->tanh_multiplier;
  if (lstm->tanh_shift == 0) return scaled;
  return thaw_asr32(scaled + (INT32_C(1) << (lstm->tanh_shift - 1)), lstm->tanh_shift);
}

void thaw_lstm_s8(const thaw_lstm* lstm, const int8_t* input, const int8_t* weights, const int32_t* biases,
                  const uint16_t* sigmoid, int8_t* output, int16_t* cell) {
  for (int32_t u = 0; u < lstm->units; ++u) cell[u] = 0;
  for (int32_t step = 0; step < lstm->steps; ++step) {
    const int8_t* x = input + step * lstm->inputs;
    int8_t* y = output + step * lstm->units;
    const int8_t* before = step == 0 ? NULL : y - lstm->units;
    for (int32_t u = 0; u < lstm->units; ++u) {
      int32_t gates[THAW_LSTM_GATES];
      for (int32_t g = 0; g < THAW_LSTM_GATES; ++g) {
        const int32_t sum = 3 * gate_sum(lstm, g, u, x, before, weights, biases);
        gates[g] = g == THAW_LSTM_CELL ? tanh_of(sigmoid, sum) : logistic(sigmoid, sum);
      }
      const int32_t kept =
          sat16(thaw_mbqm(gates[THAW_LSTM_FORGET] * cell[u], lstm->forget_multiplier, lstm->forget_shift));
      const int32_t added = sat16(thaw_mbqm(gates[THAW_LSTM_INPUT] * gates[THAW_LSTM_CELL],
                                            lstm->update_multiplier, lstm->update_shift));
      int32_t state = sat16(kept + added);
      if (lstm->cell_clip > 0) state = thaw_sat32(state, -lstm->cell_clip, lstm->cell_clip);
      cell[u] = (int16_t)state;
      const int32_t value = thaw_mbqm(tanh_of(sigmoid, tanh_argument(lstm, state)) * gates[THAW_LSTM_OUTPUT],
                                      lstm->output_multiplier, lstm->output_shift);
      y[u] = (int8_t)thaw_sat32(value + lstm->output_zero_point, INT8_MIN, INT8_MAX);
    }
  }
}
