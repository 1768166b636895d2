// From the verified flatbuffer to `Graph`: indices are resolved, options become typed operators, and the
// small constant tensors that only steer an operator (axes, paddings, permutations) become part of it.
#include "sim/graph/tflite_reader.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/printable.h"
#include "sim/base/sha256.h"
#include "sim/graph/foreign_model.h"
#include "sim/graph/graph_check.h"
#include "sim/graph/graph_paths.h"
#include "sim/graph/operator_names.h"
#include "sim/graph/safe_biases.h"
#include "sim/graph/tflite_access.h"
#include "sim/graph/tflite_verify.h"
#include "sim/graph/zero_scales.h"

namespace thaw {

namespace {

// Models for microcontrollers stay far below all of these; a hostile file must not make us allocate more.
constexpr uint64_t max_file_bytes = uint64_t{256} << 20;
// Bytes of constants, names and scales copied out of the file, and bytes of constants that operators read:
// both can exceed the file's size where many tensors or operators share a few bytes.
constexpr uint64_t max_copied_bytes = uint64_t{256} << 20;
constexpr uint64_t max_read_bytes = uint64_t{1} << 30;
constexpr size_t max_ends = 256;  // inputs, and outputs, of the model
constexpr size_t max_rank = 8;
constexpr size_t max_name_bytes = 4096;

// One file being read. Operators first refer to tensors by their number in the file; `finish` renumbers.
class ModelReader {
 public:
  ModelReader(const tflite::Model& model, std::string file_name)
      : model_(model), file_(std::move(file_name)) {}

  Graph read() {
    check_version();
    subgraph_ = model_.subgraphs()->Get(0);
    // Before anything else, so that a foreign model gets this message and not one about its first tensor.
    refuse_foreign_model(model_, file_);
    Graph graph;
    graph.file_name = printable(file_);
    for (size_t i = 0; i < count(subgraph_->operators()); ++i) graph.ops.push_back(read_op(i));
    graph.inputs = tensor_ids(values(subgraph_->inputs()), "subgraphs[0].inputs", Optional::no);
    graph.outputs = tensor_ids(values(subgraph_->outputs()), "subgraphs[0].outputs", Optional::no);
    read_tensors_in_use(graph);
    limit_constant_reads(graph);
    return graph;
  }

 private:
  enum class Optional { no, yes };

  [[noreturn]] void fail(const std::string& path, const std::string& what,
                         const std::string& hint = "") const {
    throw Error(file_ + ": " + path, what, hint);
  }

  void check_version() const {
    if (model_.version() != 3)
      fail("version", "is " + std::to_string(model_.version()) + ", expected 3", "Convert the model anew");
    if (count(model_.subgraphs()) != 1)
      fail("subgraphs", "holds " + std::to_string(count(model_.subgraphs())) + " subgraphs, expected 1",
           "Models with control flow or several entry points are not supported");
    const tflite::SubGraph& graph = *model_.subgraphs()->Get(0);
    if (count(graph.inputs()) > max_ends || count(graph.outputs()) > max_ends)
      fail("subgraphs[0]", "has more than " + std::to_string(max_ends) + " inputs or outputs");
    if (count(graph.operators()) == 0)
      fail("subgraphs[0].operators", "is empty, expected at least one operator");
  }

  const tflite::Operator& operator_at(size_t i) const {
    return *subgraph_->operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
  }

  const tflite::Tensor& tensor_at(int32_t index) const {
    return *subgraph_->tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
  }

  int32_t operator_number(size_t i) const {
    return builtin_code(*model_.operator_codes()->Get(operator_at(i).opcode_index()));
  }

  std::string op_path(size_t i) const {
    return "subgraphs[0].operators[" + std::to_string(i) + "] (" + builtin_operator_name(operator_number(i)) +
           ")";
  }

  void check_index(int32_t index, const std::string& path, Optional optional) const {
    const size_t tensors = count(subgraph_->tensors());
    if (optional == Optional::yes && index == -1) return;
    if (index < 0 || static_cast<size_t>(index) >= tensors)
      fail(path, "is tensor " + std::to_string(index) + ", but the model has " + std::to_string(tensors) +
                     " tensors");
  }

