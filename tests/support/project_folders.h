// Where the sources and the build of this checkout lie. Functions, not macros: compiled tests are then the
// same in every checkout, and the compiler cache finds them again.
#pragma once

namespace thaw::testing {

/// The root of the repository, and the build folder; absolute, without a slash at the end.
const char* source_folder();
const char* build_folder();

}  // namespace thaw::testing
