// Where tests find the models, data sets and goldens that may not be copied into this repository.
#pragma once

#include <filesystem>
#include <optional>

#include "tests/support/project_folders.h"

namespace thaw::testing {

/// The folder `shared` beside the repository, or nothing where it is absent (a fresh clone alone).
inline std::optional<std::filesystem::path> shared_folder() {
  const std::filesystem::path folder =
      std::filesystem::path(testing::source_folder()).parent_path() / "shared";
  if (std::filesystem::exists(folder / "README.md")) return folder;
  return std::nullopt;
}

/// The repository's own goldens.
inline std::filesystem::path golden_folder() {
  return std::filesystem::path(testing::source_folder()) / "tests" / "golden";
}

}  // namespace thaw::testing

/// Ends the test with a plain sentence where the shared folder is absent.
#define THAW_REQUIRE_SHARED()                                                                        \
  do {                                                                                               \
    if (!thaw::testing::shared_folder())                                                             \
      GTEST_SKIP() << "needs the folder 'shared' beside the repository (models and data of others)"; \
  } while (false)
