#include "engine/generate/embedded_files.h"

#include <algorithm>

namespace thaw {

const EmbeddedFile* find_embedded_file(std::string_view path) {
  const std::span<const EmbeddedFile> files = embedded_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& f) { return f.path == path; });
  return found == files.end() ? nullptr : &*found;
}

}  // namespace thaw
