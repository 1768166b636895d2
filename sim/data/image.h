// One image in memory and its decoders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thaw {

/// 8-bit pixels, height x width x channels, channels interleaved; 1 channel (grey) or 3 (red, green, blue).
struct Image {
  int32_t height = 0;
  int32_t width = 0;
  int32_t channels = 0;
  std::vector<uint8_t> pixels;

  bool operator==(const Image&) const = default;
};

/// Decodes a JPEG or a PNG, told apart by their first bytes. `where` names the file in errors. Equal to what
/// Pillow opens and ImageOps.exif_transpose turns upright; colour profiles and gamma are ignored. Throws
/// Error.
Image decode_image(std::span<const std::byte> file, const std::string& where);

/// JPEG by libjpeg-turbo with its defaults (accurate integer DCT, smooth upsampling). Grey stays 1 channel,
/// all else becomes RGB; CMYK is refused. Truncated or damaged data are an Error, never a half-grey image.
Image decode_jpeg(std::span<const std::byte> file, const std::string& where);

/// PNG by libpng: palettes become RGB, grey of 1, 2 and 4 bits is spread over 0..255, 16 bits keep their high
/// byte, alpha is dropped (not blended). Throws Error.
Image decode_png(std::span<const std::byte> file, const std::string& where);

}  // namespace thaw
