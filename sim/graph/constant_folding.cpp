#include "sim/graph/constant_folding.h"

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "sim/graph/constant_operators.h"
#include "sim/graph/sparse_tensor.h"
#include "sim/graph/tflite_access.h"

namespace thaw {
namespace {

constexpr int32_t kShape = 77, kRank = 110, kDensify = 124, kCallOnce = 129, kVarHandle = 142,
                  kAssignVariable = 144;

class Folder {
 public:
  Folder(const tflite::Model& model, const tflite::SubGraph& graph) : model_(model), graph_(graph) {}

  Folding run() {
    folding_.left_out.assign(count(graph_.operators()), false);
    for (size_t i = 0; i < folding_.left_out.size(); ++i) {
      const tflite::Operator& op = *graph_.operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
      if (op.opcode_index() >= count(model_.operator_codes())) continue;
      const int32_t code = builtin_code(*model_.operator_codes()->Get(op.opcode_index()));
      const bool of_variables =
          code == kCallOnce ? count(op.outputs()) == 0 : code >= kVarHandle && code <= kAssignVariable;
      folding_.left_out[i] = of_variables || fold(op, code);
    }
    return std::move(folding_);
  }

 private:
  const tflite::Tensor* tensor_at(int32_t index) const {
    if (index < 0 || static_cast<size_t>(index) >= count(graph_.tensors())) return nullptr;
    return graph_.tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
  }

  /// The bytes that the file stores for a tensor.
  std::span<const uint8_t> stored(const tflite::Tensor& tensor) const {
    if (tensor.is_variable() || tensor.buffer() >= count(model_.buffers())) return {};
    return values(model_.buffers()->Get(tensor.buffer())->data());
  }

  std::optional<ConstantView> constant_at(int32_t index) const {
    if (const auto made = folding_.constants.find(index); made != folding_.constants.end())
      return ConstantView{made->second.type, made->second.shape, made->second.bytes};
    const tflite::Tensor* tensor = tensor_at(index);
    if (tensor == nullptr || tensor->sparsity() != nullptr) return std::nullopt;
    const std::span<const int32_t> shape = values(tensor->shape());
    const std::span<const uint8_t> bytes = stored(*tensor);
    const auto elements = foldable_elements(shape);
    const size_t size = element_bytes(tensor->type());
    if (bytes.empty() || size == 0 || !elements || static_cast<size_t>(*elements) * size != bytes.size())
      return std::nullopt;
    return ConstantView{tensor->type(), {shape.begin(), shape.end()}, bytes};
  }

  bool fold(const tflite::Operator& op, int32_t code) {
    const std::span<const int32_t> inputs = values(op.inputs()), outputs = values(op.outputs());
    if (inputs.empty() || inputs.size() > kMostInputs || outputs.size() != 1) return false;
    const tflite::Tensor* output = tensor_at(outputs[0]);
    if (output == nullptr || folding_.constants.contains(outputs[0]) || !stored(*output).empty())
      return false;
    std::optional<ConstantValue> value;
    if (code == kShape || code == kRank)
      value = shape_of(inputs, *output, code == kRank);
    else if (code == kDensify)
      value = densified(inputs);
    else
      value = of_constants(op, code, *output);
    if (!value || value->type != output->type()) return false;
    bytes_ += static_cast<int64_t>(value->bytes.size());
    if (bytes_ > kMostFoldedBytes) return false;
    folding_.constants.emplace(outputs[0], *std::move(value));
    return true;
  }

  std::optional<ConstantValue> shape_of(std::span<const int32_t> inputs, const tflite::Tensor& output,
                                        bool only_rank) const {
    const tflite::Tensor* input = tensor_at(inputs[0]);
    if (input == nullptr || inputs.size() != 1) return std::nullopt;
    const std::span<const int32_t> shape = values(input->shape());
    if (!foldable_elements(shape)) return std::nullopt;
    const auto rank = static_cast<int32_t>(shape.size());
    if (only_rank) return constant_of(output.type(), {}, {rank});
    return constant_of(output.type(), {rank}, {shape.begin(), shape.end()});
  }

  std::optional<ConstantValue> densified(std::span<const int32_t> inputs) const {
    const tflite::Tensor* input = tensor_at(inputs[0]);
    if (input == nullptr || inputs.size() != 1) return std::nullopt;
    std::optional<std::vector<uint8_t>> bytes = dense_bytes(*input, stored(*input));
    if (!bytes) return std::nullopt;
    const std::span<const int32_t> shape = values(input->shape());
    return ConstantValue{input->type(), {shape.begin(), shape.end()}, *std::move(bytes)};
  }

  std::optional<ConstantValue> of_constants(const tflite::Operator& op, int32_t code,
                                            const tflite::Tensor& output) const {
    ConstantOperator all{code, op, {}, output};
    for (int32_t index : values(op.inputs())) {
      if (index == -1) continue;
      std::optional<ConstantView> constant = constant_at(index);
      if (!constant) return std::nullopt;
      all.inputs.push_back(*std::move(constant));
    }
    return evaluate(all);
  }

  static constexpr size_t kMostInputs = 64;

  const tflite::Model& model_;
  const tflite::SubGraph& graph_;
  Folding folding_;
  int64_t bytes_ = 0;  // of all folded constants
};

}  // namespace

Folding fold_constants(const tflite::Model& model, const tflite::SubGraph& graph) {
  return Folder(model, graph).run();
}

}  // namespace thaw
