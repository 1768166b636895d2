// The binary layout of CIFAR-10: records of one label byte and 3,072 bytes of a 32x32 image, planes red,
// green, blue (https://www.cs.toronto.edu/~kriz/cifar.html).
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "sim/data/dataset.h"

namespace thaw {

inline constexpr int32_t cifar_side = 32;
inline constexpr size_t cifar_record_bytes = 1 + 3 * cifar_side * cifar_side;

/// Whether a folder holds data_batch_*.bin or test_batch.bin.
bool is_cifar_folder(const std::filesystem::path& folder);

/// Whether the bytes can be CIFAR-10 records: a whole number of them, every label below 10.
bool is_cifar_file(std::span<const std::byte> file);

/// Appends the records of one file to `split`, interleaving the planes. Throws Error naming `where` and the
/// byte offset where the length is no multiple of a record or a label is not below `classes`.
void append_cifar_records(std::span<const std::byte> file, int32_t classes, const std::string& where,
                          Split& split);

/// Reads a folder (data_batch_*.bin in byte order of their names as training data, test_batch.bin as test
/// data) or a single file (training data only). Class names come from batches.meta.txt beside the data, one a
/// line; without that file there are ten, "0" to "9". `name`, `sha256` are left for read_dataset. Throws
/// Error.
Dataset read_cifar(const std::filesystem::path& path, const SampleShape& wanted);

}  // namespace thaw
