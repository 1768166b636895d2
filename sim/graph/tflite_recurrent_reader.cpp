#include "sim/graph/tflite_recurrent_reader.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace thaw {
namespace {

/// A state's scale; throws where the tensor is no variable of this type, or has another zero point.
float scale_of_state(const OperatorSource& source, size_t k, tflite::TensorType type) {
  const tflite::Tensor& state = source.input_tensor(k);
  const std::string field = ".inputs[" + std::to_string(k) + "]";
  if (state.type() != type || !state.is_variable())
    source.fail(field,
                std::string("is ") + (state.is_variable() ? "" : "no variable, of type ") +
                    type_name(state.type()) + ", expected a variable of type " + type_name(type),
                "Convert the model to int8 with int16 cell states, as TFLITE_BUILTINS_INT8 does");
  const tflite::QuantizationParameters* q = state.quantization();
  if (q == nullptr || count(q->scale()) != 1 || !(q->scale()->Get(0) > 0.0F))
    source.fail(field + ".quantization.scale", "is missing, expected 1 scale above 0");
  return q->scale()->Get(0);
}

void check_inputs(const OperatorSource& source) {
  if (source.inputs().size() != kLstmInputs)
    source.fail(".inputs", "holds " + std::to_string(source.inputs().size()) + " tensors, expected " +
                               std::to_string(kLstmInputs));
  for (size_t k = 0; k < kLstmInputs; ++k) {
    const bool needed = k == kLstmHiddenState || k == kLstmCellState ||
                        std::find(std::begin(kLstmPlaces), std::end(kLstmPlaces), k) != std::end(kLstmPlaces);
    if (source.inputs()[k].present() != needed)
      source.fail(".inputs[" + std::to_string(k) + "]",
                  needed ? "is absent"
                         : "is there; coupled gates, peepholes, projections and layer normalisation are not "
                           "supported",
                  "Use the LSTM layer of Keras");
  }
}

}  // namespace

Op read_lstm(const OperatorSource& source) {
  check_inputs(source);
  const auto& options = source.options<tflite::UnidirectionalSequenceLSTMOptions>();
  if (options.fused_activation_function() != tflite::ActivationFunctionType::TANH)
    source.fail(".builtin_options.fused_activation_function", "is not TANH");
  const float cell_scale = scale_of_state(source, kLstmCellState, tflite::TensorType::INT16);
  int power = 0;
  if (std::frexp(cell_scale, &power) != 0.5F)
    source.fail(".inputs[19].quantization.scale",
                "is " + std::to_string(cell_scale) + ", expected a power of 2");
  Lstm lstm;
  lstm.cell_scale_power = power - 1;
  lstm.cell_clip = options.cell_clip();
  lstm.time_major = options.time_major();
  const float hidden_scale = scale_of_state(source, kLstmHiddenState, tflite::TensorType::INT8);
  const tflite::QuantizationParameters* output = source.output_tensor(0).quantization();
  if (output == nullptr || count(output->scale()) != 1 || output->scale()->Get(0) != hidden_scale)
    source.fail(".inputs[18].quantization.scale", "differs from that of the output");
  std::vector<TensorId> inputs;
  for (size_t place : kLstmPlaces) inputs.push_back(source.inputs()[place]);
  return source.op(lstm, std::move(inputs), source.outputs());
}

}  // namespace thaw