  std::vector<TensorId> tensor_ids(std::span<const int32_t> indices, const std::string& path,
                                   Optional optional) const {
    std::vector<TensorId> ids;
    for (size_t k = 0; k < indices.size(); ++k) {
      check_index(indices[k], path + "[" + std::to_string(k) + "]", optional);
      ids.emplace_back(indices[k]);
    }
    return ids;
  }

  Op read_op(size_t i) const {
    Op op;
    op.id = OpId(i);
    const tflite::Operator& source = operator_at(i);
    if (count(source.inputs()) > 16 || count(source.outputs()) > 16)
      fail(op_path(i), "has more than 16 inputs or outputs");
    op.inputs = tensor_ids(values(source.inputs()), op_path(i) + ".inputs", Optional::yes);
    op.outputs = tensor_ids(values(source.outputs()), op_path(i) + ".outputs", Optional::no);
    op.kind = read_kind(i, op);
    return op;
  }

  /// The options of operator i as table T. Converters always write them, defaults included.
  template <class T>
  const T& options(size_t i) const {
    const T* table = operator_at(i).builtin_options_as<T>();
    if (table == nullptr) fail(op_path(i) + ".builtin_options", "is missing or of another operator");
    return *table;
  }

  OpKind read_kind(size_t i, Op& op) const {
    switch (operator_number(i)) {
      case 0:
        return Add{activation(i, options<tflite::AddOptions>(i).fused_activation_function())};
      case 1:
        return read_pool<AveragePool2d>(i);
      case 3:
        return read_conv(i);
      case 4:
        return read_depthwise(i);
      case 6:
        return Dequantize{};
      case 9:
        return read_fully_connected(i);
      case 17:
        return read_pool<MaxPool2d>(i);
      case 22:
        return read_reshape(i, op);
      case 25:
        return Softmax{options<tflite::SoftmaxOptions>(i).beta()};
      case 34:
        return read_pad(i, op);
      case 39:
        return Transpose{take_integers(i, op, "permutation")};
      case 40:
        return read_mean(i, op);
      default:
        return Quantize{};  // 114, the last that is supported
    }
  }

  Activation activation(size_t i, tflite::ActivationFunctionType type) const {
    switch (type) {
      case tflite::ActivationFunctionType::NONE:
        return Activation::none;
      case tflite::ActivationFunctionType::RELU:
        return Activation::relu;
      case tflite::ActivationFunctionType::RELU6:
        return Activation::relu6;
      default:
        fail(op_path(i) + ".builtin_options.fused_activation_function",
             "is number " + std::to_string(static_cast<int>(type)) +
                 ", expected 0 (NONE), 1 (RELU) or 3 (RELU6)",
             "Convert the model with one of these activations");
    }
  }

  Padding padding(size_t i, tflite::Padding value) const {
    if (value == tflite::Padding::SAME) return Padding::same;
    if (value == tflite::Padding::VALID) return Padding::valid;
    fail(op_path(i) + ".builtin_options.padding",
         "is number " + std::to_string(static_cast<int>(value)) + ", expected 0 (SAME) or 1 (VALID)");
  }

  OpKind read_conv(size_t i) const {
    const auto& o = options<tflite::Conv2DOptions>(i);
    return Conv2d{.padding = padding(i, o.padding()),
                  .stride_height = o.stride_h(),
                  .stride_width = o.stride_w(),
                  .dilation_height = o.dilation_h_factor(),
                  .dilation_width = o.dilation_w_factor(),
                  .activation = activation(i, o.fused_activation_function())};
  }

  OpKind read_depthwise(size_t i) const {
    const auto& o = options<tflite::DepthwiseConv2DOptions>(i);
    return DepthwiseConv2d{.padding = padding(i, o.padding()),
                           .stride_height = o.stride_h(),
                           .stride_width = o.stride_w(),
                           .dilation_height = o.dilation_h_factor(),
                           .dilation_width = o.dilation_w_factor(),
                           .depth_multiplier = o.depth_multiplier(),
                           .activation = activation(i, o.fused_activation_function())};
  }

  OpKind read_fully_connected(size_t i) const {
    const auto& o = options<tflite::FullyConnectedOptions>(i);
    if (o.weights_format() != 0)
      fail(op_path(i) + ".builtin_options.weights_format",
           "is number " + std::to_string(o.weights_format()) + ", expected 0 (row-major weights)");
    return FullyConnected{.activation = activation(i, o.fused_activation_function()),
                          .keep_num_dims = o.keep_num_dims()};
  }

