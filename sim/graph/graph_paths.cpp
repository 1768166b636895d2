// Paths and shapes as text.
#include "sim/graph/graph_paths.h"

namespace thaw {

std::string op_path(const Op& op) {
  const int32_t number = op.file_index >= 0 ? op.file_index : op.id.value;
  return "subgraphs[0].operators[" + std::to_string(number) + "] (" + op_name(op.kind) + ")";
}

std::string quoted(std::string_view name) {
  std::string text(name.substr(0, 80));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return '"' + text + '"';
}

std::string tensor_path(const Tensor& tensor) {
  const int32_t number = tensor.file_index >= 0 ? tensor.file_index : tensor.id.value;
  return "subgraphs[0].tensors[" + std::to_string(number) + "] (" + quoted(tensor.name) + ")";
}

std::string shape_text(std::span<const int32_t> shape) {
  std::string text;
  for (int32_t d : shape) {
    if (!text.empty()) text += ',';
    text += std::to_string(d);
  }
  return '[' + text + ']';
}

}  // namespace thaw
