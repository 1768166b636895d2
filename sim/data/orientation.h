// Which way up a photograph is, as cameras say it: EXIF's tag "orientation" (CIPA DC-008, section 4.6.4). One
// tag of one table is all that is read, so no library for the whole of EXIF is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/data/image.h"

namespace thaw {

/// The orientation, 1 to 8, in EXIF data: a TIFF structure of either byte order, "Exif\0\0" before it or not.
/// 1 (upright) where the tag is absent, is no such number, or the structure is damaged.
int32_t exif_orientation(std::span<const std::byte> exif);

/// The image turned and mirrored upright, as Pillow's ImageOps.exif_transpose; 5 to 8 exchange height and
/// width.
Image upright(Image image, int32_t orientation);

}  // namespace thaw
