#include "sim/graph/tflite_file.h"

#include <utility>

#include "sim/base/error.h"

namespace thaw {
namespace {

// Inputs, and outputs, of the model.
constexpr size_t max_ends = 256;

}  // namespace

TfliteFile::TfliteFile(const tflite::Model& model, std::string name) : model_(model), name_(std::move(name)) {
  if (model_.version() != 3)
    fail("version", "is " + std::to_string(model_.version()) + ", expected 3", "Convert the model anew");
  if (count(model_.subgraphs()) == 0) fail("subgraphs", "is empty, expected the model");
  const tflite::SubGraph& graph = *model_.subgraphs()->Get(0);
  if (count(graph.inputs()) > max_ends || count(graph.outputs()) > max_ends)
    fail("subgraphs[0]", "has more than " + std::to_string(max_ends) + " inputs or outputs");
  if (count(graph.operators()) == 0)
    fail("subgraphs[0].operators", "is empty, expected at least one operator");
  subgraph_ = &graph;
  folding_ = fold_constants(model_, graph);
  end_chains_ = find_end_chains(model_, graph, folding_);
  for (const EndChain& chain : end_chains_)
    for (size_t i : chain.operators) folding_.left_out[i] = true;
}

void TfliteFile::fail(const std::string& path, const std::string& what, const std::string& hint) const {
  throw Error(name_ + ": " + path, what, hint);
}

const tflite::Operator& TfliteFile::operator_at(size_t i) const {
  return *subgraph_->operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
}

const tflite::Tensor& TfliteFile::tensor_at(int32_t index) const {
  return *subgraph_->tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
}

void TfliteFile::check_index(int32_t index, const std::string& path, Optional optional) const {
  const size_t tensors = count(subgraph_->tensors());
  if (optional == Optional::yes && index == -1) return;
  if (index < 0 || static_cast<size_t>(index) >= tensors)
    fail(path, "is tensor " + std::to_string(index) + ", but the model has " + std::to_string(tensors) +
                   " tensors");
}

std::vector<TensorId> TfliteFile::tensor_ids(std::span<const int32_t> indices, const std::string& path,
                                             Optional optional) const {
  std::vector<TensorId> ids;
  for (size_t k = 0; k < indices.size(); ++k) {
    check_index(indices[k], path + "[" + std::to_string(k) + "]", optional);
    ids.emplace_back(indices[k]);
  }
  return ids;
}

std::span<const uint8_t> TfliteFile::buffer_of(const tflite::Tensor& tensor, int32_t index) const {
  const auto folded = folding_.constants.find(index);
  if (folded != folding_.constants.end()) return folded->second.bytes;
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

}  // namespace thaw
