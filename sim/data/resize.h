// Bilinear resizing, byte for byte as Pillow's Image.resize((width, height), Image.BILINEAR): a triangle
// filter whose support grows with the reduction (so that shrinking averages), in fixed point with 22
// fractional bits.
#pragma once

#include <cstdint>

#include "sim/data/image.h"

namespace thaw {

/// The whole of `image` at the new size. Sizes at least 1.
Image resize_bilinear(const Image& image, int32_t height, int32_t width);

}  // namespace thaw
