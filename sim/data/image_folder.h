// Photographs sorted into folders: train/CLASS/*.jpg|jpeg|png and, if there is one, test/CLASS/..., or
// CLASS/...
#pragma once

#include <filesystem>

#include "sim/data/dataset.h"

namespace thaw {

/// Reads what list_class_tree finds (class_tree.h): labels are the ranks of the classes; images are turned
/// upright and brought to `wanted` by fit_and_crop. Zeros in `wanted`: 3 channels, and the size of the first
/// image, which all others must then have. `name`, `sha256` are left for read_dataset. Throws Error naming
/// every image that cannot be read (the first ten, and how many).
Dataset read_image_folder(const std::filesystem::path& folder, const SampleShape& wanted);

}  // namespace thaw
