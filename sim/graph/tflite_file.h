// The verified flatbuffer of one model: its operators and tensors by their numbers in the file, with indices
// checked and operators on constants folded (constant_folding.h). Internal to the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/graph/constant_folding.h"
#include "sim/graph/end_operators.h"
#include "sim/graph/graph.h"
#include "sim/graph/tflite_access.h"

namespace thaw {

/// Axes of a tensor; models for microcontrollers stay far below.
constexpr size_t max_rank = 8;

class TfliteFile {
 public:
  enum class Optional { no, yes };

  /// Of several subgraphs the first is the model; others may start state variables. Throws Error
  /// where the version, or the number of operators or ends, is none that Thaw reads, or no subgraph is there.
  TfliteFile(const tflite::Model& model, std::string name);

  const tflite::Model& model() const { return model_; }
  const tflite::SubGraph& subgraph() const { return *subgraph_; }
  const std::string& name() const { return name_; }

  /// Throws Error at a field path of this file.
  [[noreturn]] void fail(const std::string& path, const std::string& what,
                         const std::string& hint = "") const;

  /// Operators at the model's ends that are read apart.
  const std::vector<EndChain>& end_chains() const { return end_chains_; }

  /// Whether operator i is folded away, or one of an end chain.
  bool is_left_out(size_t i) const { return folding_.left_out[i]; }

  const tflite::Operator& operator_at(size_t i) const;
  const tflite::Tensor& tensor_at(int32_t index) const;

  /// The indices as ids; an index outside the file, or -1 where it must be present, is refused.
  std::vector<TensorId> tensor_ids(std::span<const int32_t> indices, const std::string& path,
                                   Optional optional) const;

  /// Bytes of the tensor's buffer, or of what folding made; empty where it is no constant.
  std::span<const uint8_t> buffer_of(const tflite::Tensor& tensor, int32_t index) const;

 private:
  void check_index(int32_t index, const std::string& path, Optional optional) const;

  const tflite::Model& model_;
  std::string name_;
  const tflite::SubGraph* subgraph_ = nullptr;
  Folding folding_;
  std::vector<EndChain> end_chains_;
};

}  // namespace thaw
