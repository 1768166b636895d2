// The C sources of the engine as text inside the program: kernels, templates, runtime, ports. Made by the
// build from the files themselves (embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace thaw {

/// `path` from the repository's root, for example "engine/kernels/add.c".
struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

/// All files, ascending by path.
std::span<const EmbeddedFile> embedded_files();

/// The file of this path, or nullptr.
const EmbeddedFile* find_embedded_file(std::string_view path);

}  // namespace thaw
