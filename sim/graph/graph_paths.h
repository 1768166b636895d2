// How messages name the parts of a model: the path that the part has in a TFLite file.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sim/graph/graph.h"

namespace thaw {

/// "subgraphs[0].operators[7] (CONV_2D)".
std::string op_path(const Op& op);

/// "subgraphs[0].tensors[12] ("conv0.w")"; the number is the one in the file, or the id where there is no
/// file.
std::string tensor_path(const Tensor& tensor);

/// A name from a file in quotation marks: at most 80 bytes, control characters replaced by '?'.
std::string quoted(std::string_view name);

/// "[1,28,28,1]".
std::string shape_text(std::span<const int32_t> shape);

}  // namespace thaw
