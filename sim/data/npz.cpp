// Finds the arrays by name, then treats both splits alike.
#include "sim/data/npz.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/data/fit.h"
#include "sim/data/npy.h"
#include "sim/data/npz_labels.h"
#include "sim/data/zip.h"

namespace thaw {
namespace {

constexpr NpyType uint8_type = {NpyKind::unsigned_integer, 1};
constexpr NpyType int8_type = {NpyKind::signed_integer, 1};

ElementType element_type_of(const NpyType& type) {
  return type == uint8_type || type == int8_type ? ElementType::pixel : ElementType::float32;
}

/// Samples of one split; the array is [N, ...].
Split read_samples(const NamedArray& samples) {
  const NpyArray& array = samples.array;
  if (array.type.is_text())
    throw Error(samples.where, "holds text, expected numbers", "Save the samples as uint8 or float32");
  Split split;
  split.count = array.shape[0];
  const auto* bytes = reinterpret_cast<const uint8_t*>(array.values.data());
  if (array.type == uint8_type) {
    split.pixels.assign(bytes, bytes + array.elements);
  } else if (array.type == int8_type) {
    split.pixels.resize(array.values.size());
    std::transform(bytes, bytes + array.elements, split.pixels.begin(),
                   [](uint8_t v) { return static_cast<uint8_t>(v ^ 0x80U); });  // v + 128
  } else {
    split.values.reserve(static_cast<size_t>(array.elements));
    for (int64_t i = 0; i < array.elements; ++i) {
      const std::optional<float> value = float_element(array, i);
      if (!value)
        throw Error(samples.where + ", element " + std::to_string(i),
                    "float32 cannot hold it (integers exactly up to 2^24, floats finite)",
                    "Clean or scale the data");
      split.values.push_back(*value);
    }
  }
  return split;
}

/// What became of the samples' type; empty for uint8 and float32, which stay.
std::string note_of(const NpyType& type) {
  if (type == int8_type) return "int8 samples are used as they are";
  if (type == uint8_type || type == NpyType{NpyKind::real, 4}) return "";
  if (type == NpyType{NpyKind::real, 8}) return "float64 samples rounded to float32";
  return type_name(type) + " samples read as float32";
}

/// Resizes images, and sets Dataset::shape.
void fit_samples(const NamedArray& x, const SampleShape& wanted, Dataset& dataset) {
  const std::vector<int64_t> sample(x.array.shape.begin() + 1, x.array.shape.end());
  const bool as_wanted = sample == std::vector<int64_t>{wanted.height, wanted.width, wanted.channels};
  const bool is_image = x.array.type == uint8_type && !as_wanted &&
                        (sample.size() == 2 || (sample.size() == 3 && (sample[2] == 1 || sample[2] == 3)));
  if (!is_image) {
    for (int64_t d : sample) dataset.shape.push_back(static_cast<int32_t>(d));
    if (dataset.shape.empty()) dataset.shape = {1};
    return;
  }
  const SampleShape held{static_cast<int32_t>(sample[0]), static_cast<int32_t>(sample[1]),
                         sample.size() == 3 ? static_cast<int32_t>(sample[2]) : 1};
  const SampleShape shape = complete_shape(wanted, held, x.where);
  fit_split(dataset.train, held, shape, x.where);
  fit_split(dataset.test, held, shape, x.where);
  dataset.shape = {shape.height, shape.width, shape.channels};
  const std::vector<std::string> notes = describe_fit(held, shape);
  dataset.notes.insert(dataset.notes.end(), notes.begin(), notes.end());
}

/// The archive's arrays by name.
struct Archive {
  ZipArchive zip;
  const std::string& where;

  /// The member of this name, whose first letter may be a capital; nothing where there is none.
  std::optional<size_t> member(const std::string& name) const {
    std::optional<size_t> found;
    for (size_t i = 0; i < zip.names().size(); ++i) {
      std::string lower = zip.names()[i];
      if (!lower.empty()) lower[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(lower[0])));
      if (lower != name + ".npy") continue;
      if (found) throw Error(where + ", array '" + name + "'", "is there twice", "Save each array once");
      found = i;
    }
    return found;
  }

  std::optional<NamedArray> find(const std::string& name) const {
    const std::optional<size_t> found = member(name);
    if (!found) return std::nullopt;
    const std::string& file = zip.names()[*found];
    NamedArray named{{}, where + ", array '" + file.substr(0, file.size() - 4) + "'"};
    named.array = parse_npy(zip.read(*found), named.where);
    return named;
  }

  NamedArray get(const std::string& name) const {
    std::optional<NamedArray> array = find(name);
    if (array) return *std::move(array);
    std::string names;
    for (const std::string& file : zip.names()) names += (names.empty() ? "" : ", ") + file;
    throw Error(where, "has no array '" + name + "', it holds " + (names.empty() ? "nothing" : names),
                "Save it with numpy.savez(file, x_train=..., y_train=..., x_test=..., y_test=...)");
  }

