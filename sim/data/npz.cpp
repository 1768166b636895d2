// Reads the arrays by name, then treats both splits alike. The header of an array is a Python dictionary; it
// is parsed strictly as numpy writes it: three keys, a type, a truth value, a tuple.
#include "sim/data/npz.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/data/fit.h"
#include "sim/data/limits.h"
#include "sim/data/zip.h"
#include "sim/graph/error.h"

namespace thaw {
namespace {

static_assert(std::endian::native == std::endian::little, "array elements are copied as they are stored");

size_t size_of(NpyType type) {
  switch (type) {
    case NpyType::u1:
    case NpyType::i1:
      return 1;
    case NpyType::u2:
    case NpyType::i2:
      return 2;
    case NpyType::i4:
    case NpyType::f4:
      return 4;
    case NpyType::i8:
    case NpyType::f8:
      return 8;
  }
  return 0;
}

std::optional<NpyType> type_named(std::string_view text) {
  if (text == "|u1" || text == "<u1") return NpyType::u1;
  if (text == "|i1" || text == "<i1") return NpyType::i1;
  if (text == "<u2") return NpyType::u2;
  if (text == "<i2") return NpyType::i2;
  if (text == "<i4") return NpyType::i4;
  if (text == "<i8") return NpyType::i8;
  if (text == "<f4") return NpyType::f4;
  if (text == "<f8") return NpyType::f8;
  return std::nullopt;
}

/// Reads the dictionary of an array's header from left to right.
class HeaderText {
 public:
  HeaderText(std::string_view text, size_t offset, const std::string& where)
      : text_(text), offset_(offset), where_(where) {}

  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(where_ + ", byte " + std::to_string(offset_ + at_), "array header: expected " + expected,
                "Save the array again with numpy.savez");
  }
  bool take(std::string_view token) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void need(std::string_view token) {
    if (!take(token)) fail("'" + std::string(token) + "'");
  }
  std::string_view quoted() {
    need("'");
    const size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) fail("a closing quote");
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end + 1;
    return word;
  }
  int64_t dimension() {
    skip_spaces();
    int64_t value = 0;
    const size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      value = value * 10 + (text_[at_] - '0');
      if (value > INT32_MAX) fail("a dimension below 2^31");
    }
    if (at_ == begin || value == 0) fail("a dimension of at least 1");
    return value;
  }
  bool at_end() {
    skip_spaces();
    return at_ == text_.size();
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t offset_;  // of the text in the file
  const std::string& where_;
};

std::vector<int64_t> parse_shape(HeaderText& header) {
  std::vector<int64_t> shape;
  header.need("(");
  while (!header.take(")")) {
    shape.push_back(header.dimension());
    if (shape.size() > 8) header.fail("at most 8 dimensions");
    if (!header.take(",")) {
      header.need(")");
      break;
    }
  }
  if (shape.empty()) header.fail("an array, not a single number");
  return shape;
}

/// Fills type and shape.
void parse_header(HeaderText header, NpyArray& array) {
  bool has_type = false, has_order = false, has_shape = false;
  header.need("{");
  while (!header.take("}")) {
    const std::string_view key = header.quoted();
    header.need(":");
    if (key == "descr" && !has_type) {
      const auto type = type_named(header.quoted());
      if (!type) header.fail("one of the types |u1, |i1, <u2, <i2, <i4, <i8, <f4, <f8");
      array.type = *type;
      has_type = true;
    } else if (key == "fortran_order" && !has_order) {
      if (!header.take("False")) header.fail("fortran_order False (save numpy.ascontiguousarray(x))");
      has_order = true;
    } else if (key == "shape" && !has_shape) {
      array.shape = parse_shape(header);
      has_shape = true;
    } else {
      header.fail("each of the keys 'descr', 'fortran_order', 'shape' once");
    }
    if (!header.take(",")) {
      header.need("}");
      break;
    }
  }
  if (!has_type || !has_order || !has_shape) header.fail("the keys 'descr', 'fortran_order' and 'shape'");
  if (!header.at_end()) header.fail("nothing after the dictionary");
}

