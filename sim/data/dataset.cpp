// Recognises the format, lets its reader do the work, then adds what is common to all: name, numbered
// classes, names in valid UTF-8, the digest.
#include "sim/data/dataset.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <sstream>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/printable.h"
#include "sim/base/sha256.h"
#include "sim/data/cifar.h"
#include "sim/data/folder.h"
#include "sim/data/idx.h"
#include "sim/data/image_folder.h"
#include "sim/data/limits.h"
#include "sim/data/npz.h"
#include "sim/data/recording_folder.h"
#include "sim/data/zip.h"

namespace thaw {
namespace {

static_assert(std::endian::native == std::endian::little, "digests are taken of little-endian bytes");

constexpr const char* known_formats =
    "Thaw reads CIFAR-10 binary files (data_batch_*.bin, test_batch.bin), IDX files (train-images*, "
    "train-labels*, "
    "t10k-*), image folders (train/CLASS/*.jpg|png or CLASS/*.jpg|png), folders of recordings (*.csv, *.wav "
    "in place of "
    "the images) and .npz archives (x_train, y_train, "
    "x_test, y_test)";

bool is_dataset_folder(const std::filesystem::path& path) {
  return is_cifar_folder(path) || is_idx_folder(path) || class_folder_kind(path).has_value();
}

/// What to do about a folder that holds no data set: name the one below it that does, if there is one.
std::string hint_for_folder(const std::filesystem::path& path) {
  std::vector<std::string> folders = list_folders(path);
  std::erase_if(folders,
                [&](const std::string& name) { return is_hidden(name) || !is_dataset_folder(path / name); });
  if (folders.size() == 1)
    return "Its folder '" + folders[0] + "' does: give " + (path / folders[0]).string();
  return known_formats;
}

Dataset read_any(const std::filesystem::path& path, const SampleShape& wanted, const WindowRequest& windows,
                 Truth truth) {
  if (!std::filesystem::exists(path))
    throw Error(path.string(), "does not exist", "Check the path of the data set");
  if (std::filesystem::is_directory(path)) {
    if (is_cifar_folder(path)) return read_cifar(path, wanted);
    if (is_idx_folder(path)) return read_idx(path, wanted);
    if (const std::optional<FileKind> kind = class_folder_kind(path))
      return *kind == FileKind::image ? read_image_folder(path, wanted)
                                      : read_recording_folder(path, *kind, windows);
    throw Error(path.string(), "holds no data set of a known format", hint_for_folder(path));
  }
  const std::vector<std::byte> file = read_file(path, max_file_bytes);
  if (is_zip(file)) return parse_npz(file, wanted, path.string(), truth);
  if (is_cifar_file(file)) return read_cifar(path, wanted);
  throw Error(path.string(), "is no data set of a known format", known_formats);
}

/// "0", "1", ... up to the largest label of either split.
std::vector<std::string> numbered_classes(const Dataset& dataset) {
  int32_t largest = 0;
  for (const Split* split : {&dataset.train, &dataset.test})
    for (int32_t label : split->labels) largest = std::max(largest, label);
  std::vector<std::string> names;
  for (int32_t i = 0; i <= largest; ++i) names.push_back(std::to_string(i));
  return names;
}

std::string name_of(const std::filesystem::path& path) {
  const std::filesystem::path absolute = std::filesystem::absolute(path).lexically_normal();
  const std::filesystem::path last = absolute.has_filename() ? absolute : absolute.parent_path();
  return std::filesystem::is_directory(path) ? last.filename().string() : last.stem().string();
}

/// Names are written into JSON and to terminals; a class whose name changes is noted.
void make_names_valid(Dataset& dataset) {
  for (std::string& name : dataset.class_names) {
    std::string valid = printable(name);
    if (valid != name)
      dataset.notes.push_back("the name of class '" + valid +
                              "' holds what cannot be printed: '?' stands for it");
    name = std::move(valid);
  }
  for (Split* split : {&dataset.train, &dataset.test})
    for (std::string& name : split->names) name = printable(name);
  for (std::string& note : dataset.notes) note = printable(note);
  dataset.name = printable(dataset.name);
}

template <class T>
std::string digest_of(const std::vector<T>& values) {
  return sha256_hex(std::as_bytes(std::span<const T>(values)));
}

}  // namespace

Dataset read_dataset(const std::filesystem::path& path, const SampleShape& wanted,
                     const WindowRequest& windows, Truth truth) {
  Dataset dataset = read_any(path, wanted, windows, truth);
  if (truth == Truth::numbers && dataset.train.count > 0 && dataset.train.targets.empty())
    throw Error(path.string(), "holds classes, but regression needs numbers",
                "Save an .npz archive with y_train and y_test of numbers");
  if (dataset.train.count == 0)
    throw Error(path.string(), "holds no training data", "Add the training part of the data set");
  dataset.name = printable(name_of(path));
  if (dataset.class_names.empty()) dataset.class_names = numbered_classes(dataset);
  make_names_valid(dataset);
  dataset.sha256 = content_digest(dataset);
  return dataset;
}

std::string content_digest(const Dataset& dataset) {
  const bool pixels = dataset.element_type == ElementType::pixel;
  std::ostringstream text;
  text << "thaw dataset 1\n" << (pixels ? "pixel" : "float32");
  for (int32_t d : dataset.shape) text << ' ' << d;
  for (const Split* split : {&dataset.train, &dataset.test})
    text << '\n'
         << split->count << ' ' << digest_of(split->labels) << ' '
         << (pixels ? digest_of(split->pixels) : digest_of(split->values))
         << (split->targets.empty() ? "" : " " + digest_of(split->targets));
  const std::string all = text.str();
  return sha256_hex(std::as_bytes(std::span(all)));
}

}  // namespace thaw