  /// What the names of the test split end in ("test", "val"); nothing where there is none.
  std::optional<std::string> test_name(std::vector<std::string>& notes) const {
    std::optional<std::string> result;
    if (member("x_test")) result = "test";
    for (const std::string name : {"val", "valid", "validation"}) {
      if (!member("x_" + name)) continue;
      notes.push_back("x_" + name +
                      (result ? " is not read: validation samples are cut from the training samples"
                              : " is read as the test split: there is no x_test"));
      if (!result) result = name;
    }
    return result;
  }
};

std::string sample_text(const NpyArray& array) {
  std::string text = type_name(array.type);
  for (size_t axis = 1; axis < array.shape.size(); ++axis)
    text += (axis == 1 ? " " : "x") + std::to_string(array.shape[axis]);
  return text;
}

void check_same_samples(const NamedArray& test, const NamedArray& train) {
  const bool same_type =
      test.array.type == train.array.type || (element_type_of(test.array.type) == ElementType::float32 &&
                                              element_type_of(train.array.type) == ElementType::float32);
  if (!same_type || !std::equal(test.array.shape.begin() + 1, test.array.shape.end(),
                                train.array.shape.begin() + 1, train.array.shape.end()))
    throw Error(test.where,
                "has another type or sample shape than x_train: " + sample_text(test.array) + ", not " +
                    sample_text(train.array),
                "Prepare both arrays in the same way");
}

/// y as real numbers, the same count for every sample.
std::vector<float> read_targets(const NamedArray& y, int64_t count) {
  const NpyArray& array = y.array;
  if (array.type.is_text() || array.shape.empty() || array.shape[0] != count || array.elements % count != 0)
    throw Error(y.where,
                "is not a number or a row of numbers for each of the " + std::to_string(count) + " samples",
                "Save float32 of shape [samples] or [samples, outputs]");
  std::vector<float> targets;
  for (int64_t i = 0; i < array.elements; ++i) {
    const std::optional<float> value = float_element(array, i);
    if (!value)
      throw Error(y.where + ", element " + std::to_string(i), "float32 cannot hold it",
                  "Clean or scale the data");
    targets.push_back(*value);
  }
  return targets;
}

/// Labels or targets of both splits, as the task needs them.
void read_truth(const Archive& archive, const std::optional<std::string>& test, Truth truth,
                Dataset& dataset) {
  const bool absent =
      truth == Truth::nothing && !archive.find("y_train") && (!test || !archive.find("y_" + *test));
  std::optional<NamedArray> y_train, y_test;
  if (!absent) y_train = archive.get("y_train");
  if (!absent && test) y_test = archive.get("y_" + *test);
  if (truth != Truth::classes && (absent || truth == Truth::numbers)) {
    for (Split* split : {&dataset.train, &dataset.test})
      split->labels.assign(static_cast<size_t>(split->count), 0);
    if (absent) return;
    dataset.train.targets = read_targets(*y_train, dataset.train.count);
    if (!y_test || dataset.test.count == 0) return;
    dataset.test.targets = read_targets(*y_test, dataset.test.count);
    if (dataset.test.targets.size() / static_cast<size_t>(dataset.test.count) !=
        dataset.train.targets.size() / static_cast<size_t>(dataset.train.count))
      throw Error(y_test->where, "has another number of targets a sample than y_train",
                  "Save both splits in the same way");
    return;
  }
  NpzLabels labels =
      npz_labels(*y_train, dataset.train.count, y_test, dataset.test.count, archive.find("class_names"));
  dataset.train.labels = std::move(labels.train);
  dataset.test.labels = std::move(labels.test);
  dataset.class_names = std::move(labels.class_names);
  dataset.notes.insert(dataset.notes.end(), labels.notes.begin(), labels.notes.end());
}

}  // namespace

Dataset parse_npz(std::span<const std::byte> file, const SampleShape& wanted, const std::string& where,
                  Truth truth) {
  const Archive archive{ZipArchive(file, where), where};
  Dataset dataset;
  dataset.format = "npz";
  const NamedArray x_train = archive.get("x_train");
  dataset.element_type = element_type_of(x_train.array.type);
  dataset.train = read_samples(x_train);

  const std::optional<std::string> test = archive.test_name(dataset.notes);
  if (test) {
    const NamedArray x_test = archive.get("x_" + *test);
    check_same_samples(x_test, x_train);
    dataset.test = read_samples(x_test);
  }
  read_truth(archive, test, truth, dataset);
  const std::string note = note_of(x_train.array.type);
  if (!note.empty()) dataset.notes.push_back(note);
  fit_samples(x_train, wanted, dataset);
  return dataset;
}

}  // namespace thaw
