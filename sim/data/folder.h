// Folder listings in a defined order: byte by byte of the names, whatever the file system or locale says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace thaw {

/// Names of the regular files in `folder` (links to files count), sorted. Throws Error where it cannot be
/// listed.
std::vector<std::string> list_files(const std::filesystem::path& folder);

/// Whether a name is one that systems and editors leave behind, never data: it begins with a dot (.git,
/// macOS's
/// ._0.png, .ipynb_checkpoints), or is __MACOSX, Thumbs.db or desktop.ini.
bool is_hidden(const std::string& name);

/// Names of the folders in `folder`, sorted. Throws Error where it cannot be listed.
std::vector<std::string> list_folders(const std::filesystem::path& folder);

}  // namespace thaw
