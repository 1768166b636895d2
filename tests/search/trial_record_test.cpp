// The record of trials on disk: refused commands change nothing, failed writes leave whole rows, a resumed
// record ends with the bytes of an uninterrupted one.
#include "search/trial_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
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

class TrialRecordFile : public ::testing::Test {
 protected:
  TrialRecordFile() : folder_(fs::path(::testing::TempDir()) / ("thaw_trials_" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~TrialRecordFile() override { fs::remove_all(folder_); }

  fs::path file() const { return folder_ / "trials.jsonl"; }

  std::string text() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static Evaluation trial(uint32_t seed) {
    Evaluation e;
    e.request.role = "trial";
    Schedule& schedule = e.request.schedule;
    schedule.model_file = "model.tflite";
    schedule.model_sha256 = std::string(64, 'a');
    schedule.classes = 2;
    schedule.input = {1, 4, 4, 3};
    schedule.update = {{0, "classifier", true, UpdatedWeights::all, {}}};
    e.request.fidelity = {"full", 1, 1.0};
    e.request.seeds = {seed};
    e.seeds = {{seed, Outcome::ok, 0.5, 1.25, 1.0, "signature", {}, {}, {}, 0.0, {}}};
    e.ram_bytes = 1000;
    e.flash_bytes = 2000;
    e.macs_per_step = 3000;
    return e;
  }

  /// A run that asks for these trials, to its end unless `finished` is false.
  void ask(const std::vector<uint32_t>& seeds, bool finished = true) const {
    TrialRecord record(file(), "run");
    for (uint32_t seed : seeds) {
      Evaluation e = trial(seed);
      record.add(e);
    }
    if (finished) record.finish();
  }

  std::string refusal(const std::string& digest) const {
    return testing::error_of([&] { const TrialRecord record(file(), digest); });
  }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(folder_)) result.push_back(entry.path().filename());
    return result;
  }

  fs::path folder_;
};

TEST_F(TrialRecordFile, ARefusedRunChangesNothing) {
  ask({1, 2});
  const std::string before = text();
  EXPECT_THAT(refusal("other"), ::testing::AllOf(HasSubstr(file().string() + ":1"),
                                                 HasSubstr("another model"), HasSubstr("-o")));
  EXPECT_EQ(text(), before);
  EXPECT_THAT(names(), ::testing::ElementsAre("trials.jsonl"));
}

TEST_F(TrialRecordFile, ADamagedRowIsRefusedByItsLineAndChangesNothing) {
  ask({1, 2});
  const std::string damaged = text() + "{\"schema_version\": 1}\n";
  std::ofstream(file(), std::ios::binary) << damaged;
  EXPECT_THAT(refusal("run"), HasSubstr(file().string() + ":3"));
  EXPECT_EQ(text(), damaged);
  EXPECT_THAT(names(), ::testing::ElementsAre("trials.jsonl"));
}

TEST_F(TrialRecordFile, OpeningAloneChangesNothing) {
  ask({1, 2, 3});
  const std::string before = text();
  const TrialRecord record(file(), "run");
  EXPECT_EQ(record.resumed(), 3);
  EXPECT_EQ(text(), before);
}

TEST_F(TrialRecordFile, AFinishedRunResumedEndsWithTheSameBytes) {
  ask({1, 2, 3});
  const std::string whole = text();
  ask({1, 2, 3});
  EXPECT_EQ(text(), whole);
  ask({1}, false);
  EXPECT_EQ(text(), whole) << "nothing is lost when it is stopped early";
  ask({1, 2, 3});
  EXPECT_EQ(text(), whole);
}

TEST_F(TrialRecordFile, RowsInAnotherOrderTakeThePlaceOfTheOldOnes) {
  ask({3, 2, 1});
  const std::string whole = text();
  ask({1, 2, 3});
  ask({3, 2, 1});
  EXPECT_EQ(text(), whole);
}

TEST_F(TrialRecordFile, RowsThatWereNotAskedForGoAtTheEnd) {
  ask({1, 2});
  const std::string two = text();
  ask({1, 2, 3});
  ask({1, 2});
  EXPECT_EQ(text(), two);
}

TEST_F(TrialRecordFile, ALineThatWasCutOffIsDropped) {
  ask({1, 2});
  const std::string whole = text();
  std::ofstream(file(), std::ios::app | std::ios::binary) << "{\"schema_version\":1,\"num";
  ask({1, 2});
  EXPECT_EQ(text(), whole);
  std::ofstream(file(), std::ios::app | std::ios::binary) << "{\"schema_version\":1,\"num";
  ask({1, 2, 3});
  const std::string three = text();
  fs::remove(file());
  ask({1, 2, 3});
  EXPECT_EQ(three, text());
}

TEST_F(TrialRecordFile, AFullDiskLeavesWholeRows) {
  ask({1}, false);
  const std::string one = text();
  {
    const testing::FileSizeLimit limit(one.size() + one.size() / 2);
    EXPECT_THROW(ask({1, 2}, false), Error);
  }
  EXPECT_EQ(text(), one);
  ask({1, 2});
  const std::string resumed = text();
  fs::remove(file());
  ask({1, 2});
  EXPECT_EQ(resumed, text());
}

TEST_F(TrialRecordFile, AFolderThatVanishedIsAnError) {
  TrialRecord record(file(), "run");
  Evaluation first = trial(1), second = trial(2);
  record.add(first);
  fs::remove_all(folder_);
  EXPECT_THROW(record.add(second), Error);
  fs::create_directories(folder_);
  EXPECT_THROW(record.add(second), Error) << "the rows before it are gone";
}

}  // namespace
}  // namespace thaw
