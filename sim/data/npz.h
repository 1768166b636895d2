// Arrays saved by numpy.savez or numpy.savez_compressed: x_train, y_train and, if there is a test split,
// x_test, y_test (numpy's NEP 1 describes the format of each array).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sim/data/dataset.h"

namespace thaw {

/// Little-endian element types of arrays, named as numpy names them.
enum class NpyType { u1, i1, u2, i2, i4, i8, f4, f8 };

/// One array as its file holds it, row-major.
struct NpyArray {
  NpyType type = NpyType::u1;
  std::vector<int64_t> shape;     // rank 1 to 8, every dimension at least 1
  std::vector<std::byte> values;  // exactly the product of `shape` elements
  int64_t elements = 0;
};

/// Parses one .npy file (versions 1 to 3, C order). Throws Error naming `where` and the field or byte offset.
NpyArray parse_npy(std::span<const std::byte> file, const std::string& where);

/// Makes a data set of the arrays in an archive. x [N, ...]: uint8 are pixels, and images ([N,H,W] or
/// [N,H,W,C] with 1 or 3 channels) are resized whole; int8 are kept as v + 128; all others become float32,
/// which must hold them (integers exactly, floats finite). Except for uint8 images a sample must have as many
/// elements as `wanted` (where that has no zeros). y: [N] or [N,1], whole numbers from 0. `name`,
/// `class_names`, `sha256` are left for read_dataset. Throws Error naming `where` and the array.
Dataset parse_npz(std::span<const std::byte> archive, const SampleShape& wanted, const std::string& where);

}  // namespace thaw