template <class T>
T load(const NpyArray& array, int64_t i) {
  T value;
  std::memcpy(&value, array.values.data() + static_cast<size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

/// Element i, or nothing where float32 cannot hold it: integers that would be rounded, floats not finite.
std::optional<float> float_element(const NpyArray& array, int64_t i) {
  const auto from_integer = [](int64_t value) -> std::optional<float> {
    if (value > (int64_t{1} << 24) || value < -(int64_t{1} << 24)) return std::nullopt;
    return static_cast<float>(value);
  };
  const auto from_real = [](double value) -> std::optional<float> {
    if (!(std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max()))) return std::nullopt;
    return static_cast<float>(value);
  };
  switch (array.type) {
    case NpyType::u1:
      return from_integer(load<uint8_t>(array, i));
    case NpyType::i1:
      return from_integer(load<int8_t>(array, i));
    case NpyType::u2:
      return from_integer(load<uint16_t>(array, i));
    case NpyType::i2:
      return from_integer(load<int16_t>(array, i));
    case NpyType::i4:
      return from_integer(load<int32_t>(array, i));
    case NpyType::i8:
      return from_integer(load<int64_t>(array, i));
    case NpyType::f4:
      return from_real(static_cast<double>(load<float>(array, i)));
    case NpyType::f8:
      return from_real(load<double>(array, i));
  }
  return std::nullopt;
}

std::vector<int32_t> read_labels(const NpyArray& array, int64_t count, const std::string& where) {
  const bool column = array.shape.size() == 2 && array.shape[1] == 1;
  if ((array.shape.size() != 1 && !column) || array.shape[0] != count)
    throw Error(where, "expected the shape [" + std::to_string(count) + "], one label for each sample",
                "Labels are class numbers, not one-hot rows");
  std::vector<int32_t> labels;
  labels.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const std::optional<float> value = float_element(array, i);
    if (!value || *value < 0 || *value > static_cast<float>(max_label) || *value != std::floor(*value))
      throw Error(where + ", element " + std::to_string(i),
                  "expected a whole number from 0 to " + std::to_string(max_label),
                  "Number the classes from 0");
    labels.push_back(static_cast<int32_t>(*value));
  }
  return labels;
}

/// Samples of one split; `array` is [N, ...].
Split read_samples(const NpyArray& array, const std::string& where) {
  Split split;
  split.count = array.shape[0];
  const auto* bytes = reinterpret_cast<const uint8_t*>(array.values.data());
  if (array.type == NpyType::u1) {
    split.pixels.assign(bytes, bytes + array.elements);
  } else if (array.type == NpyType::i1) {
    split.pixels.resize(array.values.size());
    std::transform(bytes, bytes + array.elements, split.pixels.begin(),
                   [](uint8_t v) { return static_cast<uint8_t>(v ^ 0x80U); });  // v + 128
  } else {
    split.values.reserve(static_cast<size_t>(array.elements));
    for (int64_t i = 0; i < array.elements; ++i) {
      const std::optional<float> value = float_element(array, i);
      if (!value)
        throw Error(where + ", element " + std::to_string(i),
                    "float32 cannot hold it (integers exactly up to 2^24, floats finite)",
                    "Clean or scale the data");
      split.values.push_back(*value);
    }
  }
  return split;
}

const char* note_of(NpyType type) {
  if (type == NpyType::i1) return "int8 samples are used as they are";
  if (type == NpyType::f8) return "float64 samples rounded to float32";
  if (type == NpyType::u2 || type == NpyType::i2 || type == NpyType::i4 || type == NpyType::i8)
    return "integer samples read as float32";
  return nullptr;
}

/// Checks or resizes the samples of both splits to `wanted` and sets Dataset::shape.
void fit_samples(const NpyArray& x, const SampleShape& wanted, const std::string& where, Dataset& dataset) {
  const std::vector<int64_t> sample(x.shape.begin() + 1, x.shape.end());
  const bool is_image = x.type == NpyType::u1 &&
                        (sample.size() == 2 || (sample.size() == 3 && (sample[2] == 1 || sample[2] == 3)));
  if (is_image) {
    const SampleShape held{static_cast<int32_t>(sample[0]), static_cast<int32_t>(sample[1]),
                           sample.size() == 3 ? static_cast<int32_t>(sample[2]) : 1};
    const SampleShape shape = complete_shape(wanted, held, where);
    fit_split(dataset.train, held, shape, where);
    fit_split(dataset.test, held, shape, where);
    dataset.shape = {shape.height, shape.width, shape.channels};
    const std::vector<std::string> notes = describe_fit(held, shape);
    dataset.notes.insert(dataset.notes.end(), notes.begin(), notes.end());
    return;
  }
  for (int64_t d : sample) dataset.shape.push_back(static_cast<int32_t>(d));
  if (dataset.shape.empty()) dataset.shape = {1};
  const int64_t held = x.elements / x.shape[0];
  const int64_t asked = int64_t{wanted.height} * wanted.width * wanted.channels;
  if (asked != 0 && asked != held)
    throw Error(
        where,
        "a sample has " + std::to_string(held) + " elements, the model's input " + std::to_string(asked),
        "Only uint8 images are resized: prepare the tensors for this model");
}

