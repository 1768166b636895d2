// Models whose ends are uint8 and whose inside is int8, as converters write them for cameras: QUANTIZE
// between them moves every value by 128. Thaw computes in int8 alone: value and zero point of a uint8 tensor
// are those of the file minus 128, so that every real number, and every sum, stays what it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/graph/graph.h"

namespace thaw {

/// The zero point of a uint8 tensor here is the file's minus this.
inline constexpr int32_t kUint8Offset = 128;

/// The tensor's type as its file has it: "uint8", or data_type_name.
const char* file_type_name(const Tensor& tensor);

/// The tensor's first zero point as its file has it.
int32_t file_zero_point(const Tensor& tensor);

/// Turns the bytes of a tensor into those of its file, or back: flips the sign bits of a uint8 tensor, leaves
/// others alone.
void exchange_with_file(const Tensor& tensor, std::span<std::byte> bytes);

/// Throws Error at the first operator that computes with a uint8 tensor; those that only convert, copy or
/// rename (QUANTIZE, DEQUANTIZE, RESHAPE, TRANSPOSE) may read and write them.
void check_uint8_ends(const Graph& graph);

}  // namespace thaw
