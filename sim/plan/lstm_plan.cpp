#include "sim/plan/lstm_plan.h"

#include <algorithm>
#include <cmath>

#include "sim/graph/quantized_multiplier.h"

namespace thaw {
namespace {

constexpr double kGateUnit = 1.0 / 4096.0, kFunctionUnit = 1.0 / 32768.0;

void set(double factor, int32_t& multiplier, int32_t& shift) {
  const QuantizedMultiplier made = quantize_multiplier(factor);
  multiplier = made.multiplier;
  shift = made.shift;
}

/// The product of both scales is rounded to float32 first, as in FULLY_CONNECTED.
double gate_factor(float values, float weights) {
  return static_cast<double>(values * weights) / kGateUnit;
}

template <class T>
void append(const Graph& graph, TensorId id, std::vector<T>& to) {
  const Tensor& tensor = graph.tensor(id);
  const auto* first = reinterpret_cast<const T*>(tensor.data.data());
  to.insert(to.end(), first, first + tensor.elements());
}

}  // namespace

thaw_lstm lstm_parameters(const Graph& graph, const Op& op, const Lstm& lstm) {
  const Tensor& x = graph.tensor(op.inputs[0]);
  const Tensor& y = graph.tensor(op.outputs[0]);
  thaw_lstm p = {};
  p.steps = x.shape[lstm.time_major ? 0 : 1];
  p.inputs = x.shape[2];
  p.units = y.shape[2];
  p.input_zero_point = x.quantization.zero_point();
  p.output_zero_point = y.quantization.zero_point();
  for (size_t g = 0; g < THAW_LSTM_GATES; ++g) {
    const float weights = graph.tensor(op.inputs[1 + g]).quantization.scale();
    const float recurrent = graph.tensor(op.inputs[5 + g]).quantization.scale();
    set(gate_factor(x.quantization.scale(), weights), p.input_multiplier[g], p.input_shift[g]);
    set(gate_factor(y.quantization.scale(), recurrent), p.recurrent_multiplier[g], p.recurrent_shift[g]);
  }
  const double cell = std::ldexp(1.0, lstm.cell_scale_power);
  set(kFunctionUnit * cell / cell, p.forget_multiplier, p.forget_shift);
  set(kFunctionUnit * kFunctionUnit / cell, p.update_multiplier, p.update_shift);
  set(kFunctionUnit * kFunctionUnit / static_cast<double>(y.quantization.scale()), p.output_multiplier,
      p.output_shift);
  p.cell_clip = static_cast<int32_t>(std::min(static_cast<double>(lstm.cell_clip) / cell, 32767.0));
  const int32_t left = lstm.cell_scale_power + 12;
  p.tanh_multiplier = 3 << std::max(left, 0);
  p.tanh_shift = std::max(-left, 0);
  return p;
}

std::vector<int8_t> lstm_weights(const Graph& graph, const Op& op) {
  std::vector<int8_t> weights;
  for (size_t k = 1; k <= 2 * THAW_LSTM_GATES; ++k) append(graph, op.inputs[k], weights);
  return weights;
}

std::vector<int32_t> lstm_biases(const Graph& graph, const Op& op) {
  std::vector<int32_t> biases;
  for (size_t k = 2 * THAW_LSTM_GATES + 1; k < op.inputs.size(); ++k) append(graph, op.inputs[k], biases);
  return biases;
}

std::vector<uint16_t> lstm_sigmoid() {
  return {32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432,
          42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475,
          49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485,
          55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519,
          59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279, 61441, 61599, 61750, 61896, 62036,
          62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186, 63279, 63368, 63454, 63536,
          63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308, 64357, 64405,
          64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
          64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179,
          65194, 65208, 65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337,
          65345, 65352, 65360, 65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425,
          65429, 65433, 65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474,
          65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
          65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516, 65517,
          65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524, 65525, 65525,
          65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
          65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533,
          65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534,
          65534, 65534, 65534, 65535};
}

}  // namespace thaw
