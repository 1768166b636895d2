// The header is parsed strictly as numpy writes it: three keys, a type, a truth value, a tuple. Byte order
// and order of the axes are brought to ours once, so that nobody else has to know of them.
#include "sim/data/npy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "sim/base/error.h"

namespace thaw {
namespace {

static_assert(std::endian::native == std::endian::little, "array elements are loaded as they are stored");

constexpr const char* save_again = "Save the array again with numpy.savez";
constexpr size_t longest_text = 65'536;  // characters of one element

/// What a header says.
struct Header {
  NpyType type;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

/// Type and byte order from "<f4", "|u1", ">U5"; nothing for what is no plain number or text.
std::optional<Header> header_of_type(std::string_view text) {
  if (text.size() < 3 || std::string_view("<>|=").find(text[0]) == std::string_view::npos)
    return std::nullopt;
  size_t count = 0;
  for (char c : text.substr(2)) {
    if (c < '0' || c > '9') return std::nullopt;
    count = count * 10 + static_cast<size_t>(c - '0');
    if (count > longest_text) return std::nullopt;
  }
  const auto of = [&](NpyKind kind, size_t bytes) {
    Header header;
    header.type = {kind, bytes};
    header.big_endian = text[0] == '>';
    return header;
  };
  const bool is_integer_size = count == 1 || count == 2 || count == 4 || count == 8;
  switch (text[1]) {
    case 'b':
      if (count == 1) return of(NpyKind::boolean, 1);
      break;
    case 'u':
      if (is_integer_size) return of(NpyKind::unsigned_integer, count);
      break;
    case 'i':
      if (is_integer_size) return of(NpyKind::signed_integer, count);
      break;
    case 'f':
      if (is_integer_size && count > 1) return of(NpyKind::real, count);
      break;
    case 'U':
      if (count > 0) return of(NpyKind::unicode, 4 * count);
      break;
    case 'S':
      if (count > 0) return of(NpyKind::bytes, count);
      break;
    default:
      break;
  }
  return std::nullopt;
}

/// Reads the dictionary of an array's header from left to right.
class HeaderText {
 public:
  HeaderText(std::string_view text, size_t offset, const std::string& where)
      : text_(text), offset_(offset), where_(where) {}

