// Whether a model reads samples of a shape. Axes are compared one by one: the same number of elements in
// another order is another sample.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/data/dataset.h"

namespace thaw {

/// "8x8x3"; "1" for a single number.
std::string shape_text(const std::vector<int32_t>& shape);

/// Throws Error naming both shapes, every axis that differs, and channels that come first, unless a sample of
/// `data` is what a model with an input of `wanted` (without its batch axis) reads: the same axes; or the
/// same but for axes of 1, which change no element's place (49x10 as 49x10x1), with a note; or grey images of
/// a format that holds nothing else (IDX, image folders) or windows of recordings for a model that reads a
/// vector, row by row, with a note. `path` and `model` are the files' names.
void check_sample_shape(Dataset& data, const std::vector<int32_t>& wanted, const std::string& path,
                        const std::string& model);

}  // namespace thaw