  template <class Pool>
  OpKind read_pool(size_t i) const {
    const auto& o = options<tflite::Pool2DOptions>(i);
    return Pool{.padding = padding(i, o.padding()),
                .stride_height = o.stride_h(),
                .stride_width = o.stride_w(),
                .filter_height = o.filter_height(),
                .filter_width = o.filter_width(),
                .activation = activation(i, o.fused_activation_function())};
  }

  OpKind read_mean(size_t i, Op& op) const {
    const bool keep_dims = options<tflite::ReducerOptions>(i).keep_dims();
    const std::vector<int32_t> axes = take_integers(i, op, "axes");
    const auto rank = static_cast<int32_t>(shape_of(op, i).size());
    std::set<int32_t> normalised;
    for (int32_t axis : axes) {
      if (axis < -rank || axis >= rank)
        fail(op_path(i) + ".inputs[1]",
             "names axis " + std::to_string(axis) + ", but the input has " + std::to_string(rank) + " axes");
      normalised.insert(axis < 0 ? axis + rank : axis);
    }
    return Mean{{normalised.begin(), normalised.end()}, keep_dims};
  }

  OpKind read_pad(size_t i, Op& op) const {
    const std::vector<int32_t> flat = take_integers(i, op, "paddings");
    if (flat.size() % 2 != 0)
      fail(op_path(i) + ".inputs[1]", "holds " + std::to_string(flat.size()) + " numbers, expected pairs");
    Pad pad;
    for (size_t k = 0; k < flat.size(); k += 2) pad.paddings.push_back({flat[k], flat[k + 1]});
    return pad;
  }

  /// The new shape is that of the output tensor; a constant that says otherwise is a broken file.
  OpKind read_reshape(size_t i, Op& op) const {
    if (op.inputs.size() != 2) return Reshape{};
    if (!op.inputs[1].present()) {
      op.inputs.pop_back();
      return Reshape{};
    }
    const std::vector<int32_t> wanted = take_integers(i, op, "new shape");
    if (op.outputs.empty()) return Reshape{};  // graph_check refuses it
    const std::span<const int32_t> stored = values(tensor_at(op.outputs[0].value).shape());
    bool equal = wanted.size() == stored.size();
    for (size_t k = 0; equal && k < wanted.size(); ++k) equal = wanted[k] == -1 || wanted[k] == stored[k];
    if (!equal) fail(op_path(i) + ".inputs[1]", "asks for another shape than the output tensor has");
    return Reshape{};
  }

  std::span<const int32_t> shape_of(const Op& op, size_t i) const {
    if (op.inputs.empty() || !op.inputs[0].present()) fail(op_path(i) + ".inputs", "is empty");
    return values(tensor_at(op.inputs[0].value).shape());
  }

  /// Removes input 1 from the operator and returns its values: a constant int32 or int64 tensor.
  std::vector<int32_t> take_integers(size_t i, Op& op, const char* meaning) const {
    const std::string path = op_path(i) + ".inputs[1]";
    if (op.inputs.size() != 2 || !op.inputs[1].present())
      fail(op_path(i) + ".inputs",
           "holds " + std::to_string(op.inputs.size()) + " tensors, expected 2: the data and the " + meaning);
    const tflite::Tensor& tensor = tensor_at(op.inputs[1].value);
    const bool wide = tensor.type() == tflite::TensorType::INT64;
    if (!wide && tensor.type() != tflite::TensorType::INT32)
      fail(path, std::string("is of type ") + type_name(tensor.type()) + ", expected int32");
    const std::span<const uint8_t> bytes = buffer_of(tensor, op.inputs[1].value);
    const size_t size = wide ? 8 : 4;
    if (bytes.empty() && elements_of(tensor) != 0)
      fail(path, std::string("is not a constant"),
           std::string("The ") + meaning + " must be fixed in the file");
    if (bytes.size() % size != 0 || bytes.size() / size != elements_of(tensor) ||
        bytes.size() / size > 2 * max_rank)
      fail(path, "holds " + std::to_string(bytes.size()) + " bytes, which does not fit its shape");
    std::vector<int32_t> result;
    for (size_t at = 0; at < bytes.size(); at += size)
      result.push_back(integer_at(bytes.subspan(at, size), path));
    op.inputs.pop_back();
    return result;
  }

