// Archives written by numpy.savez or numpy.savez_compressed: x_train, y_train and, if there is a test split,
// x_test, y_test; class_names if the classes have names.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "sim/data/dataset.h"

namespace thaw {

/// Makes a data set of the arrays in an archive. x [N, ...] of any type of number: uint8 are pixels, and
/// images ([N,H,W] or [N,H,W,C] with 1 or 3 channels) are resized whole unless they have the shape `wanted`;
/// int8 are kept as v + 128; all others become float32, which must hold them (integers exactly, floats
/// finite). Samples that are not resized keep their shape: whether the model reads it is sample_shape.h's to
/// say. y: class numbers, one-hot rows or text (npz_labels.h). Names of arrays may begin with a capital
/// (X_train). Without x_test, x_val (or x_valid, x_validation) is the test split. `name`, `sha256` and the
/// numbered class names are left for read_dataset. Throws Error naming `where` and the array.
/// With Truth::numbers y is [N] or [N, k] of numbers, k of them for each sample.
Dataset parse_npz(std::span<const std::byte> archive, const SampleShape& wanted, const std::string& where,
                  Truth truth = Truth::classes);

}  // namespace thaw
