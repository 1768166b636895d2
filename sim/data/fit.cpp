// Channels are reduced before resizing and repeated after it: fewer bytes to resize, the same result.
#include "sim/data/fit.h"

#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/parallel.h"
#include "sim/data/limits.h"
#include "sim/data/resize.h"

namespace thaw {
namespace {

size_t elements(const SampleShape& shape) {
  return static_cast<size_t>(shape.height) * static_cast<size_t>(shape.width) *
         static_cast<size_t>(shape.channels);
}

std::string size_text(const SampleShape& shape) {
  return std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

Image resize_and_convert(Image image, int32_t height, int32_t width, int32_t channels) {
  if (channels < image.channels) image = convert_channels(std::move(image), channels);
  return convert_channels(resize_bilinear(image, height, width), channels);
}

/// difference / 2, a half to the even neighbour.
int32_t centre_offset(int32_t difference) {
  const int32_t half = difference / 2;
  return difference % 2 != 0 && half % 2 != 0 ? half + 1 : half;
}

Image crop(const Image& image, int32_t top, int32_t left, const SampleShape& size) {
  Image out{size.height, size.width, image.channels, {}};
  out.pixels.reserve(elements(size));
  for (int32_t y = 0; y < size.height; ++y) {
    const auto begin = image.pixels.begin() + (int64_t{top + y} * image.width + left) * image.channels;
    out.pixels.insert(out.pixels.end(), begin, begin + int64_t{size.width} * image.channels);
  }
  return out;
}

}  // namespace

Image convert_channels(Image image, int32_t channels) {
  if (image.channels == channels) return image;
  const size_t count = static_cast<size_t>(image.height) * static_cast<size_t>(image.width);
  Image out{image.height, image.width, channels, {}};
  out.pixels.resize(count * static_cast<size_t>(channels));
  if (channels == 3) {
    for (size_t i = 0; i < count; ++i)
      std::fill_n(out.pixels.begin() + static_cast<int64_t>(3 * i), 3, image.pixels[i]);
    return out;
  }
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* p = image.pixels.data() + 3 * i;
    // 0.299, 0.587 and 0.114 in 1/65536, rounded to nearest.
    const uint32_t luma =
        uint32_t{p[0]} * 19595U + uint32_t{p[1]} * 38470U + uint32_t{p[2]} * 7471U + 0x8000U;
    out.pixels[i] = static_cast<uint8_t>(luma >> 16);
  }
  return out;
}

Image fit_whole(Image image, const SampleShape& wanted) {
  return resize_and_convert(std::move(image), wanted.height, wanted.width, wanted.channels);
}

Image fit_and_crop(Image image, const SampleShape& wanted, const std::string& where) {
  int64_t height = wanted.height;
  int64_t width = wanted.width;
  if (int64_t{image.height} * wanted.width <= int64_t{image.width} * wanted.height)
    width = std::max(width, height * image.width / image.height);  // the height limits
  else
    height = std::max(height, width * image.height / image.width);
  if (height * width > max_image_pixels)
    throw Error(where,
                "is " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                    " pixels: too narrow to be resized to cover " + size_text(wanted),
                "Crop or remove the image");
  const Image resized = resize_and_convert(std::move(image), static_cast<int32_t>(height),
                                           static_cast<int32_t>(width), wanted.channels);
  return crop(resized, centre_offset(resized.height - wanted.height),
              centre_offset(resized.width - wanted.width), wanted);
}

void fit_split(Split& split, const SampleShape& from, const SampleShape& to, const std::string& where) {
  if (from == to || split.count == 0) return;
  const size_t from_bytes = elements(from);
  const size_t to_bytes = elements(to);
  if (to_bytes > static_cast<size_t>(max_sample_bytes) / static_cast<size_t>(split.count))
    throw Error(where,
                std::to_string(split.count) + " samples resized to " + size_text(to) + " take more than " +
                    std::to_string(max_sample_bytes) + " bytes",
                "Use fewer samples or a model with a smaller input");
  std::vector<uint8_t> out(to_bytes * static_cast<size_t>(split.count));
  for_each_parallel(split.count, [&](int64_t i) {
    const auto begin = split.pixels.begin() + i * static_cast<int64_t>(from_bytes);
    Image image{from.height, from.width, from.channels, {begin, begin + static_cast<int64_t>(from_bytes)}};
    const Image fitted = fit_whole(std::move(image), to);
    std::copy(fitted.pixels.begin(), fitted.pixels.end(), out.begin() + i * static_cast<int64_t>(to_bytes));
  });
  split.pixels = std::move(out);
}

SampleShape complete_shape(const SampleShape& wanted, const SampleShape& held, const std::string& where) {
  const SampleShape to{wanted.height == 0 ? held.height : wanted.height,
                       wanted.width == 0 ? held.width : wanted.width,
                       wanted.channels == 0 ? held.channels : wanted.channels};
  const bool convertible =
      (to.channels == 1 || to.channels == 3) && (held.channels == 1 || held.channels == 3);
  if (to.channels != held.channels && !convertible)
    throw Error(where,
                "holds samples of " + std::to_string(held.channels) + " channels, the model's input has " +
                    std::to_string(to.channels),
                "Only grey (1) and RGB (3) are converted into each other");
  return to;
}

std::vector<std::string> describe_fit(const SampleShape& from, const SampleShape& to) {
  std::vector<std::string> notes;
  if (from.height != to.height || from.width != to.width)
    notes.push_back("resized " + size_text(from) + " -> " + size_text(to) +
                    " (height x width, Pillow BILINEAR)");
  if (from.channels == 3 && to.channels == 1) notes.push_back("RGB converted to grey (ITU-R BT.601 luma)");
  if (from.channels == 1 && to.channels == 3) notes.push_back("grey repeated to RGB");
  return notes;
}

}  // namespace thaw
