// JPEG or PNG, told apart by content: file names of photographs lie often.
#include "sim/data/image.h"

#include <initializer_list>

#include "sim/base/error.h"

namespace thaw {

Image decode_image(std::span<const std::byte> file, const std::string& where) {
  const auto starts_with = [&](std::initializer_list<unsigned> magic) {
    if (file.size() < magic.size()) return false;
    size_t at = 0;
    for (unsigned value : magic)
      if (std::to_integer<unsigned>(file[at++]) != value) return false;
    return true;
  };
  if (starts_with({0xFF, 0xD8, 0xFF})) return decode_jpeg(file, where);
  if (starts_with({0x89, 'P', 'N', 'G'})) return decode_png(file, where);
  throw Error(where, "is neither a JPEG nor a PNG (its first bytes fit neither)",
              "Convert the image or remove the file");
}

}  // namespace thaw
