// Files of the TFLite format made field by field, for what our writer never writes.
#pragma once

#include <tflite_reduced_generated.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace thaw::testing {

/// Adds tensors and operators one by one to one subgraph; tensors are named t0, t1 .. as they come.
class FileBuilder {
 public:
  using Sparsity = flatbuffers::Offset<tflite::SparsityParameters>;

  flatbuffers::FlatBufferBuilder fb;

  /// A tensor without values. int8 and uint8 get the scale 0.5 and this zero point.
  int32_t tensor(tflite::TensorType type, const std::vector<int32_t>& shape, int64_t zero_point = 3) {
    return add_tensor(type, shape, 0, zero_point, {});
  }

  template <class T>
  int32_t constant(tflite::TensorType type, const std::vector<int32_t>& shape, const std::vector<T>& numbers,
                   Sparsity sparsity = {}) {
    std::vector<uint8_t> bytes(numbers.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
    buffers_.push_back(std::move(bytes));
    return add_tensor(type, shape, static_cast<uint32_t>(buffers_.size()), 0, sparsity);
  }

  int32_t integers(const std::vector<int32_t>& numbers) {
    return constant<int32_t>(tflite::TensorType::INT32, {static_cast<int32_t>(numbers.size())}, numbers);
  }

  int32_t scalar(int32_t number) { return constant<int32_t>(tflite::TensorType::INT32, {}, {number}); }

  void op(int32_t code, const std::vector<int32_t>& inputs, const std::vector<int32_t>& outputs,
          tflite::BuiltinOptions type = tflite::BuiltinOptions::NONE,
          flatbuffers::Offset<void> options = flatbuffers::Offset<void>()) {
    const auto [place, is_new] = codes_.emplace(code, static_cast<uint32_t>(codes_.size()));
    if (is_new)
      operator_codes_.push_back(tflite::CreateOperatorCodeDirect(
          fb, static_cast<int8_t>(code < 127 ? code : 127), nullptr, 1, code));
    operators_.push_back(tflite::CreateOperatorDirect(fb, place->second, &inputs, &outputs, type, options));
  }

  /// The file; `subgraphs` times the same subgraph.
  std::vector<std::byte> finish(const std::vector<int32_t>& inputs, const std::vector<int32_t>& outputs,
                                int subgraphs = 1) {
    const auto graph = tflite::CreateSubGraphDirect(fb, &tensors_, &inputs, &outputs, &operators_, "main");
    const std::vector<flatbuffers::Offset<tflite::SubGraph>> graphs(static_cast<size_t>(subgraphs), graph);
    std::vector<flatbuffers::Offset<tflite::Buffer>> buffers = {tflite::CreateBuffer(fb)};
    for (const std::vector<uint8_t>& bytes : buffers_) {
      fb.ForceVectorAlignment(bytes.size(), 1, 16);
      buffers.push_back(tflite::CreateBuffer(fb, fb.CreateVector(bytes)));
    }
    tflite::FinishModelBuffer(fb, tflite::CreateModelDirect(fb, 3, &operator_codes_, &graphs, "", &buffers));
    const auto* start = reinterpret_cast<const std::byte*>(fb.GetBufferPointer());
    return {start, start + fb.GetSize()};
  }

 private:
  int32_t add_tensor(tflite::TensorType type, const std::vector<int32_t>& shape, uint32_t buffer,
                     int64_t zero_point, Sparsity sparsity) {
    const auto number = static_cast<int32_t>(tensors_.size());
    flatbuffers::Offset<tflite::QuantizationParameters> quantization;
    if (type == tflite::TensorType::INT8 || type == tflite::TensorType::UINT8) {
      const std::vector<float> scales = {0.5F};
      const std::vector<int64_t> zero_points = {zero_point};
      quantization = tflite::CreateQuantizationParametersDirect(fb, &scales, &zero_points);
    }
    tensors_.push_back(tflite::CreateTensorDirect(
        fb, &shape, type, buffer, ("t" + std::to_string(number)).c_str(), quantization, false, sparsity));
    return number;
  }

  std::vector<flatbuffers::Offset<tflite::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<tflite::Operator>> operators_;
  std::vector<flatbuffers::Offset<tflite::OperatorCode>> operator_codes_;
  std::map<int32_t, uint32_t> codes_;
  std::vector<std::vector<uint8_t>> buffers_;
};

/// SparsityParameters of a matrix stored by rows, its columns compressed.
inline FileBuilder::Sparsity csr_rows(FileBuilder& file, int32_t rows, const std::vector<int32_t>& segments,
                                      const std::vector<uint8_t>& indices) {
  const auto starts = tflite::CreateInt32VectorDirect(file.fb, &segments).Union();
  const auto columns = tflite::CreateUint8VectorDirect(file.fb, &indices).Union();
  const std::vector<flatbuffers::Offset<tflite::DimensionMetadata>> axes = {
      tflite::CreateDimensionMetadata(file.fb, tflite::DimensionType::DENSE, rows),
      tflite::CreateDimensionMetadata(file.fb, tflite::DimensionType::SPARSE_CSR, 0,
                                      tflite::SparseIndexVector::Int32Vector, starts,
                                      tflite::SparseIndexVector::Uint8Vector, columns)};
  const std::vector<int32_t> order = {0, 1};
  return tflite::CreateSparsityParametersDirect(file.fb, &order, nullptr, &axes);
}

}  // namespace thaw::testing