  int32_t integer_at(std::span<const uint8_t> little_endian, const std::string& path) const {
    uint64_t bits = 0;
    for (size_t k = little_endian.size(); k-- > 0;) bits = (bits << 8) | little_endian[k];
    if (little_endian.size() == 4) return static_cast<int32_t>(static_cast<uint32_t>(bits));
    const auto value = static_cast<int64_t>(bits);
    if (value < INT32_MIN || value > INT32_MAX)
      fail(path, "holds " + std::to_string(value) + ", beyond int32");
    return static_cast<int32_t>(value);
  }

  /// Product of the shape, or SIZE_MAX where a dimension is negative or the product absurd.
  static size_t elements_of(const tflite::Tensor& tensor) {
    size_t n = 1;
    for (int32_t d : values(tensor.shape())) {
      if (d < 0 || (d != 0 && n > (size_t{1} << 40) / static_cast<size_t>(d))) return SIZE_MAX;
      n *= static_cast<size_t>(d);
    }
    return n;
  }

  /// Bytes of the tensor's buffer; empty where it is no constant.
  std::span<const uint8_t> buffer_of(const tflite::Tensor& tensor, int32_t index) const {
    const std::string path = "subgraphs[0].tensors[" + std::to_string(index) + "].buffer";
    if (tensor.buffer() >= count(model_.buffers()))
      fail(path, "is " + std::to_string(tensor.buffer()) + ", but the model has " +
                     std::to_string(count(model_.buffers())) + " buffers");
    const tflite::Buffer& buffer = *model_.buffers()->Get(tensor.buffer());
    if (buffer.offset() > 1 || buffer.size() > 1)
      fail("buffers[" + std::to_string(tensor.buffer()) + "].offset", "points outside the flatbuffer",
           "Convert the model with all constants inside it");
    return values(buffer.data());
  }

  void read_tensors_in_use(Graph& graph) {
    std::set<int32_t> used;
    const auto note = [&](const std::vector<TensorId>& ids) {
      for (TensorId id : ids)
        if (id.present()) used.insert(id.value);
    };
    for (const Op& op : graph.ops) note(op.inputs), note(op.outputs);
    note(graph.inputs), note(graph.outputs);

    std::map<int32_t, TensorId> new_id;
    for (int32_t index : used) {
      new_id[index] = TensorId(graph.tensors.size());
      graph.tensors.push_back(read_tensor(index, new_id[index]));
    }
    const auto renumber = [&](std::vector<TensorId>& ids) {
      for (TensorId& id : ids)
        if (id.present()) id = new_id[id.value];
    };
    for (Op& op : graph.ops) renumber(op.inputs), renumber(op.outputs);
    renumber(graph.inputs), renumber(graph.outputs);
  }

  Tensor read_tensor(int32_t index, TensorId id) {
    const tflite::Tensor& source = tensor_at(index);
    const std::string path =
        "subgraphs[0].tensors[" + std::to_string(index) + "] (" + quoted_name(source) + ")";
    Tensor tensor;
    tensor.id = id;
    tensor.file_index = index;
    if (source.name() != nullptr) {
      if (source.name()->size() > max_name_bytes)
        fail(path + ".name", "has more than " + std::to_string(max_name_bytes) + " bytes");
      count_copied(source.name()->size(), path + ".name");
      tensor.name = printable(source.name()->str());
    }
    tensor.type = data_type(source, path);
    const std::span<const int32_t> shape = values(source.shape());
    if (shape.size() > max_rank) fail(path + ".shape", "has more than " + std::to_string(max_rank) + " axes");
    tensor.shape.assign(shape.begin(), shape.end());
    if (source.is_variable())
      fail(path + ".is_variable", "is true; tensors that keep a state are not supported");
    if (source.sparsity() != nullptr)
      fail(path + ".sparsity", "is present; sparse tensors are not supported",
           "Convert the model with dense weights");
    if (tensor.type != DataType::float32) tensor.quantization = quantization(source, path);
    tensor.data = constant_bytes(source, index, path);
    return tensor;
  }

