// Faults of the world: another run in the same folder, a full disk, a folder that vanishes, inputs that are
// no files, names that are no text. Each is one line on standard error and loses nothing.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "sim/base/json.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/project_folders.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::Finished;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::text_of;

class Faults : public testing::SmallProject {
 protected:
  Faults() { fs::create_directory_symlink(fs::path(testing::source_folder()) / "configs", file("configs")); }

  static std::vector<std::string> search(const std::string& folder, std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"search", "model.tflite", "cifar", "--seeds", "1",
                                    "--lr",   "0.01",         "-q",    "-o",      folder};
    const bool epochs = std::find(more.begin(), more.end(), "--epochs") != more.end();
    if (!epochs) all.insert(all.end(), {"--epochs", "1"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  static std::vector<std::string> train(const std::string& folder, std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"train",         "model.tflite", "cifar", "--schedule",
                                    "schedule.json", "-q",           "-o",    folder};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  /// Every file of a folder and what it holds.
  std::map<std::string, std::string> contents(const std::string& folder) const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(file(folder)))
      all[fs::relative(entry.path(), file(folder)).string()] =
          entry.is_regular_file() ? text_of(entry.path()) : "(no file)";
    return all;
  }

  /// What must not depend on what happened on the way; run.json has times.
  std::map<std::string, std::string> results(const std::string& folder) const {
    std::map<std::string, std::string> all = contents(folder);
    all.erase("run.json");
    all.erase("trials.sqlite");  // its rows stand in the order in which runs finished
    return all;
  }

  /// One error, on the last line; notes may stand before it.
  void expect_one_line(const Finished& run, const std::string& fragment) const {
    EXPECT_EQ(run.status, 1) << run.err;
    const size_t at = run.err.find("thaw: error: ");
    ASSERT_NE(at, std::string::npos) << run.err;
    EXPECT_TRUE(at == 0 || run.err[at - 1] == '\n') << run.err;
    EXPECT_EQ(std::count(run.err.begin() + static_cast<std::ptrdiff_t>(at), run.err.end(), '\n'), 1)
        << run.err;
    EXPECT_THAT(run.err.substr(at), HasSubstr(fragment));
  }

