// One error for all files of a folder that cannot be used, so that they can be mended at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/error.h"

namespace thaw {

/// Throws the one of `failures`, or where there are several an Error that names the first ten, how many there
/// are of `files`, and what is wrong with the first and its remedy. `kind` is their plural ("images").
/// Returns where there is none.
void throw_failures(const std::vector<Error>& failures, int64_t files, const std::string& kind,
                    const std::filesystem::path& folder);

}  // namespace thaw
