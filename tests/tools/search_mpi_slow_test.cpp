// One search on several MPI processes: the same bytes as on one, and nothing lost where one of them dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

#include "tests/tools/small_project.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::text_of;

#ifdef THAW_MPIEXEC
constexpr const char* kLauncher = THAW_MPIEXEC;
#else
constexpr const char* kLauncher = "";
#endif

class SearchMpiSlow : public testing::SmallProject {
 protected:
  SearchMpiSlow() { link_configs(); }

  void SetUp() override {
    if (*kLauncher == '\0') GTEST_SKIP() << "built without MPI";
  }

  /// Runs a search on so many processes, each of which leaves its process number in pid-RANK; in the
  /// background where asked for. The exit status ends in FOLDER.status, the streams in FOLDER.out and
  /// FOLDER.err.
  void search_on(int processes, const std::string& folder, const std::string& more,
                 bool background = false) const {
    const std::string program = std::string(testing::build_folder()) + "/thaw";
    const std::string search = program + " search model.tflite cifar -o " + folder + " " + more;
    // mpirun counts cores, refuses root, and looks for ssh, none of which matters on one machine.
    const std::string variables =
        "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "
        "OMPI_MCA_plm_rsh_agent=/bin/false; ";
    const std::string script =
        "cd " + folder_.string() + "; " + variables + "(" + kLauncher + " --oversubscribe -n " +
        std::to_string(processes) + " sh -c 'echo $$ > pid-$OMPI_COMM_WORLD_RANK; exec " + search + "' > " +
        folder + ".out 2> " + folder + ".err; echo $? > " + folder + ".status)" + (background ? " &" : "");
    ASSERT_EQ(std::system(script.c_str()), 0);
  }

  std::map<std::string, std::string> results(const std::string& folder) const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(file(folder)))
      all[entry.path().filename().string()] = text_of(entry.path());
    for (const char* name : {"run.json", "trials.sqlite"}) all.erase(name);
    return all;
  }

  static void nap() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }
};

TEST_F(SearchMpiSlow, AnyNumberOfProcessesGivesTheSameFiles) {
  ASSERT_EQ(thaw({"search", "model.tflite", "cifar", "-o", "alone"}).status, 0);
  for (const int processes : {1, 2, 4}) {
    const std::string folder = "on-" + std::to_string(processes);
    search_on(processes, folder, "");
    ASSERT_EQ(text_of(file(folder + ".status")), "0\n") << text_of(file(folder + ".err"));
    EXPECT_EQ(results(folder), results("alone")) << processes;
    EXPECT_THAT(text_of(file(folder + ".err")), HasSubstr("64 processes would train for about"));
  }
  EXPECT_THAT(text_of(file("on-4.err")), HasSubstr("B between processes"));
}

TEST_F(SearchMpiSlow, AProcessThatDiesEndsTheRunAndLosesNothingFinished) {
  ASSERT_EQ(thaw({"search", "model.tflite", "cifar", "--epochs", "150", "-o", "alone"}).status, 0);
  search_on(3, "run", "--epochs 150", true);
  const auto rows = [&] {
    const std::string text = text_of(file("run/trials.jsonl"));
    return std::count(text.begin(), text.end(), '\n');
  };
  while (rows() < 3) nap();
  kill(std::stoi(text_of(file("pid-2"))), SIGKILL);
  while (text_of(file("run.status")).empty()) nap();
  EXPECT_NE(text_of(file("run.status")), "0\n");
  EXPECT_THAT(text_of(file("run.err")), HasSubstr("signal 9"));
  EXPECT_GE(rows(), 3);
  search_on(2, "run", "--epochs 150");
  EXPECT_THAT(text_of(file("run.err")), HasSubstr("evaluations of an earlier run are reused"));
  EXPECT_EQ(results("run"), results("alone"));
}

TEST_F(SearchMpiSlow, WhatIsRefusedIsRefusedOnce) {
  search_on(3, "run", "--ram 1K -q");
  EXPECT_NE(text_of(file("run.status")), "0\n");
  const std::string text = text_of(file("run.err"));
  const size_t first = text.find("thaw: error: ");
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_EQ(text.find("thaw: error: ", first + 1), std::string::npos) << text;
  EXPECT_FALSE(fs::exists(file("run")));
}

}  // namespace
}  // namespace thaw