  /// Waits for the first rows of a search; false where it ended before.
  void wait_for_rows(const std::string& folder) const {
    while (text_of(file(folder) / "trials.jsonl").empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
};

// ---- one folder, several runs ----------------------------------------------------------------------------

TEST_F(Faults, ASecondRunInTheSameFolderIsRefusedByTheProcessOfTheFirst) {
  const testing::RunningThaw first(search("run", {"--epochs", "2000"}), folder_);
  wait_for_rows("run");
  const std::string process = "(process " + std::to_string(first.process()) + ")";
  fs::create_directories(file("beside"));
  for (const auto& command : {search("../run", {"--epochs", "2000"}), train("../run")}) {
    std::vector<std::string> words = command;  // in a folder of its own, for its streams
    for (std::string& word : words)
      if (fs::exists(file(word)) && word != "../run") word = "../" + word;
    const Finished second = testing::RunningThaw(words, file("beside")).wait();
    expect_one_line(second, "another run is at work here " + process);
  }
  const std::string while_running = text_of(file("run/trials.jsonl"));
  EXPECT_THAT(while_running, ::testing::EndsWith("\n"));
  first.send(SIGKILL);
  first.wait();
  // The kernel let go of the lock: the same command goes on.
  const testing::RunningThaw third(search("run", {"--epochs", "2000"}), folder_);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_THAT(text_of(file("run/trials.jsonl")), ::testing::StartsWith(while_running));
  third.send(SIGTERM);
  EXPECT_EQ(third.wait().status, 128 + SIGTERM);
  EXPECT_FALSE(fs::exists(file("run/.lock")));
}

TEST_F(Faults, RefusedCommandsChangeNothing) {
  ASSERT_EQ(thaw(search("run")).status, 0);
  std::string board = text_of(file("configs/boards/cortex-m7-256k.json"));
  const auto replace = [&](const std::string& from, const std::string& to) {
    ASSERT_NE(board.find(from), std::string::npos) << from;
    board.replace(board.find(from), from.size(), to);
  };
  replace("\"cortex-m7-256k\"", "\"stacked\"");
  replace("\"stack_bytes\": 4096", "\"stack_bytes\": 8192");
  write_text("stacked.json", board);
  const auto before = contents("run");
  const std::vector<std::vector<std::string>> others = {{"--seed", "2"},
                                                        {"--epochs", "2"},
                                                        {"--no-flip"},
                                                        {"--samples", "100"},
                                                        {"--validation", "0.3"},
                                                        {"--flash", "900K"},
                                                        {"--ram", "200K"},
                                                        {"--instructions", "90000000"},
                                                        {"--board", "cortex-m4-192k"},
                                                        {"--board", "stacked.json"},
                                                        {"--ram", "1K"}};
  for (const std::vector<std::string>& more : others) {
    const Finished run = thaw(search("run", more));
    expect_one_line(run, more.back() == "1K" ? "" : "trials.jsonl:1");
    EXPECT_EQ(contents("run"), before) << more[0] << " " << more.back();
  }
  // The same command again ends with the same bytes.
  const auto whole = results("run");
  ASSERT_EQ(thaw(search("run")).status, 0);
  EXPECT_EQ(results("run"), whole);
  // One damaged row.
  const std::string rows = text_of(file("run/trials.jsonl"));
  write_text("run/trials.jsonl", rows + "{\"schema_version\": 1}\n");
  const auto damaged = contents("run");
  expect_one_line(thaw(search("run")), "trials.jsonl:");
  EXPECT_EQ(contents("run"), damaged);
}

TEST_F(Faults, ARefusedSearchLeavesNoFolder) {
  expect_one_line(thaw(search("a/b", {"--ram", "1K"})), "bytes of RAM");
  EXPECT_FALSE(fs::exists(file("a")));
}

TEST_F(Faults, WhatCannotBeWrittenIsKnownBeforeTheStart) {
  for (const char* name : {"schedule.json", "predictions.bin", "run.json"}) {
    const std::string folder = std::string("for-") + name;
    fs::create_directories(file(folder) / name);
    expect_one_line(thaw(search(folder)), std::string(name) + ": is a folder");
    EXPECT_FALSE(fs::exists(file(folder) / "trials.jsonl")) << "nothing was evaluated";
    expect_one_line(thaw(train(folder)), std::string(name) + ": is a folder");
  }
  fs::create_directories(file("seeds/seed-2/state.bin"));
  expect_one_line(thaw(train("seeds", {"--seeds", "2"})), "state.bin: is a folder");
}

TEST_F(Faults, WhatKilledRunsLeftHalfWrittenGoesWithTheNext) {
  fs::create_directories(file("run"));
  const std::vector<std::string> partial = {"schedule.json.partial-99999-0", "trials.jsonl.partial-1-12"};
  const std::vector<std::string> kept = {"notes.partial-1", "schedule.json.partial-x-1",
                                         "being-written.partial-1-1"};
  for (const auto& names : {partial, kept})
    for (const std::string& name : names) write_text("run/" + name, "half");
  const int written = open(file("run/being-written.partial-1-1").c_str(), O_RDONLY);
  ASSERT_EQ(flock(written, LOCK_EX), 0);
  for (const auto& command : {search("run"), train("run")}) {
    ASSERT_EQ(thaw(command).status, 0);
    for (const std::string& name : partial) {
      EXPECT_FALSE(fs::exists(file("run/" + name))) << name;
      write_text("run/" + name, "half");
    }
    for (const std::string& name : kept) EXPECT_TRUE(fs::exists(file("run/" + name))) << name;
  }
  close(written);
}

// ---- a full disk -----------------------------------------------------------------------------------------

TEST_F(Faults, ASearchOnAFullDiskIsOneLineAndGoesOnLater) {
  ASSERT_EQ(thaw(search("whole")).status, 0);
  const auto whole = results("whole");
  const size_t rows = text_of(file("whole/trials.jsonl")).size();
  for (const size_t limit : {size_t{0}, size_t{1500}, rows / 2, rows - 1}) {
    Finished run;
    {
      const testing::FileSizeLimit full(limit);
      run = thaw(search("run"));
    }
    EXPECT_EQ(run.status, 1) << limit;
    if (limit > 1000) expect_one_line(run, "cannot be written");  // where standard error is a file, it fits
    for (const auto& [name, text] : contents(fs::exists(file("run")) ? "run" : "whole"))
      EXPECT_THAT(name, Not(HasSubstr("partial"))) << limit;
  }
  ASSERT_EQ(thaw(search("run")).status, 0);
  EXPECT_EQ(results("run"), whole);
}

TEST_F(Faults, EveryCommandThatWritesSaysThatTheDiskIsFull) {
  ASSERT_EQ(thaw(search("run")).status, 0);
  const auto run_before = contents("run");
  const std::vector<std::vector<std::string>> commands = {
      train("out"),
      train("out", {"--seeds", "3", "--jobs", "2"}),
      {"infer", "model.tflite", "cifar", "--dump", "out/dump"},
      {"plan", "model.tflite", "--svg", "out/arena.svg", "-q"},
      {"convert", "schedule.flags", "out/x.json", "--model", "model.tflite"},
      {"generate", "model.tflite", "--schedule", "schedule.json", "--board", "host", "-o", "out/firmware"},
      {"report", "run", "-o", "out/report"},
      {"report", "run", "-o", "out/report", "--baseline", "out/baseline.json", "--update-baseline"},
      {"report", "diff", "schedule.json", "schedule.json", "-o", "out/diff"}};
  for (const std::vector<std::string>& command : commands) {
    Finished run;
    {
      const testing::FileSizeLimit full(40);  // bytes
      run = testing::RunningThaw(command, folder_, {}, "/dev/null").wait();
    }
    EXPECT_EQ(run.status, 1) << command[0] << " " << command[1];
    if (fs::exists(file("out")))
      for (const auto& [name, text] : contents("out")) {
        EXPECT_THAT(name, Not(HasSubstr("partial"))) << command[0];
        EXPECT_LE(text.size(), 40U) << command[0] << " " << name;
      }
    fs::remove_all(file("out"));
  }
  EXPECT_EQ(contents("run"), run_before);
}

TEST_F(Faults, StandardOutputThatIsFullIsAnError) {
  const std::vector<std::vector<std::string>> commands = {{"--help"},
                                                          {"--version"},
                                                          {"help", "plan"},
                                                          {"inspect", "model.tflite"},
                                                          {"inspect", "model.tflite", "--json"},
                                                          {"infer", "model.tflite", "cifar"},
                                                          {"plan", "model.tflite", "--json"}};
  for (const std::vector<std::string>& command : commands) {
    const Finished run = testing::RunningThaw(command, folder_, {}, "", "/dev/full").wait();
    expect_one_line(run, "No space left");
  }
}

TEST_F(Faults, StandardErrorThatIsFullIsNoError) {
  const Finished run = testing::RunningThaw({"search", "model.tflite", "cifar", "--epochs", "1", "--seeds",
                                             "1", "--lr", "0.01", "-o", "run"},
                                            folder_, {}, "/dev/full")
                           .wait();
  EXPECT_EQ(run.status, 0);
  EXPECT_TRUE(fs::exists(file("run/schedule.json")));
  EXPECT_EQ(testing::RunningThaw({"inspect", "absent.tflite"}, folder_, {}, "/dev/full").wait().status, 1);
}

TEST_F(Faults, AFolderThatVanishesIsOneLine) {
  const testing::RunningThaw run(search("run", {"--epochs", "300", "--jobs", "2"}), folder_);
  wait_for_rows("run");
  fs::remove_all(file("run"));
  expect_one_line(run.wait(), "run/");
}

// ---- inputs that are no files ----------------------------------------------------------------------------

TEST_F(Faults, APipeOrDeviceAsInputIsRefusedByName) {
  ASSERT_EQ(mkfifo(file("pipe").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo(file("pipe.json").c_str(), 0600), 0);
  ASSERT_EQ(thaw(search("found")).status, 0);
  fs::copy(file("found"), file("run"));
  fs::remove(file("run/run.json"));
  ASSERT_EQ(mkfifo(file("run/run.json").c_str(), 0600), 0);
  for (const std::string input : {"pipe", "/dev/zero", "/dev/null"}) {
    const std::vector<std::vector<std::string>> commands = {
        {"inspect", input},
        {"plan", input},
        {"plan", "model.tflite", "--schedule", input},
        {"infer", "model.tflite", input},
        {"infer", "model.tflite", "--raw-input", input},
        {"train", "model.tflite", "cifar", "--schedule", input, "-o", "out"},
        {"train", "model.tflite", input, "--schedule", "schedule.json", "-o", "out"},
        {"search", "model.tflite", input, "-o", "out"},
        {"generate", "model.tflite", "--schedule", input, "--board", "host", "-o", "out"},
        {"convert", input, "out.json", "--model", "model.tflite"},
        {"convert", "schedule.flags", "out.json", "--model", input},
        {"inspect", "model.tflite", "--config", input},
        {"report", "found", "-o", "out", "--baseline", input},
        {"report", "found", "-o", "out", "--gate", input},
        {"report", "diff", "schedule.json", input}};
    for (const std::vector<std::string>& command : commands) {
      const Finished run = thaw(command);
      expect_one_line(run, input + ": is not a regular file");
      EXPECT_FALSE(fs::exists(file("out"))) << command[0] << " " << command[1];
    }
  }
  expect_one_line(thaw({"plan", "model.tflite", "--board", "pipe.json"}), "pipe.json: is not a regular file");
  expect_one_line(thaw({"report", "run", "-o", "out"}), "is not a regular file");
}

// ---- names that are no text ------------------------------------------------------------------------------

/// Bytes below 0x20, 0x7F, and what is not UTF-8, except line breaks.
bool is_clean(const std::string& text) {
  for (unsigned char c : text)
    if ((c < 0x20 && c != '\n') || c == 0x7F || c == 0xFC) return false;
  return true;
}

TEST_F(Faults, ClassNamesThatAreNotUtf8AreReplaced) {
  write_text("cifar/batches.meta.txt", "d\x1b[31m\nbl\xfcte\n");
  for (const auto& command : {search("run"), train("trained")}) {
    const Finished run = thaw(command);
    ASSERT_EQ(run.status, 0) << run.err;
  }
  for (const char* folder : {"run", "trained"})
    EXPECT_EQ(read_json_file(file(folder) / "run.json")["data"]["class_names"],
              nlohmann::json({"d?[31m", "bl?te"}))
        << folder;
  const Finished infer = thaw({"infer", "trained/model.tflite", "cifar"});
  EXPECT_EQ(infer.status, 0) << infer.err;
  EXPECT_THAT(infer.out, HasSubstr("bl?te"));
  EXPECT_TRUE(is_clean(infer.out)) << infer.out;
}

TEST_F(Faults, PathsThatAreNotUtf8LoseNothing) {
  const std::string odd = "bl\xfcte\x1b[31m";
  fs::copy_file(file("model.tflite"), file(odd + ".tflite"));
  fs::copy_file(file("schedule.json"), file(odd + ".json"));
  fs::copy(file("cifar"), file(odd));
  const Finished train =
      thaw({"train", odd + ".tflite", odd, "--schedule", odd + ".json", "-q", "-o", odd + "-out"});
  ASSERT_EQ(train.status, 0) << train.err;
  const nlohmann::json run = read_json_file(file(odd + "-out") / "run.json");
  EXPECT_EQ(run["model"]["file"], "bl?te?[31m.tflite");
  EXPECT_EQ(run["data"]["name"], "bl?te?[31m");
  const Finished search = thaw({"search", odd + ".tflite", odd, "--epochs", "1", "--seeds", "1", "--lr",
                                "0.01", "-q", "-o", odd + "-found"});
  ASSERT_EQ(search.status, 0) << search.err;
  const Finished plan =
      thaw({"plan", odd + ".tflite", "--schedule", odd + "-found/schedule.json", "--svg", odd + ".svg"});
  EXPECT_EQ(plan.status, 0) << plan.err;
  EXPECT_TRUE(is_clean(plan.out)) << plan.out;
  const Finished absent = thaw({"inspect", odd + "-absent.tflite"});
  expect_one_line(absent, "bl?te?[31m-absent.tflite");
  EXPECT_TRUE(is_clean(absent.err));
}

TEST_F(Faults, LayerNamesWithControlCharactersAreReplaced) {
  Graph graph = testing::SmallModel(false, 3).graph();
  for (Tensor& tensor : graph.tensors) tensor.name = "\x1b]0;" + tensor.name + "\xfc\x9b";
  write_file_atomically(file("odd.tflite"), write_tflite(graph));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"inspect", "odd.tflite"},
        {"plan", "odd.tflite"},
        {"search", "odd.tflite", "cifar", "--epochs", "1", "--seeds", "1", "--lr", "0.01", "-o", "run"},
        {"plan", "odd.tflite", "--schedule", "run/schedule.json"},
        {"train", "odd.tflite", "cifar", "--schedule", "run/schedule.json", "-o", "out"}}) {
    const Finished run = thaw(command);
    EXPECT_EQ(run.status, 0) << command[0] << run.err;
    EXPECT_TRUE(is_clean(run.out)) << run.out;
    EXPECT_TRUE(is_clean(run.err)) << run.err;
  }
}

// ---- hostile sizes ---------------------------------------------------------------------------------------

TEST_F(Faults, AHugeStrideOfASingleWindowTrainsAsAnyOther) {
  const std::string here =
      std::string(testing::source_folder()) + "/tests/golden/cases/depthwise-stride-huge/";
  const Finished run =
      thaw({"train", here + "m.tflite", here + "d.npz", "--schedule", here + "s.json", "-o", "out"});
  EXPECT_EQ(run.status, 0) << run.err;
}

}  // namespace
}  // namespace thaw
