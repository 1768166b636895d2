#include "sim/graph/uint8_ends.h"

#include <variant>

#include "sim/base/error.h"
#include "sim/graph/graph_paths.h"

namespace thaw {
namespace {

bool only_moves(const OpKind& kind) {
  return std::holds_alternative<Quantize>(kind) || std::holds_alternative<Dequantize>(kind) ||
         std::holds_alternative<Reshape>(kind) || std::holds_alternative<Transpose>(kind);
}

}  // namespace

const char* file_type_name(const Tensor& tensor) {
  return tensor.uint8_in_file ? "uint8" : data_type_name(tensor.type);
}

int32_t file_zero_point(const Tensor& tensor) {
  return tensor.quantization.zero_point() + (tensor.uint8_in_file ? kUint8Offset : 0);
}

void exchange_with_file(const Tensor& tensor, std::span<std::byte> bytes) {
  if (!tensor.uint8_in_file) return;
  for (std::byte& b : bytes) b ^= std::byte{0x80};
}

void check_uint8_ends(const Graph& graph) {
  for (const Op& op : graph.ops) {
    if (only_moves(op.kind)) continue;
    for (const auto* ids : {&op.inputs, &op.outputs})
      for (TensorId id : *ids)
        if (id.present() && graph.tensor(id).uint8_in_file)
          throw Error(graph.file_name + ": " + op_path(op),
                      "computes with " + tensor_path(graph.tensor(id)) + ", which is uint8, expected int8",
                      "Only the ends of the model may be uint8, with QUANTIZE behind and before them");
  }
}

}  // namespace thaw
