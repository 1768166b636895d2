#include "sim/graph/tflite_operator_source.h"

#include <utility>

namespace thaw {
namespace {

constexpr size_t kMostTensors = 64;

/// Product of the shape, or SIZE_MAX where a dimension is negative or the product absurd.
size_t elements_of(const tflite::Tensor& tensor) {
  size_t n = 1;
  for (int32_t d : values(tensor.shape())) {
    if (d < 0 || (d != 0 && n > (size_t{1} << 40) / static_cast<size_t>(d))) return SIZE_MAX;
    n *= static_cast<size_t>(d);
  }
  return n;
}

/// Little endian, 4 or 8 bytes.
int64_t number_of(std::span<const uint8_t> bytes) {
  uint64_t bits = 0;
  for (size_t k = bytes.size(); k-- > 0;) bits = (bits << 8) | bytes[k];
  if (bytes.size() == 4) return static_cast<int32_t>(static_cast<uint32_t>(bits));
  return static_cast<int64_t>(bits);
}

}  // namespace

OperatorSource::OperatorSource(const TfliteFile& file, size_t i) : file_(file), number_in_file_(i) {
  const tflite::Operator& source = file.operator_at(i);
  if (count(source.inputs()) > kMostTensors || count(source.outputs()) > kMostTensors)
    fail("", "has more than " + std::to_string(kMostTensors) + " inputs or outputs");
  inputs_ = file.tensor_ids(values(source.inputs()), path() + ".inputs", TfliteFile::Optional::yes);
  outputs_ = file.tensor_ids(values(source.outputs()), path() + ".outputs", TfliteFile::Optional::no);
}

int32_t OperatorSource::number() const {
  return builtin_code(
      *file_.model().operator_codes()->Get(file_.operator_at(number_in_file_).opcode_index()));
}

std::string OperatorSource::path() const {
  return "subgraphs[0].operators[" + std::to_string(number_in_file_) + "] (" +
         builtin_operator_name(number()) + ")";
}

void OperatorSource::fail(const std::string& field, const std::string& what, const std::string& hint) const {
  file_.fail(path() + field, what, hint);
}

const tflite::Tensor& OperatorSource::input_tensor(size_t k) const {
  if (k >= inputs_.size() || !inputs_[k].present()) fail(".inputs", "is empty");
  return file_.tensor_at(inputs_[k].value);
}

const tflite::Tensor& OperatorSource::output_tensor(size_t k) const {
  if (k >= outputs_.size()) fail(".outputs", "is empty");
  return file_.tensor_at(outputs_[k].value);
}

int32_t OperatorSource::axis_of(int32_t axis, size_t rank, const std::string& field) const {
  const auto axes = static_cast<int32_t>(rank);
  if (axis < -axes || axis >= axes)
    fail(field,
         "names axis " + std::to_string(axis) + ", but the input has " + std::to_string(axes) + " axes");
  return axis < 0 ? axis + axes : axis;
}

void OperatorSource::expect_inputs(size_t count, const char* meaning) const {
  if (inputs_.size() != count)
    fail(".inputs", "holds " + std::to_string(inputs_.size()) + " tensors, expected " +
                        std::to_string(count) + ": " + meaning);
  for (size_t k = 0; k < count; ++k)
    if (!inputs_[k].present()) fail(".inputs[" + std::to_string(k) + "]", "is absent");
}

std::vector<int32_t> OperatorSource::integers(size_t k, const char* meaning) const {
  const std::string field = ".inputs[" + std::to_string(k) + "]";
  const tflite::Tensor& tensor = file_.tensor_at(inputs_[k].value);
  const bool wide = tensor.type() == tflite::TensorType::INT64;
  if (!wide && tensor.type() != tflite::TensorType::INT32)
    fail(field, std::string("is of type ") + type_name(tensor.type()) + ", expected int32");
  const std::span<const uint8_t> bytes = file_.buffer_of(tensor, inputs_[k].value);
  const size_t size = wide ? 8 : 4;
  if (bytes.empty() && elements_of(tensor) != 0)
    fail(field, std::string("is not a constant"),
         std::string("The ") + meaning + " must be fixed in the file");
  if (bytes.size() % size != 0 || bytes.size() / size != elements_of(tensor) ||
      bytes.size() / size > kMostTensors)
    fail(field, "holds " + std::to_string(bytes.size()) + " bytes, which does not fit its shape");
  std::vector<int32_t> result;
  for (size_t at = 0; at < bytes.size(); at += size) {
    const int64_t value = number_of(bytes.subspan(at, size));
    if (value < INT32_MIN || value > INT32_MAX)
      fail(field, "holds " + std::to_string(value) + ", beyond int32");
    result.push_back(static_cast<int32_t>(value));
  }
  return result;
}

Op OperatorSource::op(OpKind kind, std::vector<TensorId> inputs, std::vector<TensorId> outputs) const {
  Op op;
  op.inputs = std::move(inputs);
  op.outputs = std::move(outputs);
  op.kind = std::move(kind);
  op.file_index = static_cast<int32_t>(number_in_file_);
  return op;
}

}  // namespace thaw
