// CIFAR-10 binary files, folder or single file.
#include "sim/data/cifar.h"

#include <algorithm>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/data/fit.h"
#include "sim/data/folder.h"
#include "sim/data/limits.h"

namespace thaw {
namespace {

constexpr size_t plane_bytes = cifar_side * cifar_side;
constexpr uint64_t max_class_file_bytes = 1'000'000;

bool is_batch_name(const std::string& name) {
  return name.starts_with("data_batch_") && name.ends_with(".bin");
}

/// One name a line; empty lines are skipped.
std::vector<std::string> read_class_names(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path, max_class_file_bytes);
  std::vector<std::string> names(1);
  for (std::byte b : bytes) {
    const char c = std::to_integer<char>(b);
    if (c == '\n')
      names.emplace_back();
    else if (c != '\r')
      names.back().push_back(c);
  }
  std::erase_if(names, [](const std::string& name) { return name.empty(); });
  if (names.empty()) throw Error(path.string(), "holds no class name", "Write one name a line");
  return names;
}

std::vector<std::string> digit_names() {
  std::vector<std::string> names;
  for (int i = 0; i < 10; ++i) names.push_back(std::to_string(i));
  return names;
}

}  // namespace

bool is_cifar_folder(const std::filesystem::path& folder) {
  const std::vector<std::string> names = list_files(folder);
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& name) { return is_batch_name(name) || name == "test_batch.bin"; });
}

bool is_cifar_file(std::span<const std::byte> file) {
  if (file.empty() || file.size() % cifar_record_bytes != 0) return false;
  for (size_t at = 0; at < file.size(); at += cifar_record_bytes)
    if (std::to_integer<int>(file[at]) >= 10) return false;
  return true;
}

void append_cifar_records(std::span<const std::byte> file, int32_t classes, const std::string& where,
                          Split& split) {
  if (file.empty() || file.size() % cifar_record_bytes != 0)
    throw Error(where,
                "holds " + std::to_string(file.size()) + " bytes, expected a multiple of " +
                    std::to_string(cifar_record_bytes) + " (1 label, 3072 pixels)",
                "The file is truncated or not CIFAR-10 binary: fetch it again");
  const size_t records = file.size() / cifar_record_bytes;
  split.labels.reserve(split.labels.size() + records);
  split.pixels.reserve(split.pixels.size() + records * 3 * plane_bytes);
  for (size_t at = 0; at < file.size(); at += cifar_record_bytes) {
    const auto label = std::to_integer<int32_t>(file[at]);
    if (label >= classes)
      throw Error(where + ", byte " + std::to_string(at),
                  "label " + std::to_string(label) + ", expected 0 to " + std::to_string(classes - 1),
                  "The file is damaged, or batches.meta.txt names too few classes");
    split.labels.push_back(label);
    for (size_t p = 0; p < plane_bytes; ++p)
      for (size_t c = 0; c < 3; ++c)
        split.pixels.push_back(std::to_integer<uint8_t>(file[at + 1 + c * plane_bytes + p]));
  }
  split.count += static_cast<int64_t>(records);
}

Dataset read_cifar(const std::filesystem::path& path, const SampleShape& wanted) {
  const bool is_folder = std::filesystem::is_directory(path);
  const std::filesystem::path folder = is_folder ? path : path.parent_path();
  const std::filesystem::path class_file = folder / "batches.meta.txt";
  Dataset dataset;
  dataset.format = "cifar";
  dataset.class_names =
      std::filesystem::is_regular_file(class_file) ? read_class_names(class_file) : digit_names();

  const auto classes = static_cast<int32_t>(dataset.class_names.size());
  const auto append = [&](const std::filesystem::path& file, Split& split) {
    append_cifar_records(read_file(file, max_file_bytes), classes, file.string(), split);
  };
  if (is_folder) {
    for (const std::string& name : list_files(path)) {
      if (is_batch_name(name)) append(path / name, dataset.train);
      if (name == "test_batch.bin") append(path / name, dataset.test);
    }
  } else {
    append(path, dataset.train);
  }

  const SampleShape held{cifar_side, cifar_side, 3};
  const SampleShape shape = complete_shape(wanted, held, path.string());
  fit_split(dataset.train, held, shape, path.string());
  fit_split(dataset.test, held, shape, path.string());
  dataset.shape = {shape.height, shape.width, shape.channels};
  dataset.notes = describe_fit(held, shape);
  return dataset;
}

}  // namespace thaw
