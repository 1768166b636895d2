// JPEG through libjpeg-turbo. Its C code reports errors by a jump; between setjmp and the last library call
// stand only plain values and one vector that its owner outlives, so that no destructor is jumped over.
#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <utility>

// Each of these needs what stands above it.
#include <jpeglib.h>

#include <jerror.h>

#include "sim/base/error.h"
#include "sim/data/image.h"
#include "sim/data/limits.h"
#include "sim/data/orientation.h"

namespace thaw {
namespace {

// A progressive file may hold any number of scans over the same pixels; real ones hold about ten.
constexpr int max_scans = 200;

/// Everything the library's callbacks need; `errors` comes first so that its address is that of the whole.
struct Decoder {
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf jump;
  jpeg_decompress_struct info;
  const char* refusal;  // our own reason to stop, or null
  char message[JMSG_LENGTH_MAX];
  size_t bytes_left;
  int32_t orientation;
};

Decoder& decoder_of(j_common_ptr info) {
  return *reinterpret_cast<Decoder*>(info->err);
}

[[noreturn]] void stop(j_common_ptr info) {
  Decoder& decoder = decoder_of(info);
  if (decoder.refusal != nullptr)
    std::snprintf(decoder.message, sizeof decoder.message, "%s", decoder.refusal);
  else
    (*info->err->format_message)(info, decoder.message);
  const bool reading = info->is_decompressor != 0 && decoder.info.src != nullptr;
  decoder.bytes_left = reading ? decoder.info.src->bytes_in_buffer : 0;
  std::longjmp(decoder.jump, 1);
}

[[noreturn]] void refuse(Decoder& decoder, const char* reason) {
  decoder.refusal = reason;
  stop(reinterpret_cast<j_common_ptr>(&decoder.info));
}

/// The library warns (level -1) and goes on with invented pixels where data are damaged. We stop, except for
/// oddities that leave every pixel intact.
void judge_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:  // stray bytes between segments, common in photographs
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_TOO_MUCH_DATA:
      return;
    default:
      stop(info);
  }
}

void limit_scans(j_common_ptr info) {
  if (info->is_decompressor == 0) return;
  Decoder& decoder = decoder_of(info);
  if (decoder.info.input_scan_number > max_scans) refuse(decoder, "more than 200 scans");
}

void print_nothing(j_common_ptr) {}

void set_up(Decoder& decoder, std::span<const std::byte> file) {
  decoder.refusal = nullptr;
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = stop;
  decoder.errors.emit_message = judge_message;
  decoder.errors.output_message = print_nothing;
  jpeg_create_decompress(&decoder.info);
  decoder.progress.progress_monitor = limit_scans;
  decoder.info.progress = &decoder.progress;
  jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char*>(file.data()),
               static_cast<unsigned long>(file.size()));
}

/// The first EXIF segment counts.
int32_t orientation_of(const jpeg_decompress_struct& info) {
  for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr; marker = marker->next) {
    const std::span data(reinterpret_cast<const std::byte*>(marker->data), marker->data_length);
    if (data.size() >= 6 && std::memcmp(data.data(), "Exif\0", 5) == 0) return exif_orientation(data);
  }
  return 1;
}

/// Reads the header and chooses grey or RGB.
void read_header(Decoder& decoder) {
  jpeg_decompress_struct& info = decoder.info;
  constexpr unsigned kWholeSegment = 0xFFFF;
  jpeg_save_markers(&info, JPEG_APP0 + 1, kWholeSegment);
  jpeg_read_header(&info, TRUE);
  decoder.orientation = orientation_of(info);
  if (uint64_t{info.image_width} * info.image_height > static_cast<uint64_t>(max_image_pixels))
    refuse(decoder, "more than 64000000 pixels");
  if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK)
    refuse(decoder, "CMYK colours, expected grey or RGB");
  info.out_color_space = info.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info);
}

/// False where the library jumped out; decoder.message then says why.
bool decode(Decoder& decoder, std::span<const std::byte> file, Image& image) {
  if (setjmp(decoder.jump) != 0) return false;
  set_up(decoder, file);
  read_header(decoder);
  jpeg_decompress_struct& info = decoder.info;
  image.height = static_cast<int32_t>(info.output_height);
  image.width = static_cast<int32_t>(info.output_width);
  image.channels = info.output_components;
  const size_t row_bytes = size_t{info.output_width} * static_cast<size_t>(info.output_components);
  image.pixels.resize(row_bytes * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = image.pixels.data() + row_bytes * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> file, const std::string& where) {
  Image image;
  Decoder decoder{};
  const bool complete = decode(decoder, file, image);
  jpeg_destroy_decompress(&decoder.info);
  if (complete) return upright(std::move(image), decoder.orientation);
  const size_t offset = file.size() - std::min(file.size(), decoder.bytes_left);
  throw Error(where,
              "is a damaged or unsupported JPEG, found at about byte " + std::to_string(offset) + ": " +
                  decoder.message,
              "Replace, convert or remove the file");
}

}  // namespace thaw
