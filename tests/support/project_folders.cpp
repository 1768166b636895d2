#include "tests/support/project_folders.h"

namespace thaw::testing {

const char* source_folder() {
  return THAW_SOURCE_DIR;
}

const char* build_folder() {
  return THAW_BINARY_DIR;
}

}  // namespace thaw::testing