/// The archive's arrays by name.
struct Archive {
  std::span<const std::byte> bytes;
  std::vector<ZipMember> members;
  const std::string& where;

  std::string where_of(const std::string& name) const { return where + ", array '" + name + "'"; }
  std::optional<NpyArray> find(const std::string& name) const {
    const ZipMember* found = nullptr;
    for (const ZipMember& member : members) {
      if (member.name != name + ".npy") continue;
      if (found != nullptr) throw Error(where_of(name), "is there twice", "Save each array once");
      found = &member;
    }
    if (found == nullptr) return std::nullopt;
    return parse_npy(extract(bytes, *found, where), where_of(name));
  }
  NpyArray get(const std::string& name) const {
    std::optional<NpyArray> array = find(name);
    if (!array)
      throw Error(where, "has no array '" + name + "'",
                  "Save it with numpy.savez(file, x_train=..., y_train=..., x_test=..., y_test=...)");
    return *std::move(array);
  }
};

}  // namespace

NpyArray parse_npy(std::span<const std::byte> file, const std::string& where) {
  const auto byte = [&](size_t at) { return std::to_integer<size_t>(file[at]); };
  const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  if (file.size() < 12 || std::memcmp(file.data(), magic, sizeof magic) != 0)
    throw Error(where + ", byte 0", "is no numpy array", "Save it again with numpy.savez");
  const size_t version = byte(6);
  if (version < 1 || version > 3)
    throw Error(where + ", byte 6",
                "version " + std::to_string(version) + " of the array format, expected 1 to 3");
  const size_t header_at = version == 1 ? 10 : 12;
  size_t header_bytes = byte(8) | byte(9) << 8;
  if (version > 1) header_bytes |= byte(10) << 16 | byte(11) << 24;
  if (header_bytes > file.size() - header_at)
    throw Error(where + ", byte 8", "the array header reaches beyond the end",
                "Save it again with numpy.savez");

  NpyArray array;
  const auto* text = reinterpret_cast<const char*>(file.data() + header_at);
  parse_header(HeaderText(std::string_view(text, header_bytes), header_at, where), array);
  const std::span<const std::byte> values = file.subspan(header_at + header_bytes);
  const auto held = static_cast<int64_t>(values.size() / size_of(array.type));
  int64_t product = 1;  // stays at most `held`
  for (int64_t d : array.shape) product = d <= held / product ? product * d : held + 1;
  if (product > held || static_cast<size_t>(product) * size_of(array.type) != values.size())
    throw Error(
        where + ", byte " + std::to_string(header_at + header_bytes),
        "the elements take " + std::to_string(values.size()) + " bytes, which does not fit the array's shape",
        "Save it again with numpy.savez");
  array.elements = product;
  array.values.assign(values.begin(), values.end());
  return array;
}

Dataset parse_npz(std::span<const std::byte> file, const SampleShape& wanted, const std::string& where) {
  const Archive archive{file, list_zip(file, where), where};
  Dataset dataset;
  dataset.format = "npz";
  const NpyArray x_train = archive.get("x_train");
  dataset.element_type =
      x_train.type == NpyType::u1 || x_train.type == NpyType::i1 ? ElementType::pixel : ElementType::float32;
  dataset.train = read_samples(x_train, archive.where_of("x_train"));
  dataset.train.labels =
      read_labels(archive.get("y_train"), dataset.train.count, archive.where_of("y_train"));

  const std::optional<NpyArray> x_test = archive.find("x_test");
  if (x_test) {
    if (x_test->type != x_train.type || !std::equal(x_test->shape.begin() + 1, x_test->shape.end(),
                                                    x_train.shape.begin() + 1, x_train.shape.end()))
      throw Error(archive.where_of("x_test"), "has another type or sample shape than x_train",
                  "Prepare both arrays in the same way");
    dataset.test = read_samples(*x_test, archive.where_of("x_test"));
    dataset.test.labels = read_labels(archive.get("y_test"), dataset.test.count, archive.where_of("y_test"));
  }
  if (note_of(x_train.type) != nullptr) dataset.notes.emplace_back(note_of(x_train.type));
  fit_samples(x_train, wanted, archive.where_of("x_train"), dataset);
  return dataset;
}

}  // namespace thaw
