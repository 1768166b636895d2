// One run at a time in a folder, and nothing left behind by one that was refused.
#include "search/run_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

#include "sim/base/error.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RunLockTest : public ::testing::Test {
 protected:
  RunLockTest() : root_(fs::path(::testing::TempDir()) / ("thaw_lock_" + std::to_string(getpid()))) {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~RunLockTest() override { fs::remove_all(root_); }

  static std::string refusal(const fs::path& folder) {
    return testing::error_of([&] { RunLock lock(folder); });
  }

  fs::path root_;
};

TEST_F(RunLockTest, RefusesASecondByTheProcessOfTheFirst) {
  const RunLock first(root_ / "run");
  EXPECT_THAT(refusal(root_ / "run"),
              ::testing::AllOf(HasSubstr((root_ / "run").string()), HasSubstr("another run is at work here"),
                               HasSubstr("(process " + std::to_string(getpid()) + ")")));
  EXPECT_TRUE(fs::exists(root_ / "run"));
  EXPECT_EQ(refusal(root_ / "other"), "no error");
}

TEST_F(RunLockTest, IsFreeAgainAfterwards) {
  { const RunLock first(root_ / "run"); }
  EXPECT_EQ(refusal(root_ / "run"), "no error");
}

TEST_F(RunLockTest, LeavesNothingWhereNothingWasWritten) {
  { const RunLock lock(root_ / "a/b/c"); }
  EXPECT_FALSE(fs::exists(root_ / "a"));
  {
    const RunLock lock(root_ / "a/b/c");
    std::ofstream(root_ / "a/b/kept") << "x";
  }
  EXPECT_TRUE(fs::exists(root_ / "a/b/kept"));
  EXPECT_FALSE(fs::exists(root_ / "a/b/c"));
  fs::create_directories(root_ / "theirs");
  { const RunLock lock(root_ / "theirs"); }
  EXPECT_TRUE(fs::exists(root_ / "theirs")) << "not ours to remove";
  EXPECT_TRUE(fs::is_empty(root_ / "theirs"));
}

TEST_F(RunLockTest, AKilledProcessHoldsNothing) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const RunLock lock(root_ / "run");
    if (write(ready[1], "x", 1) != 1) _exit(1);
    while (true) pause();
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_THAT(refusal(root_ / "run"), HasSubstr("(process " + std::to_string(child) + ")"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::exists(root_ / "run/.lock")) << "what it left is no hindrance";
  EXPECT_EQ(refusal(root_ / "run"), "no error");
  close(ready[0]);
  close(ready[1]);
}

TEST_F(RunLockTest, AFolderThatCannotBeMadeIsRefusedByName) {
  std::ofstream(root_ / "file") << "x";
  EXPECT_THAT(refusal(root_ / "file"), HasSubstr((root_ / "file").string()));
  EXPECT_THAT(refusal(root_ / "file/run"), HasSubstr((root_ / "file/run").string()));
  EXPECT_THAT(refusal("/proc/self/run"), HasSubstr("/proc/self/run"));
}

}  // namespace
}  // namespace thaw
