// A flatbuffer is built from its leaves up: first the constants, then tensors and operators, then the model.
#include "sim/graph/tflite_writer.h"

#include <tflite_reduced_generated.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "sim/graph/operator_names.h"
#include "sim/graph/steering_constants.h"
#include "sim/graph/tflite_encoding.h"
#include "sim/graph/tflite_recurrent_reader.h"
#include "sim/graph/uint8_ends.h"

namespace thaw {

namespace {

using flatbuffers::Offset;

/// An operator's number in the file format, the oldest version of it that has int8, and its options.
struct Encoding {
  int32_t builtin_code;
  int32_t version;
  tflite::BuiltinOptions type;
  Offset<void> options;
};

class ModelWriter {
 public:
  explicit ModelWriter(const Graph& graph) : graph_(graph) {}

  std::vector<std::byte> write() {
    buffers_.push_back(tflite::CreateBuffer(builder_));  // buffer 0 is empty by convention
    for (const Tensor& tensor : graph_.tensors) write_tensor(tensor);
    const std::vector<int32_t> handles = write_reads();
    for (const Op& op : graph_.ops) write_op(op);
    write_assignments(handles);
    const auto outputs = write_end_operators();
    std::vector<Offset<tflite::SubGraph>> made = {
        tflite::CreateSubGraph(builder_, builder_.CreateVector(tensors_), indices(graph_.inputs), outputs,
                               builder_.CreateVector(operators_), builder_.CreateString("main"))};
    if (!graph_.variables.empty()) made.push_back(initialiser());
    const auto codes = operator_codes();
    const auto subgraphs = builder_.CreateVector(made);
    const auto buffers = builder_.CreateVector(buffers_);
    tflite::FinishModelBuffer(builder_, tflite::CreateModel(builder_, 3, codes, subgraphs, 0, buffers));
    const auto* start = reinterpret_cast<const std::byte*>(builder_.GetBufferPointer());
    return {start, start + builder_.GetSize()};
  }

 private:
  Offset<flatbuffers::Vector<int32_t>> indices(const std::vector<TensorId>& ids) {
    std::vector<int32_t> numbers;
    for (TensorId id : ids) numbers.push_back(id.value);
    return builder_.CreateVector(numbers);
  }

  void write_tensor(const Tensor& tensor) {
    Offset<tflite::QuantizationParameters> quantization = 0;
    if (tensor.quantization.present()) {
      std::vector<int64_t> zero_points(tensor.quantization.zero_points.begin(),
                                       tensor.quantization.zero_points.end());
      if (tensor.uint8_in_file && zero_points.empty()) zero_points.push_back(0);
      if (tensor.uint8_in_file)
        for (int64_t& zero_point : zero_points) zero_point += kUint8Offset;
      const auto scales = builder_.CreateVector(tensor.quantization.scales);
      const auto zeros = builder_.CreateVector(zero_points);
      quantization =
          tflite::CreateQuantizationParameters(builder_, scales, zeros, 0, tensor.quantization.axis);
    }
    const tflite::TensorType type = tensor.uint8_in_file ? tflite::TensorType::UINT8 : encoded(tensor.type);
    write_tensor(tensor.name, type, tensor.shape, buffer(tensor.data), quantization);
  }

  void write_tensor(const std::string& name, tflite::TensorType type, const std::vector<int32_t>& shape,
                    uint32_t buffer, Offset<tflite::QuantizationParameters> quantization) {
    const auto shape_vector = builder_.CreateVector(shape);
    const auto name_string = builder_.CreateString(name);
    tensors_.push_back(tflite::CreateTensor(builder_, shape_vector, type, buffer, name_string, quantization));
  }

  /// Number of the buffer that holds `data`; 0, the empty one, for none.
  uint32_t buffer(const std::vector<std::byte>& data) {
    if (data.empty()) return 0;
    builder_.ForceVectorAlignment(data.size(), 1, 16);
    const auto bytes = builder_.CreateVector(reinterpret_cast<const uint8_t*>(data.data()), data.size());
    buffers_.push_back(tflite::CreateBuffer(builder_, bytes));
    return static_cast<uint32_t>(buffers_.size() - 1);
  }

