#include "sim/graph/end_operators.h"

#include <algorithm>
#include <optional>
#include <span>

#include "sim/graph/foreign_model.h"
#include "sim/graph/tflite_access.h"

namespace thaw {
namespace {

constexpr int32_t kDequantize = 6, kLogistic = 14, kSoftmax = 25, kLogSoftmax = 50, kQuantize = 114;

class EndFinder {
 public:
  EndFinder(const tflite::Model& model, const tflite::SubGraph& graph, const Folding& folding)
      : model_(model), graph_(graph), folding_(folding) {}

  std::vector<EndChain> run() const {
    std::vector<EndChain> chains;
    const std::span<const int32_t> outputs = values(graph_.outputs());
    for (size_t k = 0; k < outputs.size(); ++k)
      if (const std::optional<EndChain> chain = chain_behind(outputs[k], k)) chains.push_back(*chain);
    return chains;
  }

 private:
  const tflite::Operator& operator_at(size_t i) const {
    return *graph_.operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
  }

  int32_t code_of(size_t i) const {
    const uint32_t index = operator_at(i).opcode_index();
    return index < count(model_.operator_codes()) ? builtin_code(*model_.operator_codes()->Get(index)) : -1;
  }

  bool is_float(int32_t tensor) const {
    return tensor >= 0 && static_cast<size_t>(tensor) < count(graph_.tensors()) &&
           graph_.tensors()->Get(static_cast<flatbuffers::uoffset_t>(tensor))->type() ==
               tflite::TensorType::FLOAT32;
  }

  /// The one operator that writes a tensor, where it reads one tensor and `readers` operators read the
  /// result.
  std::optional<size_t> only_writer(int32_t tensor, int64_t readers) const {
    if (tensor < 0 || static_cast<size_t>(tensor) >= count(graph_.tensors())) return std::nullopt;
    std::optional<size_t> writer;
    int64_t uses = 0;
    for (size_t i = 0; i < count(graph_.operators()); ++i) {
      uses += std::ranges::count(values(operator_at(i).inputs()), tensor);
      const std::span<const int32_t> written = values(operator_at(i).outputs());
      if (std::ranges::count(written, tensor) == 0) continue;
      if (writer || written.size() != 1 || count(operator_at(i).inputs()) != 1 || folding_.left_out[i])
        return std::nullopt;
      writer = i;
    }
    return uses == readers ? writer : std::nullopt;
  }

  /// Code of the operator that writes a tensor; -1 where none does.
  int32_t writer_code(int32_t tensor) const {
    for (size_t i = 0; i < count(graph_.operators()); ++i)
      if (std::ranges::count(values(operator_at(i).outputs()), tensor) > 0) return code_of(i);
    return -1;
  }

  bool makes_probabilities(size_t i) const {
    const int32_t code = code_of(i), scores = values(operator_at(i).inputs())[0];
    const int32_t before = writer_code(scores);
    if (is_float(scores))  // of an int8 model; others are refused as float models
      return before == kDequantize && (code == kLogSoftmax || code == kLogistic || code == kSoftmax);
    return before != -1 && (code == kLogSoftmax || (code == kLogistic && !is_supported_operator(kLogistic)));
  }

  std::optional<EndChain> chain_behind(int32_t tensor, size_t output) const {
    if (std::ranges::count(values(graph_.outputs()), tensor) != 1) return std::nullopt;
    EndChain chain{output, -1, {}};
    std::optional<size_t> at = only_writer(tensor, 0);
    if (at && (code_of(*at) == kQuantize || code_of(*at) == kDequantize)) {
      chain.operators.push_back(*at);
      at = only_writer(values(operator_at(*at).inputs())[0], 1);
    }
    if (!at || !makes_probabilities(*at)) return std::nullopt;
    chain.operators.insert(chain.operators.begin(), *at);
    chain.scores = values(operator_at(*at).inputs())[0];
    return chain;
  }

  const tflite::Model& model_;
  const tflite::SubGraph& graph_;
  const Folding& folding_;
};

}  // namespace

std::vector<EndChain> find_end_chains(const tflite::Model& model, const tflite::SubGraph& graph,
                                      const Folding& folding) {
  return EndFinder(model, graph, folding).run();
}

}  // namespace thaw
