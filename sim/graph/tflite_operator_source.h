// One operator of the file as its readers see it: options, shapes, and the constants that steer it. Internal
// to the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/graph/operator_names.h"
#include "sim/graph/tflite_access.h"
#include "sim/graph/tflite_file.h"

namespace thaw {

class OperatorSource {
 public:
  /// Operator i. Throws Error where it has more inputs or outputs than Thaw reads, or names tensors that are
  /// not there.
  OperatorSource(const TfliteFile& file, size_t i);

  int32_t number() const;
  /// "subgraphs[0].operators[3] (CONV_2D)".
  std::string path() const;
  const std::vector<TensorId>& inputs() const { return inputs_; }
  const std::vector<TensorId>& outputs() const { return outputs_; }

  /// `field` continues the path: ".inputs[1]".
  [[noreturn]] void fail(const std::string& field, const std::string& what,
                         const std::string& hint = "") const;

  /// The options as table T. Converters always write them, defaults included.
  template <class T>
  const T& options() const {
    const T* table = file_.operator_at(number_in_file_).builtin_options_as<T>();
    if (table == nullptr) fail(".builtin_options", "is missing or of another operator");
    return *table;
  }

  /// Input k, output k, which must be there.
  const tflite::Tensor& input_tensor(size_t k) const;
  const tflite::Tensor& output_tensor(size_t k) const;
  std::span<const int32_t> input_shape(size_t k) const { return values(input_tensor(k).shape()); }
  std::span<const int32_t> output_shape(size_t k) const { return values(output_tensor(k).shape()); }

  /// `axis` counted from the end where negative; `field` says where it stands.
  int32_t axis_of(int32_t axis, size_t rank, const std::string& field) const;

  /// The operator reads `count` tensors, all present; `meaning`: what they are.
  void expect_inputs(size_t count, const char* meaning) const;

  /// The numbers of input k: a constant int32 or int64 tensor of a few elements; `meaning`: what they are.
  std::vector<int32_t> integers(size_t k, const char* meaning) const;

  /// The operator with these inputs and outputs.
  Op op(OpKind kind, std::vector<TensorId> inputs, std::vector<TensorId> outputs) const;

 private:
  const TfliteFile& file_;
  size_t number_in_file_;
  std::vector<TensorId> inputs_, outputs_;
};

}  // namespace thaw