  void write_op(const Op& op) {
    std::vector<int32_t> inputs;
    for (TensorId id : op.inputs) inputs.push_back(id.value);
    for (const SteeringConstant& steering : steering_constants(graph_, op)) {
      const SteeringConstant* constant = &steering;
      const std::string& output_name = graph_.tensor(op.outputs.at(0)).name;
      std::vector<std::byte> data;
      for (int32_t value : constant->values)
        for (uint32_t shift = 0; shift < 32; shift += 8)
          data.push_back(static_cast<std::byte>((static_cast<uint32_t>(value) >> shift) & 0xff));
      write_tensor(output_name + constant->suffix, tflite::TensorType::INT32, constant->shape, buffer(data),
                   0);
      inputs.push_back(static_cast<int32_t>(tensors_.size() - 1));
    }
    std::vector<int32_t> intermediates;
    if (const auto* lstm = std::get_if<Lstm>(&op.kind)) intermediates = add_lstm_states(op, *lstm, inputs);
    const Encoding encoding = std::visit([&](const auto& kind) { return encode(kind, op); }, op.kind);
    const uint32_t code = operator_code(encoding);
    const auto input_vector = builder_.CreateVector(inputs);
    const auto outputs = indices(op.outputs);
    const auto intermediate_vector = intermediates.empty() ? 0 : builder_.CreateVector(intermediates);
    operators_.push_back(tflite::CreateOperator(builder_, code, input_vector, outputs, encoding.type,
                                                encoding.options, intermediate_vector));
  }

  void write_variable_operator(const Encoding& encoding, const std::vector<int32_t>& inputs,
                               const std::vector<int32_t>& outputs) {
    const uint32_t code = operator_code(encoding);
    const auto read = builder_.CreateVector(inputs), written = builder_.CreateVector(outputs);
    operators_.push_back(
        tflite::CreateOperator(builder_, code, read, written, encoding.type, encoding.options));
  }

  /// The handle of a state variable in the subgraph that is being written.
  int32_t write_handle(const StateVariable& variable) {
    const int32_t handle = new_tensor(variable.name, tflite::TensorType::RESOURCE, {}, 0.0F, 0, false);
    const auto name = builder_.CreateString(variable.name);
    const auto options = tflite::CreateVarHandleOptions(builder_, 0, name);
    write_variable_operator({142, 1, tflite::BuiltinOptions::VarHandleOptions, options.Union()}, {},
                            {handle});
    return handle;
  }

  /// State variables are started once and read before everything else. Returns their handles.
  std::vector<int32_t> write_reads() {
    std::vector<int32_t> handles;
    if (!graph_.variables.empty())
      write_variable_operator({129, 1, tflite::BuiltinOptions::CallOnceOptions,
                               tflite::CreateCallOnceOptions(builder_, 1).Union()},
                              {}, {});
    for (const StateVariable& variable : graph_.variables) {
      handles.push_back(write_handle(variable));
      write_variable_operator({143, 1, tflite::BuiltinOptions::ReadVariableOptions,
                               tflite::CreateReadVariableOptions(builder_).Union()},
                              {handles.back()}, {variable.content.value});
    }
    return handles;
  }

  void write_assignment(int32_t handle, int32_t value) {
    write_variable_operator({144, 1, tflite::BuiltinOptions::AssignVariableOptions,
                             tflite::CreateAssignVariableOptions(builder_).Union()},
                            {handle, value}, {});
  }

  void write_assignments(const std::vector<int32_t>& handles) {
    for (size_t k = 0; k < handles.size(); ++k)
      if (graph_.variables[k].next.present()) write_assignment(handles[k], graph_.variables[k].next.value);
  }

