// Folders that results are written to: checked before the work, made and cleared before the first file.
#pragma once

#include <filesystem>

namespace thaw {

/// Refuses a folder that cannot be made or written to. Changes nothing. Throws Error.
void check_output_folder(const std::filesystem::path& folder);

/// Makes the folder with all above it, and removes what runs that were killed left in it (see
/// remove_partial_files). Empty is the working directory. Throws Error.
void open_output_folder(const std::filesystem::path& folder);

/// Removes the temporary files of write_file_atomically that no process writes any more.
void remove_partial_files(const std::filesystem::path& folder);

}  // namespace thaw
