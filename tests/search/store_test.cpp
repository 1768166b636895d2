// The store on disk: shared, never half written, never wrong where it is damaged.
#include "search/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tests/support/error_of.h"
#include "tests/support/file_size_limit.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class StoreFile : public ::testing::Test {
 protected:
  StoreFile() : folder_(fs::path(::testing::TempDir()) / ("thaw_store_" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~StoreFile() override { fs::remove_all(folder_); }

  fs::path file() const { return folder_ / "store.sqlite"; }

  std::string bytes() const {
    if (!fs::is_regular_file(file())) return "";
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  void write(const std::string& text) const { std::ofstream(file(), std::ios::binary) << text; }

  void execute(const char* sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(folder_)) result.push_back(entry.path().filename());
    return result;
  }

  static std::string question(int i) { return "{\"question\":" + std::to_string(i) + "}"; }
  static std::string answer(int i) {
    return "{\"answer\":" + std::string(700, '7') + std::to_string(i) + "}";
  }

  void fill(int count) const {
    Store store(file());
    for (int i = 0; i < count; ++i) store.add(question(i), answer(i));
  }

  std::string refusal_to_open() const {
    return testing::error_of([&] { const Store store(file()); });
  }

  fs::path folder_;
};

TEST_F(StoreFile, KnowsWhatAnyProcessAdded) {
  Store first(file()), second(file());
  EXPECT_EQ(first.find(question(1)), std::nullopt);
  first.add(question(1), answer(1));
  EXPECT_EQ(second.find(question(1)), answer(1));
  second.add(question(2), answer(2));
  second.add(question(1), answer(1));
  EXPECT_EQ(first.size(), 2);
  EXPECT_EQ(Store(file()).find(question(2)), answer(2));
  Store memory("");
  memory.add(question(1), answer(1));
  EXPECT_EQ(memory.find(question(1)), answer(1));
}

TEST_F(StoreFile, OpeningAndAskingChangesNothing) {
  {
    Store store(file());
    EXPECT_EQ(store.find(question(1)), std::nullopt);
    EXPECT_EQ(store.size(), 0);
  }
  EXPECT_FALSE(fs::exists(file()));
  fill(3);
  const std::string before = bytes();
  EXPECT_EQ(Store(file()).find(question(9)), std::nullopt);
  EXPECT_EQ(bytes(), before);
  EXPECT_THAT(names(), ::testing::ElementsAre("store.sqlite"));
}

TEST_F(StoreFile, AnotherAnswerToTheSameQuestionIsRefused) {
  Store store(file());
  store.add(question(1), answer(1));
  EXPECT_THAT(testing::error_of([&] { store.add(question(1), answer(2)); }),
              HasSubstr("holds another answer"));
  EXPECT_EQ(store.find(question(1)), answer(1));
}

TEST_F(StoreFile, FourProcessesWriteAtTheSameTime) {
  constexpr int kProcesses = 4, kAnswers = 20;
  for (int process = 0; process < kProcesses; ++process)
    if (fork() == 0) {
      const std::string failed = testing::error_of([&] {
        Store store(file());
        for (int i = 0; i < kAnswers; ++i)
          store.add(question(process * kAnswers / 2 + i), answer(process * kAnswers / 2 + i));
      });
      _exit(failed == "no error" ? 0 : 1);
    }
  for (int process = 0; process < kProcesses; ++process) {
    int status = 0;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  Store store(file());
  EXPECT_EQ(store.size(), (kProcesses + 1) * kAnswers / 2) << "each half is shared with a neighbour";
  for (int i = 0; i < store.size(); ++i) EXPECT_EQ(store.find(question(i)), answer(i));
}

TEST_F(StoreFile, WhatIsNoStoreIsRefusedAndStaysAsItIs) {
  const auto expect_refused = [&](const std::string& fragment) {
    const std::string before = bytes();
    EXPECT_THAT(refusal_to_open(), ::testing::AllOf(HasSubstr(file().string()), HasSubstr(fragment)));
    EXPECT_EQ(bytes(), before);
    fs::remove_all(file());
  };
  write(std::string(5000, 'x'));
  expect_refused("is damaged");
  execute("CREATE TABLE theirs(x)");
  expect_refused("another program's");
  fill(1);
  execute("PRAGMA user_version = 2");
  expect_refused("has version 2");
  fs::create_directories(file());
  expect_refused("is not a regular file");
  ASSERT_EQ(mkfifo(file().c_str(), 0600), 0);
  EXPECT_THAT(refusal_to_open(), HasSubstr("is not a regular file"));
  EXPECT_THAT(testing::error_of([&] { const Store store(folder_ / "absent/store.sqlite"); }),
              HasSubstr("is not a folder"));
}

TEST_F(StoreFile, AFileThatAKilledProcessLeftEmptyIsUsed) {
  write("");
  fill(1);
  EXPECT_EQ(Store(file()).find(question(0)), answer(0));
}

TEST_F(StoreFile, NoDamagedByteGivesAWrongAnswer) {
  constexpr int kAnswers = 12;
  fill(kAnswers);
  const std::string whole = bytes();
  int refused = 0;
  for (size_t at = 3; at < whole.size(); at += 127) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    write(damaged);
    const std::string failed = testing::error_of([&] {
      Store store(file());
      for (int i = 0; i < kAnswers; ++i) {
        EXPECT_EQ(store.find(question(i)).value_or(answer(i)), answer(i)) << "byte " << at;
      }
    });
    EXPECT_EQ(failed.find('\n'), std::string::npos);
    if (failed != "no error") ++refused;
  }
  EXPECT_GT(refused, 10);
  write(whole.substr(0, whole.size() / 2));
  EXPECT_THAT(refusal_to_open(), HasSubstr("is damaged"));
}

TEST_F(StoreFile, AFullDiskLosesWhatIsBeingWrittenAlone) {
  fill(8);
  const size_t size = bytes().size();
  std::string failed;
  {
    const testing::FileSizeLimit limit(size + 4096);
    failed = testing::error_of([&] {
      Store store(file());
      for (int i = 8; i < 100; ++i) store.add(question(i), answer(i));
    });
  }
  EXPECT_THAT(failed, HasSubstr("cannot be written"));
  Store store(file());
  EXPECT_GE(store.size(), 8);
  for (int i = 0; i < store.size(); ++i) EXPECT_EQ(store.find(question(i)), answer(i));
  fill(100);
  EXPECT_EQ(store.size(), 100);
}

TEST_F(StoreFile, AFolderThatVanishedIsAnError) {
  Store store(file());
  store.add(question(1), answer(1));
  fs::remove_all(folder_);
  EXPECT_NE(testing::error_of([&] { store.add(question(2), answer(2)); }), "no error");
}

}  // namespace
}  // namespace thaw