  /// The subgraph that gives every state variable its first value.
  Offset<tflite::SubGraph> initialiser() {
    tensors_.clear();
    operators_.clear();
    for (const StateVariable& variable : graph_.variables) {
      const int32_t handle = write_handle(variable);
      Tensor value = graph_.tensor(variable.content);
      value.data = variable.initial;
      write_tensor(value);
      write_assignment(handle, static_cast<int32_t>(tensors_.size() - 1));
    }
    const auto none = builder_.CreateVector(std::vector<int32_t>());
    return tflite::CreateSubGraph(builder_, builder_.CreateVector(tensors_), none, none,
                                  builder_.CreateVector(operators_), builder_.CreateString("initialise"));
  }

  /// Number of a new tensor of this type, shape and scale (0: none), perhaps a variable.
  int32_t new_tensor(const std::string& name, tflite::TensorType type, const std::vector<int32_t>& shape,
                     float scale, int64_t zero_point, bool variable) {
    Offset<tflite::QuantizationParameters> quantization = 0;
    if (scale > 0.0F) {
      const auto scales = builder_.CreateVector(&scale, 1);
      quantization =
          tflite::CreateQuantizationParameters(builder_, scales, builder_.CreateVector(&zero_point, 1));
    }
    const auto shape_vector = builder_.CreateVector(shape);
    const auto name_string = builder_.CreateString(name);
    tensors_.push_back(
        tflite::CreateTensor(builder_, shape_vector, type, 0, name_string, quantization, variable));
    return static_cast<int32_t>(tensors_.size() - 1);
  }

  /// Spreads the inputs to their places in the file, with the states. Returns the tensors between that the
  /// file format wants: the last is the hidden state's scale.
  std::vector<int32_t> add_lstm_states(const Op& op, const Lstm& lstm, std::vector<int32_t>& inputs) {
    const Tensor& output = graph_.tensor(op.outputs.at(0));
    const float scale = output.quantization.scale();
    const int32_t zero_point = output.quantization.zero_point(), units = output.shape.back();
    std::vector<int32_t> placed(kLstmInputs, -1);
    for (size_t k = 0; k < inputs.size(); ++k) placed[kLstmPlaces[k]] = inputs[k];
    placed[kLstmHiddenState] =
        new_tensor(output.name + "/hidden", tflite::TensorType::INT8, {1, units}, scale, zero_point, true);
    placed[kLstmCellState] = new_tensor(output.name + "/cell", tflite::TensorType::INT16, {1, units},
                                        std::ldexp(1.0F, lstm.cell_scale_power), 0, true);
    inputs = placed;
    std::vector<int32_t> between;
    for (int k = 0; k < 4; ++k)
      between.push_back(new_tensor(output.name + "/gate", tflite::TensorType::INT16, {0}, 0.0F, 0, false));
    between.push_back(
        new_tensor(output.name + "/gated", tflite::TensorType::INT8, {0}, scale, zero_point, false));
    return between;
  }

  /// What the file has behind the graph's outputs, and with it the model's outputs.
  Offset<flatbuffers::Vector<int32_t>> write_end_operators() {
    std::vector<int32_t> ends;
    for (TensorId id : graph_.outputs) ends.push_back(id.value);
    for (const EndOperator& end : graph_.end_operators) {
      Tensor result = end.result;
      result.shape = graph_.tensor(graph_.outputs.at(end.output)).shape;
      write_tensor(result);
      int32_t& last = ends.at(end.output);
      const auto made = static_cast<int32_t>(tensors_.size() - 1);
      Encoding encoding = {end.builtin_code, 1, tflite::BuiltinOptions::NONE, {}};
      if (end.builtin_code == 25) encoding = encode(Softmax{end.beta}, {});
      const uint32_t code = operator_code(encoding);
      const auto read = builder_.CreateVector(&last, 1), written = builder_.CreateVector(&made, 1);
      operators_.push_back(
          tflite::CreateOperator(builder_, code, read, written, encoding.type, encoding.options));
      last = made;
    }
    return builder_.CreateVector(ends);
  }

  /// Position of an operator in the model's list of those it uses.
  uint32_t operator_code(const Encoding& encoding) {
    const std::pair<int32_t, int32_t> code(encoding.builtin_code, encoding.version);
    const auto it = std::find(codes_.begin(), codes_.end(), code);
    const auto position = static_cast<uint32_t>(it - codes_.begin());
    if (it == codes_.end()) codes_.push_back(code);
    return position;
  }

