// TFLite files to `Graph`. Every value is checked before it is believed: first the offsets (FlatBuffers'
// verifier), then the model itself (graph_check.h), then that no accumulator can leave int32 (safe_biases.h).
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "sim/graph/graph.h"

namespace thaw {

/// Reads a model. Tensors that no operator reads or writes are left out; `Tensor::file_index` keeps the
/// number that a tensor has in the file. Throws Error naming the file and the byte offset or field path, for
/// example "mcunet.tflite: subgraphs[0].operators[7] (CONV_2D).inputs[1]".
Graph read_tflite(const std::filesystem::path& path);

/// The same for bytes in memory; `file_name` is used in messages and as `Graph::file_name`.
Graph read_tflite(std::span<const std::byte> bytes, const std::string& file_name);

}  // namespace thaw
