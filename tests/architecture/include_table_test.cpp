// The folder table of docs/architecture.md, enforced: every #include of every file must be an arrow in it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/architecture/source_files.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

/// Folder -> folders, or single files, that it may include besides itself.
const std::map<std::string, std::set<std::string>> kAllowed = {
    {"engine/kernels", {}},
    {"engine/runtime", {"engine/kernels"}},
    {"engine/model", {"engine/kernels", "engine/runtime"}},
    {"engine/port", {"engine/kernels", "engine/runtime"}},
    {"engine/generate",
     {"sim/base", "sim/graph", "sim/plan", "memmodel", "engine/kernels", "engine/runtime"}},
    {"sim/base", {}},
    {"sim/graph", {"sim/base"}},
    {"sim/plan", {"sim/base", "sim/graph", "engine/kernels"}},
    {"sim/data", {"sim/base", "sim/graph"}},
    {"sim/exec", {"sim/base", "sim/graph", "sim/plan", "sim/data", "engine/kernels"}},
    {"sim/exec/host", {"sim/base", "sim/graph", "sim/plan", "sim/exec", "engine/kernels"}},
    {"sim/float", {"sim/base", "sim/graph", "sim/plan", "sim/data", "sim/exec", "engine/kernels"}},
    {"sim/train",
     {"sim/base", "sim/graph", "sim/plan", "sim/data", "sim/exec", "sim/float", "engine/kernels",
      "engine/runtime"}},
    {"memmodel", {"sim/base", "sim/graph", "sim/plan"}},
    {"search",
     {"sim/base", "sim/graph", "sim/plan", "sim/data", "sim/exec", "sim/float", "sim/train", "memmodel"}},
    {"search/files",
     {"sim/base", "sim/plan/schedule.h", "sim/plan/schedule_json.h", "sim/plan/task.h",
      "sim/train/training_report.h"}},
    {"reports", {"sim/base", "sim/plan/schedule.h", "sim/plan/schedule_json.h", "search/files"}},
    {"tools/bench",
     {"engine/kernels", "engine/generate", "sim/base", "sim/graph", "sim/plan", "sim/data", "sim/exec",
      "sim/float", "sim/train", "memmodel", "search", "reports", "tests"}},
    {"tools",
     {"engine/kernels", "engine/generate", "sim/base", "sim/graph", "sim/plan", "sim/data", "sim/exec",
      "sim/float", "sim/train", "memmodel", "search", "reports"}},
};

bool is_under(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

/// The longest row of the table that a path lies under, or "".
std::string row_of(const std::string& path) {
  std::string best;
  for (const auto& [folder, allowed] : kAllowed)
    if (is_under(path, folder) && folder.size() > best.size()) best = folder;
  return best;
}

/// Includes in quotes; those in angle brackets are libraries'.
std::vector<std::string> includes_of(const fs::path& file) {
  std::vector<std::string> result;
  for (const std::string& line : lines_of(file)) {
    if (!line.starts_with("#include \"")) continue;
    const size_t begin = line.find('"') + 1;
    result.push_back(line.substr(begin, line.find('"', begin) - begin));
  }
  return result;
}

bool allowed(const std::string& from, const std::string& include) {
  const std::string row = row_of(from);
  if (is_under(include, row)) return true;
  const std::set<std::string>& arrows = kAllowed.at(row);
  return std::any_of(arrows.begin(), arrows.end(),
                     [&](const std::string& arrow) { return is_under(include, arrow); });
}

TEST(IncludeTable, EveryIncludeIsAnArrowOfTheTable) {
  const fs::path root = testing::source_folder();
  int files = 0;
  for (const fs::path& file : source_files(root)) {
    const std::string from = fs::relative(file, root).string();
    ASSERT_NE(row_of(from), "") << from << " lies in no folder of the table";
    ++files;
    for (const std::string& include : includes_of(file)) {
      if (include.find('/') == std::string::npos) continue;  // generated beside the file
      EXPECT_TRUE(allowed(from, include)) << from << " includes " << include;
    }
  }
  EXPECT_GT(files, 50);
}

TEST(IncludeTable, RefusesArrowsThatAreNotInIt) {
  EXPECT_FALSE(allowed("sim/graph/graph.h", "sim/plan/plan.h"));
  EXPECT_FALSE(allowed("memmodel/planner.cpp", "sim/exec/executor.h"));
  EXPECT_FALSE(allowed("engine/kernels/add.c", "sim/graph/graph.h"));
  EXPECT_FALSE(allowed("reports/html.cpp", "sim/plan/plan.h"));
  EXPECT_FALSE(allowed("sim/exec/executor.cpp", "sim/float/float_model.h"));
  EXPECT_TRUE(allowed("reports/html.cpp", "sim/base/json.h"));
}

/// Ways to start a thread, or a region of threads, that an exception must not leave.
const std::vector<std::string> kThreads = {"#pragma omp",  "#pragma  omp", "_Pragma(\"omp", "std::thread(",
                                           "std::thread>", "std::jthread", "std::async",    "pthread_create"};

/// Places where one of them stands, as "file:line".
std::vector<std::string> thread_starts(const fs::path& root) {
  std::vector<std::string> places;
  for (const fs::path& file : source_files(root)) {
    int number = 0;
    for (const std::string& line : lines_of(file)) {
      ++number;
      for (const std::string& start : kThreads)
        if (line.find(start) != std::string::npos)
          places.push_back(fs::relative(file, root).string() + ":" + std::to_string(number));
    }
  }
  return places;
}

TEST(ParallelLoops, AreAllForEachParallel) {
  const std::vector<std::string> places = thread_starts(testing::source_folder());
  EXPECT_FALSE(places.empty()) << "the loop itself was not found: the pattern sees nothing";
  for (const std::string& place : places)
    EXPECT_TRUE(place.starts_with("sim/base/parallel.h:"))
        << place << ": an exception that leaves the region or thread ends the program; use for_each_parallel";
}

TEST(FolderReadmes, EveryFolderOpensWithAShortOne) {
  const fs::path root = testing::source_folder();
  std::set<std::string> folders = {"engine", "sim"};
  for (const auto& [folder, arrows] : kAllowed) folders.insert(folder);
  for (const std::string& folder : folders) {
    const fs::path readme = root / folder / "README.md";
    ASSERT_TRUE(fs::exists(readme)) << folder;
    EXPECT_LE(lines_of(readme).size(), 20U) << readme;
  }
}

}  // namespace
}  // namespace thaw
