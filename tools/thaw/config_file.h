// Where the files of configs/ are: boards, gates, schemas.
#pragma once

#include <filesystem>
#include <string>

namespace thaw::cli {

/// The file or folder configs/NAME, looked for in the working directory, beside the program (a build folder),
/// and where `cmake --install` puts it (PREFIX/share/thaw). Throws Error in the name of `option`.
std::filesystem::path config_file(const std::string& name, const std::string& option);

}  // namespace thaw::cli
