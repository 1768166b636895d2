// Bringing images to the size and the number of channels that a model's input has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/data/dataset.h"
#include "sim/data/image.h"

namespace thaw {

/// Grey to RGB by repeating, RGB to grey as Pillow's convert("L") (ITU-R BT.601 luma in 16-bit fixed point).
/// Returns the image itself where it has that many channels. `channels` is 1 or 3.
Image convert_channels(Image image, int32_t channels);

/// The whole image at the wanted shape (no zeros in it); the aspect ratio is not kept.
Image fit_whole(Image image, const SampleShape& wanted);

/// The middle of the image: resized so that it just covers the wanted size (for a square: the shorter side is
/// the wanted side, the longer one int(side * long / short)), then cropped in the centre. Offsets of a half
/// are rounded to even. This is torchvision's Resize followed by CenterCrop. `where` names the file in an
/// Error for images so narrow that the resized one would pass max_image_pixels.
Image fit_and_crop(Image image, const SampleShape& wanted, const std::string& where);

/// Brings every image of `split`, of shape `from`, to `to` by fit_whole, on all threads.
/// Throws Error naming `where` if that takes more than max_sample_bytes.
void fit_split(Split& split, const SampleShape& from, const SampleShape& to, const std::string& where);

/// Replaces zeros in `wanted` by what `held` has. Throws Error naming `where` if the number of channels asked
/// for is neither what is held nor 1 or 3.
SampleShape complete_shape(const SampleShape& wanted, const SampleShape& held, const std::string& where);

/// One sentence for each change from `from` to `to`, for Dataset::notes; nothing where they are equal.
std::vector<std::string> describe_fit(const SampleShape& from, const SampleShape& to);

}  // namespace thaw
