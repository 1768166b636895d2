#include "sim/graph/tflite_tensor_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "sim/base/printable.h"
#include "sim/graph/sparse_tensor.h"
#include "sim/graph/tflite_access.h"
#include "sim/graph/uint8_ends.h"

namespace thaw {
namespace {

// A hostile file must not make us allocate more.
constexpr uint64_t max_copied_bytes = uint64_t{256} << 20;
constexpr size_t max_name_bytes = 4096;

DataType data_type(const TfliteFile& file, const tflite::Tensor& tensor, const std::string& path) {
  switch (tensor.type()) {
    case tflite::TensorType::INT8:
      return DataType::int8;
    case tflite::TensorType::INT32:
      return DataType::int32;
    case tflite::TensorType::FLOAT32:
      return DataType::float32;
    case tflite::TensorType::UINT8:
      return DataType::int8;
    default:
      file.fail(path + ".type",
                std::string("is ") + type_name(tensor.type()) + ", expected int8, int32 or float32",
                "Quantise the model to int8 activations and weights");
  }
}

std::vector<int64_t> zero_points_of(const TfliteFile& file, const tflite::QuantizationParameters& source,
                                    const std::string& path, size_t scales) {
  const size_t size = count(source.zero_point());
  if (size != scales && size > 1)
    file.fail(path + ".quantization.zero_point",
              "holds " + std::to_string(size) + " zero points for " + std::to_string(scales) + " scales");
  std::vector<int64_t> result(size);
  if (size > 0) std::memcpy(result.data(), source.zero_point()->data(), size * sizeof(int64_t));
  return result;
}

}  // namespace

Tensor TensorReader::read(int32_t index, TensorId id) {
  const tflite::Tensor& source = file_.tensor_at(index);
  const std::string path =
      "subgraphs[0].tensors[" + std::to_string(index) + "] (" + quoted_name(source) + ")";
  Tensor tensor;
  tensor.id = id;
  tensor.file_index = index;
  if (source.name() != nullptr) {
    if (source.name()->size() > max_name_bytes)
      file_.fail(path + ".name", "has more than " + std::to_string(max_name_bytes) + " bytes");
    count_copied(source.name()->size(), path + ".name");
    tensor.name = printable(source.name()->str());
  }
  tensor.type = data_type(file_, source, path);
  const std::span<const int32_t> shape = values(source.shape());
  if (shape.size() > max_rank)
    file_.fail(path + ".shape", "has more than " + std::to_string(max_rank) + " axes");
  tensor.shape.assign(shape.begin(), shape.end());
  if (source.is_variable())
    file_.fail(path + ".is_variable", "is true; tensors that keep a state are not supported");
  if (tensor.type != DataType::float32) tensor.quantization = quantization(source, path);
  tensor.data = constant_bytes(source, index, path);
  tensor.uint8_in_file = source.type() == tflite::TensorType::UINT8;
  if (tensor.uint8_in_file && tensor.is_constant())
    file_.fail(path + ".type", "is uint8, expected int8, int32 or float32 of a constant",
               "Quantise the model to int8 activations and weights");
  return tensor;
}

Quantization TensorReader::quantization(const tflite::Tensor& tensor, const std::string& path) {
  Quantization result;
  const tflite::QuantizationParameters* source = tensor.quantization();
  if (source == nullptr) return result;  // graph_check says where it is needed
  if (source->details_type() != 0)
    file_.fail(path + ".quantization.details", "is present; custom quantisation is not supported");
  const std::span<const float> scales = values(source->scale());
  const std::vector<int64_t> zero_points = zero_points_of(file_, *source, path, scales.size());
  // A scale belongs to a slice of the tensor, so there cannot be more of them than elements along some
  // axis.
  const std::span<const int32_t> shape = values(tensor.shape());
  const int32_t longest = shape.empty() ? 1 : *std::max_element(shape.begin(), shape.end());
  if (scales.size() > static_cast<size_t>(std::max(longest, 1)))
    file_.fail(path + ".quantization.scale",
               "holds " + std::to_string(scales.size()) + " scales, more than any axis has slices");
  const int64_t offset = tensor.type() == tflite::TensorType::UINT8 ? kUint8Offset : 0;
  for (int64_t zero_point : zero_points) {
    if (zero_point < offset - 128 || zero_point > offset + 127)
      file_.fail(path + ".quantization.zero_point",
                 "is " + std::to_string(zero_point) + ", expected " + (offset == 0 ? "-128..127" : "0..255"));
    result.zero_points.push_back(static_cast<int32_t>(zero_point - offset));
  }
  if (scales.empty()) return {};
  if (offset != 0 && result.zero_points.empty()) result.zero_points = {-kUint8Offset};
  count_copied(scales.size_bytes(), path + ".quantization.scale");
  result.scales.assign(scales.begin(), scales.end());
  result.axis = source->quantized_dimension();
  return result;
}

std::vector<std::byte> TensorReader::constant_bytes(const tflite::Tensor& tensor, int32_t index,
                                                    const std::string& path) {
  const std::span<const uint8_t> source = file_.buffer_of(tensor, index);
  if (tensor.sparsity() != nullptr) {
    const std::optional<std::vector<uint8_t>> dense = dense_bytes(tensor, source);
    if (!dense)
      file_.fail(path + ".sparsity", "contradicts the shape of the tensor or the values that it stores",
                 "Convert the model with dense weights");
    count_copied(dense->size(), path);
    const std::span<const std::byte> bytes = std::as_bytes(std::span(*dense));
    return {bytes.begin(), bytes.end()};
  }
  count_copied(source.size(), path);
  const std::span<const std::byte> bytes = std::as_bytes(source);
  return {bytes.begin(), bytes.end()};
}

void TensorReader::count_copied(uint64_t bytes, const std::string& path) {
  copied_bytes_ += bytes;
  if (copied_bytes_ > max_copied_bytes)
    file_.fail(path,
               "brings constants and names to more than " + std::to_string(max_copied_bytes) + " bytes");
}

}  // namespace thaw
