// Photographs sorted into folders: train/CLASS/*.jpg|jpeg|png and, if there is one, test/CLASS/...
#pragma once

#include <filesystem>

#include "sim/data/dataset.h"

namespace thaw {

/// Whether `folder` holds a folder `train` with at least one folder in it.
bool is_image_folder(const std::filesystem::path& folder);

/// Classes are the folders in `train`, sorted byte by byte, labels their ranks; images are sorted by class,
/// then by name, and brought to `wanted` by fit_and_crop. Zeros in `wanted`: 3 channels, and the size of the
/// first image, which all others must then have. Other files and classes without a training image are left
/// out with a note. `name`, `sha256` are left for read_dataset. Throws Error naming the file of the first bad
/// image.
Dataset read_image_folder(const std::filesystem::path& folder, const SampleShape& wanted);

}  // namespace thaw
