// TIFF: byte order, offset of the first table, then entries of 12 bytes: tag, type, count, value.
#include "sim/data/orientation.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace thaw {
namespace {

constexpr uint32_t orientation_tag = 0x0112;
constexpr size_t entry_bytes = 12;

/// Numbers of a TIFF structure; nothing where the structure ends before.
struct Tiff {
  std::span<const std::byte> bytes;
  bool big_endian;

  std::optional<uint32_t> number(size_t at, size_t width) const {
    if (at > bytes.size() || width > bytes.size() - at) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < width; ++i)
      value = value << 8 | std::to_integer<uint32_t>(bytes[big_endian ? at + i : at + width - 1 - i]);
    return value;
  }
};

/// Bytes of a whole number of this TIFF type; nothing for all others.
std::optional<size_t> width_of(uint32_t type) {
  constexpr uint32_t kByte = 1, kShort = 3, kLong = 4;
  if (type == kByte) return 1;
  if (type == kShort) return 2;
  if (type == kLong) return 4;
  return std::nullopt;
}

/// Where the pixel of the upright image at (y, x) stands in the stored one.
size_t stored_place(const Image& stored, int32_t orientation, int32_t y, int32_t x) {
  const bool exchanged = orientation >= 5;
  int32_t row = exchanged ? x : y;
  int32_t column = exchanged ? y : x;
  if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
    row = stored.height - 1 - row;
  if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
    column = stored.width - 1 - column;
  return static_cast<size_t>(row) * static_cast<size_t>(stored.width) + static_cast<size_t>(column);
}

}  // namespace

int32_t exif_orientation(std::span<const std::byte> exif) {
  constexpr char kPrefix[] = {'E', 'x', 'i', 'f', 0, 0};
  if (exif.size() >= sizeof kPrefix && std::memcmp(exif.data(), kPrefix, sizeof kPrefix) == 0)
    exif = exif.subspan(sizeof kPrefix);
  if (exif.size() < 8) return 1;
  const bool little = std::memcmp(exif.data(), "II*\0", 4) == 0;
  const bool big = std::memcmp(exif.data(), "MM\0*", 4) == 0;
  if (!little && !big) return 1;
  const Tiff tiff{exif, big};
  const size_t table = *tiff.number(4, 4);
  const uint32_t entries = tiff.number(table, 2).value_or(0);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = table + 2 + entry_bytes * i;
    const std::optional<uint32_t> tag = tiff.number(entry, 2);
    if (!tag) return 1;
    if (*tag != orientation_tag) continue;
    const std::optional<size_t> width = width_of(tiff.number(entry + 2, 2).value_or(0));
    const uint32_t value = width ? tiff.number(entry + 8, *width).value_or(1) : 1;
    return value >= 1 && value <= 8 ? static_cast<int32_t>(value) : 1;
  }
  return 1;
}

Image upright(Image image, int32_t orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool exchanged = orientation >= 5;
  Image out{
      exchanged ? image.width : image.height, exchanged ? image.height : image.width, image.channels, {}};
  out.pixels.reserve(image.pixels.size());
  const auto channels = static_cast<size_t>(image.channels);
  for (int32_t y = 0; y < out.height; ++y)
    for (int32_t x = 0; x < out.width; ++x) {
      const auto pixel = image.pixels.begin() +
                         static_cast<std::ptrdiff_t>(stored_place(image, orientation, y, x) * channels);
      out.pixels.insert(out.pixels.end(), pixel, pixel + image.channels);
    }
  return out;
}

}  // namespace thaw
