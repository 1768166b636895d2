// One array as numpy saves it (NEP 1): a header, which is a Python dictionary, then the elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thaw {

/// What an element is. unicode: fixed-length text of UTF-32 units; bytes: fixed-length text of bytes.
enum class NpyKind { boolean, unsigned_integer, signed_integer, real, unicode, bytes };

/// An element type: its kind and the bytes that one element takes.
struct NpyType {
  NpyKind kind = NpyKind::unsigned_integer;
  size_t bytes = 1;

  bool operator==(const NpyType&) const = default;
  bool is_text() const { return kind == NpyKind::unicode || kind == NpyKind::bytes; }
};

/// As numpy says it: "uint64", "float16", "bool"; "text" for both kinds of text.
std::string type_name(const NpyType& type);

/// One array, whatever its file held: elements in C order (row-major), little-endian.
struct NpyArray {
  NpyType type;
  std::vector<int64_t> shape;     // rank 1 to 8, every dimension at least 1
  std::vector<std::byte> values;  // exactly the product of `shape` elements
  int64_t elements = 0;
};

/// Parses one .npy file (versions 1 to 3): bool, integers, float16, float32, float64 of either byte order and
/// text, in C or Fortran order. Throws Error naming `where` and the field or byte offset; other types are
/// named with what to convert them to.
NpyArray parse_npy(std::span<const std::byte> file, const std::string& where);

/// Element i of an array of numbers; nothing where float32 cannot hold it: integers that would be rounded,
/// reals that are not finite.
std::optional<float> float_element(const NpyArray& array, int64_t i);

/// Element i of an array of numbers as a binary64: exact but for integers beyond 2^53, which are rounded.
double real_element(const NpyArray& array, int64_t i);

/// Element i of an array of text in UTF-8, without the zeros that fill it up. Bytes stay as they are; code
/// points that Unicode does not have become U+FFFD.
std::string text_element(const NpyArray& array, int64_t i);

}  // namespace thaw
