// Names relative to the folder, in the order of the files.
#include "sim/data/failures.h"

#include <algorithm>

namespace thaw {

void throw_failures(const std::vector<Error>& failures, int64_t files, const std::string& kind,
                    const std::filesystem::path& folder) {
  constexpr size_t kMostNames = 10;
  if (failures.empty()) return;
  if (failures.size() == 1) throw failures[0];
  std::string names;
  for (size_t i = 0; i < std::min(kMostNames, failures.size()); ++i)
    names +=
        (i == 0 ? "" : ", ") + std::filesystem::path(failures[i].where).lexically_relative(folder).string();
  if (failures.size() > kMostNames) names += " and " + std::to_string(failures.size() - kMostNames) + " more";
  throw Error(folder.string(),
              std::to_string(failures.size()) + " of " + std::to_string(files) + " " + kind +
                  " cannot be read: " + names + ". The first " + failures[0].what_is_wrong,
              kind == "images" ? "Replace, convert or remove these files" : failures[0].hint);
}

}  // namespace thaw
