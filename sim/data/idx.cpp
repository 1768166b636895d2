// IDX pairs of images and labels in one folder.
#include "sim/data/idx.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/data/fit.h"
#include "sim/data/folder.h"
#include "sim/data/gzip.h"
#include "sim/data/limits.h"

namespace thaw {
namespace {

constexpr unsigned unsigned_byte = 8;  // the only element type of image sets

/// The first file in byte order whose name begins with one of `prefixes`.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder,
                                               const std::vector<std::string>& prefixes) {
  for (const std::string& name : list_files(folder))
    for (const std::string& prefix : prefixes)
      if (name.starts_with(prefix)) return folder / name;
  return std::nullopt;
}

IdxArray read_array(const std::filesystem::path& path) {
  return parse_idx(read_file(path, max_file_bytes), path.string());
}

SampleShape shape_of_images(const IdxArray& images, const std::string& where) {
  const size_t rank = images.shape.size();
  if (rank != 3 && rank != 4)
    throw Error(where + ", byte 3",
                "rank " + std::to_string(rank) + ", expected images [N,H,W] or [N,H,W,C]");
  return {images.shape[1], images.shape[2], rank == 4 ? images.shape[3] : 1};
}

/// One split and the shape of its images as stored.
SampleShape read_pair(const std::filesystem::path& image_file, const std::filesystem::path& label_file,
                      Split& split) {
  IdxArray images = read_array(image_file);
  const SampleShape shape = shape_of_images(images, image_file.string());
  const IdxArray labels = read_array(label_file);
  if (labels.shape.size() != 1 || labels.shape[0] != images.shape[0])
    throw Error(label_file.string() + ", byte 3",
                "expected one dimension of " + std::to_string(images.shape[0]) +
                    " labels, one for each image of " + image_file.filename().string(),
                "Use the label file that belongs to the images");
  split.count = images.shape[0];
  split.pixels = std::move(images.values);
  split.labels.assign(labels.values.begin(), labels.values.end());
  return shape;
}

}  // namespace

IdxArray parse_idx(std::span<const std::byte> file, const std::string& where) {
  std::vector<std::byte> inflated;
  if (is_gzip(file)) {
    inflated = inflate_gzip(file, max_inflated_bytes, where);
    file = inflated;
  }
  const auto byte = [&](size_t at) { return std::to_integer<uint32_t>(file[at]); };
  if (file.size() < 4 || byte(0) != 0 || byte(1) != 0)
    throw Error(where + ", byte 0", "is no IDX file: it must begin with two zero bytes, a type and a rank");
  if (byte(2) != unsigned_byte)
    throw Error(where + ", byte 2",
                "element type " + std::to_string(byte(2)) + ", expected 8 (unsigned byte)");
  const size_t rank = byte(3);
  if (rank < 1 || rank > 4)
    throw Error(where + ", byte 3", "rank " + std::to_string(rank) + ", expected 1 to 4");
  const size_t header_bytes = 4 + 4 * rank;
  if (file.size() < header_bytes)
    throw Error(where + ", byte " + std::to_string(file.size()), "ends within the dimensions",
                "The file is truncated: fetch it again");

  IdxArray array;
  const uint64_t held = file.size() - header_bytes;
  uint64_t product = 1;  // stays at most `held`, below 2^63
  for (size_t d = 0; d < rank; ++d) {
    const size_t at = 4 + 4 * d;
    const uint32_t size = byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
    if (size == 0 || size > INT32_MAX || size > held / product)
      throw Error(where + ", byte " + std::to_string(at),
                  "dimension " + std::to_string(d) + " is " + std::to_string(size) +
                      ", which does not fit the file's " + std::to_string(held) + " elements",
                  "The file is damaged or truncated: fetch it again");
    product *= size;
    array.shape.push_back(static_cast<int32_t>(size));
  }
  if (product != held)
    throw Error(
        where + ", byte " + std::to_string(header_bytes),
        "holds " + std::to_string(held) + " elements, its dimensions ask for " + std::to_string(product),
        "The file is damaged: fetch it again");
  const auto* values = reinterpret_cast<const uint8_t*>(file.data() + header_bytes);
  array.values.assign(values, values + product);
  return array;
}

bool is_idx_folder(const std::filesystem::path& folder) {
  return find_file(folder, {"train-images", "train-labels"}).has_value();
}

Dataset read_idx(const std::filesystem::path& folder, const SampleShape& wanted) {
  const std::string where = folder.string();
  const auto train_images = find_file(folder, {"train-images"});
  const auto train_labels = find_file(folder, {"train-labels"});
  const auto test_images = find_file(folder, {"t10k-images", "test-images"});
  const auto test_labels = find_file(folder, {"t10k-labels", "test-labels"});
  if (!train_images || !train_labels)
    throw Error(where, "needs both train-images* and train-labels*",
                "Put the pair of IDX files into the folder");
  if (test_images.has_value() != test_labels.has_value())
    throw Error(where, "holds only one of the test images and the test labels (t10k-* or test-*)",
                "Put both into the folder, or neither");

  Dataset dataset;
  dataset.format = "idx";
  const SampleShape held = read_pair(*train_images, *train_labels, dataset.train);
  if (test_images && read_pair(*test_images, *test_labels, dataset.test) != held)
    throw Error(test_images->string(), "its images have another shape than the training images",
                "Use files of the same set");
  const SampleShape shape = complete_shape(wanted, held, where);
  fit_split(dataset.train, held, shape, where);
  fit_split(dataset.test, held, shape, where);
  dataset.shape = {shape.height, shape.width, shape.channels};
  dataset.notes = describe_fit(held, shape);
  return dataset;
}

}  // namespace thaw