  DataType data_type(const tflite::Tensor& tensor, const std::string& path) const {
    switch (tensor.type()) {
      case tflite::TensorType::INT8:
        return DataType::int8;
      case tflite::TensorType::INT32:
        return DataType::int32;
      case tflite::TensorType::FLOAT32:
        return DataType::float32;
      default:
        fail(path + ".type",
             std::string("is ") + type_name(tensor.type()) + ", expected int8, int32 or float32",
             "Quantise the model to int8 activations and weights");
    }
  }

  Quantization quantization(const tflite::Tensor& tensor, const std::string& path) {
    Quantization result;
    const tflite::QuantizationParameters* source = tensor.quantization();
    if (source == nullptr) return result;  // graph_check says where it is needed
    if (source->details_type() != 0)
      fail(path + ".quantization.details", "is present; custom quantisation is not supported");
    const std::span<const float> scales = values(source->scale());
    const std::vector<int64_t> zero_points = zero_points_of(*source, path, scales.size());
    // A scale belongs to a slice of the tensor, so there cannot be more of them than elements along some
    // axis.
    const std::span<const int32_t> shape = values(tensor.shape());
    const int32_t longest = shape.empty() ? 1 : *std::max_element(shape.begin(), shape.end());
    if (scales.size() > static_cast<size_t>(std::max(longest, 1)))
      fail(path + ".quantization.scale",
           "holds " + std::to_string(scales.size()) + " scales, more than any axis has slices");
    for (int64_t zero_point : zero_points) {
      if (zero_point < -128 || zero_point > 127)
        fail(path + ".quantization.zero_point", "is " + std::to_string(zero_point) + ", expected -128..127");
      result.zero_points.push_back(static_cast<int32_t>(zero_point));
    }
    if (scales.empty()) return {};
    count_copied(scales.size_bytes(), path + ".quantization.scale");
    result.scales.assign(scales.begin(), scales.end());
    result.axis = source->quantized_dimension();
    return result;
  }

  std::vector<int64_t> zero_points_of(const tflite::QuantizationParameters& source, const std::string& path,
                                      size_t scales) const {
    const size_t size = count(source.zero_point());
    if (size != scales && size > 1)
      fail(path + ".quantization.zero_point",
           "holds " + std::to_string(size) + " zero points for " + std::to_string(scales) + " scales");
    std::vector<int64_t> result(size);
    if (size > 0) std::memcpy(result.data(), source.zero_point()->data(), size * sizeof(int64_t));
    return result;
  }

  std::vector<std::byte> constant_bytes(const tflite::Tensor& tensor, int32_t index,
                                        const std::string& path) {
    const std::span<const uint8_t> source = buffer_of(tensor, index);
    count_copied(source.size(), path);
    const std::span<const std::byte> bytes = std::as_bytes(source);
    return {bytes.begin(), bytes.end()};
  }

  void count_copied(uint64_t bytes, const std::string& path) {
    copied_bytes_ += bytes;
    if (copied_bytes_ > max_copied_bytes)
      fail(path, "brings constants and names to more than " + std::to_string(max_copied_bytes) + " bytes");
  }

  /// Operators may share constants; going through them all must stay affordable.
  void limit_constant_reads(const Graph& graph) const {
    uint64_t bytes = 0;
    for (const Op& op : graph.ops)
      for (TensorId id : op.inputs)
        if (id.present()) bytes += graph.tensor(id).data.size();
    if (bytes > max_read_bytes)
      fail("subgraphs[0].operators",
           "read constants of more than " + std::to_string(max_read_bytes) + " bytes");
  }

  const tflite::Model& model_;
  std::string file_;
  const tflite::SubGraph* subgraph_ = nullptr;
  uint64_t copied_bytes_ = 0;
};

}  // namespace

Graph read_tflite(std::span<const std::byte> bytes, const std::string& file_name) {
  // FlatBuffers reads scalars in place, so the file must start at an aligned address: a copy does.
  const std::vector<std::byte> aligned(bytes.begin(), bytes.end());
  Graph graph = ModelReader(verified_tflite(aligned, file_name), file_name).read();
  graph.sha256 = sha256_hex(bytes);
  check_graph(graph);
  return with_safe_biases(with_nonzero_scales(std::move(graph)));
}

Graph read_tflite(const std::filesystem::path& path) {
  return read_tflite(read_file(path, max_file_bytes), path.filename().string());
}

}  // namespace thaw
