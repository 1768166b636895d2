// IDX files, the layout of MNIST and its successors: two zero bytes, an element type, a rank, big-endian
// dimensions, then the elements (http://yann.lecun.com/exdb/mnist/). Plain or gzip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sim/data/dataset.h"

namespace thaw {

/// An array of unsigned bytes, row-major.
struct IdxArray {
  std::vector<int32_t> shape;   // rank 1 to 4, every dimension at least 1
  std::vector<uint8_t> values;  // exactly the product of `shape`
};

/// Parses one file, decompressing it where it is gzip. Throws Error naming `where` and the byte offset.
IdxArray parse_idx(std::span<const std::byte> file, const std::string& where);

/// Whether a folder holds files named train-images* or train-labels*.
bool is_idx_folder(const std::filesystem::path& folder);

/// Reads train-images*, train-labels*, and t10k-* or test-* as test data: images [N,H,W] or [N,H,W,C] and
/// labels [N]. `name`, `class_names`, `sha256` are left for read_dataset. Throws Error.
Dataset read_idx(const std::filesystem::path& folder, const SampleShape& wanted);

}  // namespace thaw
