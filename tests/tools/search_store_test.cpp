// The store of a search: shared by several, damaged, and killed at any moment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "sim/data/random.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::Finished;
using ::testing::HasSubstr;
using testing::text_of;

class SearchStore : public testing::SmallProject {
 protected:
  SearchStore() { link_configs(); }

  static std::vector<std::string> search(const std::string& folder, std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"search", "model.tflite", "cifar", "--epochs", "4", "-o", folder};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  /// Every file but the store, whose rows stand in the order in which runs finished, and run.json, which has
  /// times.
  std::map<std::string, std::string> results(const std::string& folder) const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(file(folder)))
      all[entry.path().filename().string()] = text_of(entry.path());
    for (const char* name : {"run.json", "trials.sqlite"}) all.erase(name);
    return all;
  }

  void expect_done(const std::vector<std::string>& command) const {
    const Finished run = thaw(command);
    ASSERT_EQ(run.status, 0) << run.err;
  }
};

TEST_F(SearchStore, SearchesThatShareOneAreAsTheyAreAlone) {
  expect_done(search("alone"));
  expect_done(search("alone-2", {"--board", "cortex-m4-192k"}));
  {
    std::vector<testing::RunningThaw> running;  // at the same time
    fs::create_directories(file("streams"));
    running.emplace_back(search("one", {"--store", "store"}), folder_);
    running.emplace_back(search("two", {"--store", "store", "--board", "cortex-m4-192k"}), folder_,
                         std::vector<std::string>(), file("streams/err").string(),
                         file("streams/out").string());
    for (const testing::RunningThaw& run : running) EXPECT_EQ(run.wait().status, 0);
  }
  EXPECT_EQ(results("one"), results("alone"));
  EXPECT_EQ(results("two"), results("alone-2")) << "bytes are those of its own board";
  EXPECT_FALSE(fs::exists(file("one/trials.sqlite")));
  const Finished third = thaw(search("three", {"--store", "store"}));
  EXPECT_THAT(third.err, HasSubstr("those of this search are reused"));
  EXPECT_EQ(results("three"), results("alone")) << "the same rows, whether trained or known";
}

TEST_F(SearchStore, ADamagedOneIsOneLineAndStaysAsItIs) {
  expect_done(search("run"));
  const std::string whole = text_of(file("run/trials.sqlite"));
  const auto before = results("run");
  for (const std::string& damaged : {std::string("no database at all"), whole.substr(0, whole.size() / 2)}) {
    write_text("run/trials.sqlite", damaged);
    const Finished run = thaw(search("run", {"-q"}));
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.err, ::testing::AllOf(HasSubstr("run/trials.sqlite: is damaged"), HasSubstr("--store")));
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_EQ(text_of(file("run/trials.sqlite")), damaged);
    EXPECT_EQ(results("run"), before);
  }
  for (const char* absent : {"absent/store", "cifar"}) {
    EXPECT_EQ(thaw(search("new", {"--store", absent})).status, 1) << absent;
    EXPECT_FALSE(fs::exists(file("new"))) << "a refused command leaves nothing";
  }
}

TEST_F(SearchStore, ARecordWithoutItsStoreIsMadeAnew) {
  expect_done(search("run"));
  const auto before = results("run");
  fs::remove(file("run/trials.sqlite"));
  expect_done(search("run"));
  EXPECT_EQ(results("run"), before);
}

class SearchStoreSlow : public SearchStore {};

TEST_F(SearchStoreSlow, KilledAtAnyOf50MomentsItGoesOnToTheSameFiles) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  expect_done(search("whole"));
  const auto length = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
  int kills = 0;
  for (uint32_t launch = 0; kills < 50 && launch < 500; ++launch) {
    const testing::RunningThaw run(search("killed"), folder_);
    const uint32_t moment = random_word(random_key(1, 5, launch), 0) % static_cast<uint32_t>(length);
    std::this_thread::sleep_for(std::chrono::microseconds(moment));
    run.send(SIGKILL);
    const int status = run.wait().status;
    if (status == 128 + SIGKILL) {
      ++kills;
      continue;
    }
    ASSERT_EQ(status, 0) << text_of(file("stderr.txt"));
    ASSERT_EQ(results("killed"), results("whole")) << "after " << kills << " kills";
    fs::remove_all(file("killed"));
  }
  EXPECT_EQ(kills, 50);
  expect_done(search("killed"));
  EXPECT_EQ(results("killed"), results("whole"));
}

}  // namespace
}  // namespace thaw
