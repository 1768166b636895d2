// Tensors of a TFLite file: shape, type, quantisation, constants. Internal to the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/graph/graph.h"
#include "sim/graph/tflite_file.h"

namespace thaw {

/// Reads the tensors of one file and counts what it copies: constants, names and scales may exceed the file's
/// size where many tensors share a few bytes.
class TensorReader {
 public:
  explicit TensorReader(const TfliteFile& file) : file_(file) {}

  /// The tensor with a number in the file, as tensor `id` of the graph. Throws Error naming the field, also
  /// where it brings the copied bytes above their limit.
  Tensor read(int32_t index, TensorId id);

 private:
  Quantization quantization(const tflite::Tensor& tensor, const std::string& path);
  std::vector<std::byte> constant_bytes(const tflite::Tensor& tensor, int32_t index, const std::string& path);
  void count_copied(uint64_t bytes, const std::string& path);

  const TfliteFile& file_;
  uint64_t copied_bytes_ = 0;
};

}  // namespace thaw