  [[noreturn]] void fail(const std::string& expected, const std::string& hint = save_again) const {
    throw Error(where_ + ", byte " + std::to_string(offset_ + at_), "array header: expected " + expected,
                hint);
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
    if (at_ == begin) fail("a dimension of at least 1");
    if (value == 0) fail("a dimension of at least 1, found 0: the array is empty", "Leave empty arrays out");
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

void parse_type(HeaderText& text, Header& header) {
  constexpr const char* kHint =
      "Convert before saving: samples with x.astype('float32'), labels with y.astype('int64') or "
      "y.astype(str)";
  if (text.take("[")) text.fail("one type, found a structured one", kHint);
  const std::string_view name = text.quoted();
  const std::optional<Header> read = header_of_type(name);
  if (!read)
    text.fail("a type of bool, integers, float16, float32, float64 or text, found '" + std::string(name) +
                  "'" + (name == "|O" ? " (Python objects)" : ""),
              kHint);
  header.type = read->type;
  header.big_endian = read->big_endian;
}

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

Header parse_header(HeaderText text) {
  Header header;
  bool has_type = false, has_order = false, has_shape = false;
  text.need("{");
  while (!text.take("}")) {
    const std::string_view key = text.quoted();
    text.need(":");
    if (key == "descr" && !has_type) {
      parse_type(text, header);
      has_type = true;
    } else if (key == "fortran_order" && !has_order) {
      header.fortran_order = text.take("True");
      if (!header.fortran_order && !text.take("False")) text.fail("True or False for fortran_order");
      has_order = true;
    } else if (key == "shape" && !has_shape) {
      header.shape = parse_shape(text);
      has_shape = true;
    } else {
      text.fail("each of the keys 'descr', 'fortran_order', 'shape' once");
    }
    if (!text.take(",")) {
      text.need("}");
      break;
    }
  }
  if (!has_type || !has_order || !has_shape) text.fail("the keys 'descr', 'fortran_order' and 'shape'");
  if (!text.at_end()) text.fail("nothing after the dictionary");
  return header;
}

/// Reverses the bytes of every number (of every character of text).
void to_little_endian(const NpyType& type, std::vector<std::byte>& values) {
  const auto width = static_cast<std::ptrdiff_t>(type.kind == NpyKind::unicode ? 4 : type.bytes);
  if (type.kind == NpyKind::bytes || width == 1) return;
  for (auto at = values.begin(); at != values.end(); at += width) std::reverse(at, at + width);
}

/// From Fortran order, in which the first axis runs fastest, to C order.
std::vector<std::byte> to_c_order(const std::vector<std::byte>& values, const std::vector<int64_t>& shape,
                                  size_t bytes) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t axis = 1; axis < shape.size(); ++axis) strides[axis] = strides[axis - 1] * shape[axis - 1];
  std::vector<std::byte> out(values.size());
  std::vector<int64_t> place(shape.size(), 0);
  int64_t from = 0;
  for (size_t to = 0; to < out.size(); to += bytes) {
    std::memcpy(out.data() + to, values.data() + static_cast<size_t>(from) * bytes, bytes);
    for (size_t axis = shape.size(); axis-- > 0;) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      place[axis] = 0;
    }
  }
  return out;
}

template <class T>
T load(const NpyArray& array, int64_t i) {
  T value;
  std::memcpy(&value, array.values.data() + static_cast<size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

/// IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction.
double half_value(uint16_t bits) {
  const int exponent = bits >> 10 & 0x1F;
  const int fraction = bits & 0x3FF;
  double value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 0x1F)
    value =
        fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  return (bits & 0x8000) != 0 ? -value : value;
}

double load_real(const NpyArray& array, int64_t i) {
  if (array.type.bytes == 2) return half_value(load<uint16_t>(array, i));
  if (array.type.bytes == 4) return static_cast<double>(load<float>(array, i));
  return load<double>(array, i);
}

uint64_t load_unsigned(const NpyArray& array, int64_t i) {
  if (array.type.bytes == 1) return load<uint8_t>(array, i);
  if (array.type.bytes == 2) return load<uint16_t>(array, i);
  if (array.type.bytes == 4) return load<uint32_t>(array, i);
  return load<uint64_t>(array, i);
}

int64_t load_signed(const NpyArray& array, int64_t i) {
  if (array.type.bytes == 1) return load<int8_t>(array, i);
  if (array.type.bytes == 2) return load<int16_t>(array, i);
  if (array.type.bytes == 4) return load<int32_t>(array, i);
  return load<int64_t>(array, i);
}

void append_utf8(uint32_t code, std::string& text) {
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
  const auto put = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

}  // namespace

std::string type_name(const NpyType& type) {
  const std::string bits = std::to_string(8 * type.bytes);
  switch (type.kind) {
    case NpyKind::boolean:
      return "bool";
    case NpyKind::unsigned_integer:
      return "uint" + bits;
    case NpyKind::signed_integer:
      return "int" + bits;
    case NpyKind::real:
      return "float" + bits;
    case NpyKind::unicode:
    case NpyKind::bytes:
      return "text";
  }
  return "";
}

NpyArray parse_npy(std::span<const std::byte> file, const std::string& where) {
  const auto byte = [&](size_t at) { return std::to_integer<size_t>(file[at]); };
  const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  if (file.size() < 12 || std::memcmp(file.data(), magic, sizeof magic) != 0)
    throw Error(where + ", byte 0", "is no numpy array", save_again);
  const size_t version = byte(6);
  if (version < 1 || version > 3)
    throw Error(where + ", byte 6",
                "version " + std::to_string(version) + " of the array format, expected 1 to 3");
  const size_t header_at = version == 1 ? 10 : 12;
  size_t header_bytes = byte(8) | byte(9) << 8;
  if (version > 1) header_bytes |= byte(10) << 16 | byte(11) << 24;
  if (header_bytes > file.size() - header_at)
    throw Error(where + ", byte 8", "the array header reaches beyond the end", save_again);

  const auto* text = reinterpret_cast<const char*>(file.data() + header_at);
  Header header = parse_header(HeaderText(std::string_view(text, header_bytes), header_at, where));
  NpyArray array;
  array.type = header.type;
  array.shape = std::move(header.shape);
  const std::span<const std::byte> values = file.subspan(header_at + header_bytes);
  const auto held = static_cast<int64_t>(values.size() / array.type.bytes);
  int64_t product = 1;  // stays at most `held`
  for (int64_t d : array.shape) product = d <= held / product ? product * d : held + 1;
  if (product > held || static_cast<size_t>(product) * array.type.bytes != values.size())
    throw Error(
        where + ", byte " + std::to_string(header_at + header_bytes),
        "the elements take " + std::to_string(values.size()) + " bytes, which does not fit the array's shape",
        save_again);
  array.elements = product;
  array.values.assign(values.begin(), values.end());
  if (header.big_endian) to_little_endian(array.type, array.values);
  if (header.fortran_order) array.values = to_c_order(array.values, array.shape, array.type.bytes);
  return array;
}

std::optional<float> float_element(const NpyArray& array, int64_t i) {
  constexpr double kExactIntegers = 1 << 24;
  const double value = real_element(array, i);
  const double most = array.type.kind == NpyKind::real
                          ? static_cast<double>(std::numeric_limits<float>::max())
                          : kExactIntegers;
  if (!(std::abs(value) <= most)) return std::nullopt;  // NaN, and text, compare false
  return static_cast<float>(value);
}

double real_element(const NpyArray& array, int64_t i) {
  switch (array.type.kind) {
    case NpyKind::boolean:
      return load<uint8_t>(array, i) != 0 ? 1.0 : 0.0;
    case NpyKind::unsigned_integer:
      return static_cast<double>(load_unsigned(array, i));
    case NpyKind::signed_integer:
      return static_cast<double>(load_signed(array, i));
    case NpyKind::real:
      return load_real(array, i);
    case NpyKind::unicode:
    case NpyKind::bytes:
      break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::string text_element(const NpyArray& array, int64_t i) {
  const size_t begin = static_cast<size_t>(i) * array.type.bytes;
  std::string text;
  if (array.type.kind == NpyKind::bytes) {
    text.assign(reinterpret_cast<const char*>(array.values.data()) + begin, array.type.bytes);
    text.erase(text.find_last_not_of('\0') + 1);
    return text;
  }
  std::vector<uint32_t> codes(array.type.bytes / 4);
  std::memcpy(codes.data(), array.values.data() + begin, array.type.bytes);
  while (!codes.empty() && codes.back() == 0) codes.pop_back();
  for (uint32_t code : codes) append_utf8(code, text);
  return text;
}

}  // namespace thaw
