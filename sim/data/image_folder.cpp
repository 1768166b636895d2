// The pixels of an image tree, decoded on all threads into their places. An image that cannot be read does
// not hide the next.
#include "sim/data/image_folder.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/parallel.h"
#include "sim/data/class_tree.h"
#include "sim/data/failures.h"
#include "sim/data/fit.h"
#include "sim/data/image.h"
#include "sim/data/limits.h"

namespace thaw {
namespace {

Image read_image(const std::filesystem::path& path) {
  return decode_image(read_file(path, max_image_file_bytes), path.string());
}

/// The size of the first image that can be read; the model's own where all can be brought to it.
SampleShape target_shape(const ClassPart& part, const SampleShape& wanted, const std::string& where) {
  SampleShape held{0, 0, 3};
  for (size_t i = 0; (wanted.height == 0 || wanted.width == 0) && held.height == 0 && i < part.names.size();
       ++i) {
    try {
      const Image image = read_image(part.folder / part.names[i]);
      held = {image.height, image.width, 3};
    } catch (const Error&) {
      // Named with all others when the pixels are read.
    }
  }
  return complete_shape(wanted, held, where);
}

void check_size(const Image& image, const SampleShape& wanted, const SampleShape& shape,
                const std::string& where) {
  const bool same_height = wanted.height != 0 || image.height == shape.height;
  const bool same_width = wanted.width != 0 || image.width == shape.width;
  if (!same_height || !same_width)
    throw Error(where,
                "is " + std::to_string(image.height) + "x" + std::to_string(image.width) +
                    " pixels (height x width), the first image of the set is " +
                    std::to_string(shape.height) + "x" + std::to_string(shape.width),
                "Name the size that all images shall take");
}

/// Decodes every image of `part` to `shape`; what cannot be read is added to `failures`, in the order of
/// names. `wanted` has zeros where all images must already agree.
Split read_pixels(const ClassPart& part, const SampleShape& wanted, const SampleShape& shape,
                  std::vector<Error>& failures) {
  Split split;
  split.count = static_cast<int64_t>(part.names.size());
  split.labels = part.labels;
  split.names = part.names;
  const size_t bytes = static_cast<size_t>(shape.height) * static_cast<size_t>(shape.width) *
                       static_cast<size_t>(shape.channels);
  if (split.count > 0 && bytes > static_cast<size_t>(max_sample_bytes) / static_cast<size_t>(split.count))
    throw Error(part.folder.string(),
                std::to_string(split.count) + " images of " + std::to_string(bytes) +
                    " bytes take more than " + std::to_string(max_sample_bytes) + " bytes",
                "Use fewer images or a model with a smaller input");
  split.pixels.resize(bytes * static_cast<size_t>(split.count));
  std::vector<std::optional<Error>> failed(part.names.size());
  for_each_parallel(split.count, [&](int64_t i) {
    const std::filesystem::path path = part.folder / part.names[static_cast<size_t>(i)];
    try {
      Image image = read_image(path);
      check_size(image, wanted, shape, path.string());
      const Image fitted = fit_and_crop(std::move(image), shape, path.string());
      std::copy(fitted.pixels.begin(), fitted.pixels.end(),
                split.pixels.begin() + i * static_cast<int64_t>(bytes));
    } catch (const Error& error) {
      failed[static_cast<size_t>(i)] = error;
    }
  });
  for (const std::optional<Error>& error : failed)
    if (error) failures.push_back(*error);
  return split;
}

std::string describe(const SampleShape& wanted, const SampleShape& shape) {
  const std::string size = std::to_string(shape.height) + "x" + std::to_string(shape.width);
  const std::string colours = shape.channels == 1 ? "grey (ITU-R BT.601 luma)" : "RGB";
  if (wanted.height == 0 && wanted.width == 0) return "images kept at " + size + ", " + colours;
  return "images resized to cover " + size + " (height x width, Pillow BILINEAR), centre-cropped, " + colours;
}

}  // namespace

Dataset read_image_folder(const std::filesystem::path& folder, const SampleShape& wanted) {
  ClassTree tree = list_class_tree(folder, FileKind::image);
  const SampleShape shape = target_shape(tree.train, wanted, folder.string());
  Dataset dataset;
  std::vector<Error> failures;
  dataset.train = read_pixels(tree.train, wanted, shape, failures);
  dataset.test = read_pixels(tree.test, wanted, shape, failures);
  throw_failures(failures, dataset.train.count + dataset.test.count, "images", folder);
  dataset.format = "image folder";
  dataset.class_names = std::move(tree.classes);
  dataset.shape = {shape.height, shape.width, shape.channels};
  dataset.notes = std::move(tree.notes);
  dataset.notes.push_back(describe(wanted, shape));
  return dataset;
}

}  // namespace thaw
