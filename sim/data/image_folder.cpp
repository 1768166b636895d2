// Two walks: first the names (classes, files, notes), then the pixels, decoded on all threads into their
// places.
#include "sim/data/image_folder.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "sim/data/fit.h"
#include "sim/data/folder.h"
#include "sim/data/image.h"
#include "sim/data/limits.h"
#include "sim/data/parallel.h"
#include "sim/graph/error.h"
#include "sim/graph/file.h"

namespace thaw {
namespace {

bool has_image_extension(const std::string& name) {
  std::string extension = std::filesystem::path(name).extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

/// The images of one class folder; adds a note where other files lie there.
std::vector<std::string> list_images(const std::filesystem::path& folder, const std::string& shown,
                                     std::vector<std::string>& notes) {
  std::vector<std::string> names = list_files(folder);
  const size_t others =
      std::erase_if(names, [](const std::string& name) { return !has_image_extension(name); });
  if (others > 0)
    notes.push_back(shown + ": left out " + std::to_string(others) + " files that are no images");
  return names;
}

/// Classes that have at least one training image.
std::vector<std::string> list_classes(const std::filesystem::path& train, std::vector<std::string>& notes) {
  std::vector<std::string> classes = list_folders(train);
  std::erase_if(classes, [&](const std::string& name) {
    const std::vector<std::string> files = list_files(train / name);
    if (std::any_of(files.begin(), files.end(), has_image_extension)) return false;
    notes.push_back("train/" + name + ": left out, it holds no image");
    return true;
  });
  return classes;
}

/// Names and labels of one split; the pixels follow later.
Split list_split(const std::filesystem::path& folder, const std::string& shown,
                 const std::vector<std::string>& classes, std::vector<std::string>& notes) {
  Split split;
  for (size_t label = 0; label < classes.size(); ++label) {
    const std::string shown_class = shown + "/" + classes[label];
    if (!std::filesystem::is_directory(folder / classes[label])) {
      notes.push_back(shown_class + ": absent");
      continue;
    }
    for (const std::string& name : list_images(folder / classes[label], shown_class, notes)) {
      split.names.push_back(classes[label] + "/" + name);
      split.labels.push_back(static_cast<int32_t>(label));
    }
  }
  split.count = static_cast<int64_t>(split.names.size());
  return split;
}

Image read_image(const std::filesystem::path& path) {
  return decode_image(read_file(path, max_image_file_bytes), path.string());
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

/// Decodes every image of `split` to `shape`. `wanted` has zeros where all images must already agree.
void read_pixels(const std::filesystem::path& folder, const SampleShape& wanted, const SampleShape& shape,
                 Split& split) {
  const size_t bytes = static_cast<size_t>(shape.height) * static_cast<size_t>(shape.width) *
                       static_cast<size_t>(shape.channels);
  if (split.count > 0 && bytes > static_cast<size_t>(max_sample_bytes) / static_cast<size_t>(split.count))
    throw Error(folder.string(),
                std::to_string(split.count) + " images of " + std::to_string(bytes) +
                    " bytes take more than " + std::to_string(max_sample_bytes) + " bytes",
                "Use fewer images or a model with a smaller input");
  split.pixels.resize(bytes * static_cast<size_t>(split.count));
  for_each_parallel(split.count, [&](int64_t i) {
    const std::filesystem::path path = folder / split.names[static_cast<size_t>(i)];
    Image image = read_image(path);
    check_size(image, wanted, shape, path.string());
    const Image fitted = fit_and_crop(std::move(image), shape, path.string());
    std::copy(fitted.pixels.begin(), fitted.pixels.end(),
              split.pixels.begin() + i * static_cast<int64_t>(bytes));
  });
}

std::string describe(const SampleShape& wanted, const SampleShape& shape) {
  const std::string size = std::to_string(shape.height) + "x" + std::to_string(shape.width);
  const std::string colours = shape.channels == 1 ? "grey (ITU-R BT.601 luma)" : "RGB";
  if (wanted.height == 0 && wanted.width == 0) return "images kept at " + size + ", " + colours;
  return "images resized to cover " + size + " (height x width, Pillow BILINEAR), centre-cropped, " + colours;
}

}  // namespace

bool is_image_folder(const std::filesystem::path& folder) {
  return std::filesystem::is_directory(folder / "train") && !list_folders(folder / "train").empty();
}

Dataset read_image_folder(const std::filesystem::path& folder, const SampleShape& wanted) {
  Dataset dataset;
  dataset.format = "image folder";
  dataset.class_names = list_classes(folder / "train", dataset.notes);
  if (dataset.class_names.empty())
    throw Error((folder / "train").string(), "holds no image (.jpg, .jpeg, .png) in any class folder",
                "Put images into train/CLASS/");
  dataset.train = list_split(folder / "train", "train", dataset.class_names, dataset.notes);

  const std::filesystem::path test = folder / "test";
  if (std::filesystem::is_directory(test)) {
    for (const std::string& name : list_folders(test))
      if (!std::binary_search(dataset.class_names.begin(), dataset.class_names.end(), name) &&
          !list_images(test / name, "test/" + name, dataset.notes).empty())
        throw Error((test / name).string(), "is a class without training images",
                    "Add train/" + name + " or remove the folder");
    dataset.test = list_split(test, "test", dataset.class_names, dataset.notes);
  }

  const Image first = read_image(folder / "train" / dataset.train.names[0]);
  const SampleShape shape = complete_shape(wanted, {first.height, first.width, 3}, folder.string());
  read_pixels(folder / "train", wanted, shape, dataset.train);
  read_pixels(test, wanted, shape, dataset.test);
  dataset.shape = {shape.height, shape.width, shape.channels};
  dataset.notes.push_back(describe(wanted, shape));
  return dataset;
}

}  // namespace thaw
