// PNG through libpng. Its C code reports errors by a jump; between setjmp and the last library call stand
// only plain values and vectors that their owner outlives, so that no destructor is jumped over.
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <utility>

#include "sim/base/error.h"
#include "sim/data/image.h"
#include "sim/data/limits.h"
#include "sim/data/orientation.h"

namespace thaw {
namespace {

/// The file being read, what is made of it, and why it stopped.
struct Decoder {
  std::span<const std::byte> file;
  size_t offset = 0;
  png_structp png = nullptr;
  png_infop info = nullptr;
  Image image;
  std::vector<png_bytep> rows;
  int32_t orientation = 1;
  char message[256] = "";
};

[[noreturn]] void stop(png_structp png, png_const_charp reason) {
  auto* decoder = static_cast<Decoder*>(png_get_error_ptr(png));
  std::snprintf(decoder->message, sizeof decoder->message, "%s", reason);
  png_longjmp(png, 1);
}

// Warnings are about ancillary chunks that do not touch the pixels.
void ignore_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep to, size_t count) {
  auto* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > decoder->file.size() - decoder->offset) png_error(png, "the file ends too early");
  std::memcpy(to, decoder->file.data() + decoder->offset, count);
  decoder->offset += count;
}

/// Asks for 8-bit grey or RGB without alpha, whatever the file holds.
void choose_output(png_structp png, png_infop info) {
  const int colour = png_get_color_type(png, info);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_16(png);  // keeps the high byte
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

/// What a chunk eXIf says, before or behind the pixels.
int32_t orientation_of(png_structp png, png_infop info) {
  png_uint_32 count = 0;
  png_bytep exif = nullptr;
  if (png_get_eXIf_1(png, info, &count, &exif) == 0) return 1;
  return exif_orientation({reinterpret_cast<const std::byte*>(exif), count});
}

/// False where the library jumped out; decoder.message then says why.
bool decode(Decoder& decoder) {
  png_structp png = decoder.png;
  png_infop info = decoder.info;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_read_fn(png, &decoder, read_bytes);
  png_set_user_limits(png, 65'535, 65'535);
  png_set_chunk_cache_max(png, 64);
  png_set_chunk_malloc_max(png, 16'000'000);
  png_read_info(png, info);
  if (uint64_t{png_get_image_width(png, info)} * png_get_image_height(png, info) >
      static_cast<uint64_t>(max_image_pixels))
    png_error(png, "more than 64000000 pixels");
  choose_output(png, info);

  Image& image = decoder.image;
  image.height = static_cast<int32_t>(png_get_image_height(png, info));
  image.width = static_cast<int32_t>(png_get_image_width(png, info));
  image.channels = png_get_channels(png, info);
  const size_t row_bytes = static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
  if ((image.channels != 1 && image.channels != 3) || png_get_rowbytes(png, info) != row_bytes)
    png_error(png, "an unexpected pixel layout");
  image.pixels.resize(row_bytes * static_cast<size_t>(image.height));
  decoder.rows.resize(static_cast<size_t>(image.height));
  for (size_t y = 0; y < decoder.rows.size(); ++y) decoder.rows[y] = image.pixels.data() + y * row_bytes;
  png_read_image(png, decoder.rows.data());
  png_read_end(png, info);
  decoder.orientation = orientation_of(png, info);
  return true;
}

}  // namespace

Image decode_png(std::span<const std::byte> file, const std::string& where) {
  Decoder decoder;
  decoder.file = file;
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, stop, ignore_warning);
  if (decoder.png != nullptr) decoder.info = png_create_info_struct(decoder.png);
  const bool complete = decoder.info != nullptr && decode(decoder);
  if (decoder.png != nullptr) png_destroy_read_struct(&decoder.png, &decoder.info, nullptr);
  if (complete) return upright(std::move(decoder.image), decoder.orientation);
  throw Error(where,
              "is a damaged or unsupported PNG, found at about byte " + std::to_string(decoder.offset) +
                  ": " + decoder.message,
              "Replace, convert or remove the file");
}

}  // namespace thaw