  Offset<flatbuffers::Vector<Offset<tflite::OperatorCode>>> operator_codes() {
    std::vector<Offset<tflite::OperatorCode>> codes;
    for (const auto& [builtin_code, version] : codes_)
      codes.push_back(
          tflite::CreateOperatorCode(builder_, static_cast<int8_t>(builtin_code), 0, version, builtin_code));
    return builder_.CreateVector(codes);
  }

  Encoding encode(const Conv2d& k, const Op&) {
    const auto options =
        tflite::CreateConv2DOptions(builder_, encoded(k.padding), k.stride_width, k.stride_height,
                                    encoded(k.activation), k.dilation_width, k.dilation_height);
    return {3, 3, tflite::BuiltinOptions::Conv2DOptions, options.Union()};
  }
  Encoding encode(const DepthwiseConv2d& k, const Op&) {
    const auto options = tflite::CreateDepthwiseConv2DOptions(
        builder_, encoded(k.padding), k.stride_width, k.stride_height, k.depth_multiplier,
        encoded(k.activation), k.dilation_width, k.dilation_height);
    return {4, 3, tflite::BuiltinOptions::DepthwiseConv2DOptions, options.Union()};
  }
  Encoding encode(const FullyConnected& k, const Op& op) {
    const auto options =
        tflite::CreateFullyConnectedOptions(builder_, encoded(k.activation), 0, k.keep_num_dims);
    // One scale per output came to the format with version 12, keep_num_dims with 5.
    const bool has_weights =
        op.inputs.size() > 1 && op.inputs[1].present() && op.inputs[1].index() < graph_.tensors.size();
    const bool per_channel = has_weights && graph_.tensor(op.inputs[1]).quantization.scales.size() > 1;
    return {9,
            per_channel       ? 12
            : k.keep_num_dims ? 5
                              : 4,
            tflite::BuiltinOptions::FullyConnectedOptions, options.Union()};
  }
  Encoding encode(const Add& k, const Op&) {
    const auto options = tflite::CreateAddOptions(builder_, encoded(k.activation));
    return {0, 2, tflite::BuiltinOptions::AddOptions, options.Union()};
  }
  template <class Pool>
  Offset<void> pool_options(const Pool& k) {
    return tflite::CreatePool2DOptions(builder_, encoded(k.padding), k.stride_width, k.stride_height,
                                       k.filter_width, k.filter_height, encoded(k.activation))
        .Union();
  }
  Encoding encode(const AveragePool2d& k, const Op&) {
    return {1, 2, tflite::BuiltinOptions::Pool2DOptions, pool_options(k)};
  }
  Encoding encode(const MaxPool2d& k, const Op&) {
    return {17, 2, tflite::BuiltinOptions::Pool2DOptions, pool_options(k)};
  }
  Encoding encode(const Mean& k, const Op&) {
    return {40, 2, tflite::BuiltinOptions::ReducerOptions,
            tflite::CreateReducerOptions(builder_, k.keep_dims).Union()};
  }
  Encoding encode(const Pad&, const Op&) {
    return {34, 2, tflite::BuiltinOptions::PadOptions, tflite::CreatePadOptions(builder_).Union()};
  }
  Encoding encode(const Reshape&, const Op& op) {
    const auto shape = builder_.CreateVector(op.outputs.empty() ? std::vector<int32_t>{}
                                                                : graph_.tensor(op.outputs[0]).shape);
    return {22, 1, tflite::BuiltinOptions::ReshapeOptions,
            tflite::CreateReshapeOptions(builder_, shape).Union()};
  }
  Encoding encode(const Transpose&, const Op&) {
    return {39, 2, tflite::BuiltinOptions::TransposeOptions,
            tflite::CreateTransposeOptions(builder_).Union()};
  }
  Encoding encode(const Softmax& k, const Op&) {
    return {25, 2, tflite::BuiltinOptions::SoftmaxOptions,
            tflite::CreateSoftmaxOptions(builder_, k.beta).Union()};
  }
  Encoding encode(const Quantize&, const Op&) {
    return {114, 1, tflite::BuiltinOptions::QuantizeOptions, tflite::CreateQuantizeOptions(builder_).Union()};
  }
  Encoding encode(const Dequantize&, const Op&) {
    return {6, 2, tflite::BuiltinOptions::DequantizeOptions,
            tflite::CreateDequantizeOptions(builder_).Union()};
  }
  Encoding encode(const Concatenation& k, const Op& op) {
    if (k.new_axis)
      return {83, 2, tflite::BuiltinOptions::PackOptions,
              tflite::CreatePackOptions(builder_, static_cast<int32_t>(op.inputs.size()), k.axis).Union()};
    return {2, 2, tflite::BuiltinOptions::ConcatenationOptions,
            tflite::CreateConcatenationOptions(builder_, k.axis).Union()};
  }
  Encoding encode(const Binary& k, const Op&) {
    const int32_t code = builtin_number(k.function);
    switch (k.function) {
      case BinaryFunction::sub:
        return {code, 2, tflite::BuiltinOptions::SubOptions,
                tflite::CreateSubOptions(builder_, encoded(k.activation)).Union()};
      case BinaryFunction::mul:
        return {code, 2, tflite::BuiltinOptions::MulOptions,
                tflite::CreateMulOptions(builder_, encoded(k.activation)).Union()};
      case BinaryFunction::prelu:
        return {code, 1, tflite::BuiltinOptions::NONE, 0};
      case BinaryFunction::maximum:
      case BinaryFunction::minimum:
        break;
    }
    return {code, 2, tflite::BuiltinOptions::MaximumMinimumOptions,
            tflite::CreateMaximumMinimumOptions(builder_).Union()};
  }
  Encoding encode(const Unary& k, const Op&) {
    const int32_t code = builtin_number(k.function);
    if (k.function == UnaryFunction::leaky_relu)
      return {code, 2, tflite::BuiltinOptions::LeakyReluOptions,
              tflite::CreateLeakyReluOptions(builder_, k.alpha).Union()};
    if (k.function == UnaryFunction::divide)
      return {code, 2, tflite::BuiltinOptions::DivOptions, tflite::CreateDivOptions(builder_).Union()};
    return {code, 2, tflite::BuiltinOptions::NONE, 0};
  }
  /// Every slice is written as the one operator that can be any of them.
  Encoding encode(const Slice& k, const Op& op) {
    return {45, 2, tflite::BuiltinOptions::StridedSliceOptions,
            tflite::CreateStridedSliceOptions(builder_, 0, end_mask(k), 0, 0,
                                              shrink_mask(k, graph_.tensor(op.outputs.at(0)).shape))
                .Union()};
  }
  Encoding encode(const Resize& k, const Op&) {
    if (k.bilinear)
      return {23, 3, tflite::BuiltinOptions::ResizeBilinearOptions,
              tflite::CreateResizeBilinearOptions(builder_, k.align_corners, k.half_pixel_centers).Union()};
    return {
        97, 3, tflite::BuiltinOptions::ResizeNearestNeighborOptions,
        tflite::CreateResizeNearestNeighborOptions(builder_, k.align_corners, k.half_pixel_centers).Union()};
  }
  Encoding encode(const Lstm& k, const Op&) {
    return {kLstmNumber, 3, tflite::BuiltinOptions::UnidirectionalSequenceLSTMOptions,
            tflite::CreateUnidirectionalSequenceLSTMOptions(builder_, tflite::ActivationFunctionType::TANH,
                                                            k.cell_clip, 0.0F, k.time_major)
                .Union()};
  }

  const Graph& graph_;
  flatbuffers::FlatBufferBuilder builder_;
  std::vector<Offset<tflite::Buffer>> buffers_;
  std::vector<Offset<tflite::Tensor>> tensors_;
  std::vector<Offset<tflite::Operator>> operators_;
  std::vector<std::pair<int32_t, int32_t>> codes_;  // operator number and version, in order of first use
};

}  // namespace

std::vector<std::byte> write_tflite(const Graph& graph) {
  return ModelWriter(graph).write();
}

}  // namespace thaw
