// Every message of the command line, provoked: the exit code, one line on standard error that names the place
// and the remedy, nothing on standard output, no partial file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using testing::Finished;
using ::testing::HasSubstr;

class CommandLineErrors : public testing::SmallProject {
 protected:
  CommandLineErrors() {
    link_configs();
    write_text("broken.json", "{\"schema_version\": 1,");
    write_text("newer.json", "{\"schema_version\": 99}");
    write_text("bad.flags", "--n_bias_update 9\n");
    write_text("short.bin", "abc");
    write_text("broken.tflite", "this is no model, though it is long enough");
    write_text("unknown.toml", "epoch = 3\n");
    std::filesystem::create_directories(file("empty"));
    std::filesystem::create_directories(file("untested"));
    std::filesystem::copy_file(file("cifar/data_batch_1.bin"), file("untested/data_batch_1.bin"));
    std::filesystem::resize_file(file("untested/data_batch_1.bin"),
                                 2 * 3073);  // no class to cut a test sample from
    std::filesystem::create_directories(file("torn"));
    write_text("torn/trials.jsonl", "{\"schema_version\": 1}\n");
    EXPECT_EQ(
        thaw({"search", "model.tflite", "cifar", "--epochs", "1", "--seeds", "1", "-o", "other"}).status, 0);
    Schedule s = schedule();
    s.classes = 3;
    write_text("three.json", write_schedule(s));
    s = schedule();
    s.update[0].layer = "projekt";
    write_text("misnamed.json", write_schedule(s));
    s = schedule();
    s.update.insert(s.update.begin(), {1, "depthwise", false, UpdatedWeights::channels, {1}});
    write_text("inexpressible.json", write_schedule(s));
    s = schedule();
    s.model_sha256 = read_tflite(file("stopped.tflite")).sha256;
    write_text("stopped.json", write_schedule(s));
  }
};

struct Case {
  std::vector<std::string> arguments;
  int status;
  std::vector<std::string> fragments;
};

const std::vector<std::string> kTrain = {"train", "model.tflite", "cifar", "--schedule", "schedule.json"};

std::vector<std::string> train_with(std::vector<std::string> more) {
  more.insert(more.begin(), kTrain.begin(), kTrain.end());
  return more;
}

std::vector<Case> cases() {
  return {
      // Wrong usage.
      {{}, 64, {"no command given", "thaw --help"}},
      {{"inspekt", "model.tflite"}, 64, {"'inspekt' is not a command", "Did you mean 'inspect'?"}},
      {{"help", "everything"}, 64, {"'everything' is not a command"}},
      {{"inspect"}, 64, {"MODEL is required", "thaw help inspect"}},
      {{"inspect", "model.tflite", "other.tflite"}, 64, {"other.tflite", "thaw help inspect"}},
      {{"inspect", "model.tflite", "--clases", "3"}, 64, {"no option --clases", "Did you mean '--classes'?"}},
      {{"inspect", "model.tflite", "--classes", "1"}, 64, {"--classes", "2", "255"}},
      {{"inspect", "model.tflite", "--classes", "many"}, 64, {"--classes", "many"}},
      {{"plan", "model.tflite", "--ram", "192 apples"}, 64, {"--ram", "192 apples"}},
      {{"plan", "model.tflite", "--flash"}, 64, {"--flash"}},
      {{"plan", "model.tflite", "--instructions", "0"}, 64, {"--instructions"}},
      {{"infer", "model.tflite"}, 64, {"DATA or --raw-input is required"}},
      {{"infer", "model.tflite", "cifar", "--raw-input", "x"}, 64, {"--raw-input"}},
      {{"infer", "model.tflite", "cifar", "--jobs", "0"}, 64, {"--jobs"}},
      {{"train", "model.tflite", "cifar"}, 64, {"--schedule is required"}},
      {train_with({"--epochs", "0"}), 64, {"--epochs"}},
      {train_with({"--seeds", "0"}), 64, {"--seeds"}},
      {train_with({"--seed", "-1"}), 64, {"--seed"}},
      {train_with({"--lr", "0"}), 64, {"--lr"}},
      {train_with({"--arithmetic", "int4"}), 64, {"--arithmetic", "int8"}},
      {{"plan", "model.tflite", "--input", "columns"}, 64, {"--input", "image", "rows"}},
      {train_with({"--batch", "8"}), 64, {"--batch needs --arithmetic float"}},
      {train_with({"--arithmetic", "float", "--replay", "2"}), 64, {"--replay needs --arithmetic int8"}},
      {train_with({"--task", "reconstruct", "--replay", "2"}),
       64,
       {"--replay needs --task classify", "reconstruct"}},
      {train_with({"--replay", "-1"}), 64, {"--replay", "0 to 1000"}},
      {train_with({"--replay", "1", "--replay-memory", "much"}), 64, {"--replay-memory", "much"}},
      {train_with({"--replay", "1", "--replay-memory", "20", "--quiet"}),
       1,
       {"--replay-memory", "hold no latent"}},
      {train_with({"--batch", "0"}), 64, {"--batch"}},
      {train_with({"--config", "unknown.toml"}), 64, {"epoch"}},
      {{"convert", "schedule.flags", "x.json"}, 64, {"--model is required"}},
      {{"search", "model.tflite", "cifar", "--strategy", "luck"}, 64, {"--strategy", "freeze"}},
      {{"search", "model.tflite", "cifar", "--validation", "0.95"}, 64, {"--validation", "0.9"}},
      {{"search", "model.tflite", "cifar", "--samples", "-1"}, 64, {"--samples"}},
      {{"search", "model.tflite", "cifar", "--threshold", "-1"}, 64, {"--threshold"}},
      {{"search", "model.tflite", "cifar", "--threshold", "nan"}, 64, {"--threshold", "'nan'", "0 to 100"}},
      {{"search", "model.tflite", "cifar", "--threshold", "inf"}, 64, {"--threshold", "'inf'"}},
      {{"search", "model.tflite", "cifar", "--threshold", "101"}, 64, {"--threshold", "0 to 100"}},
      {{"search", "model.tflite", "cifar", "--validation", "nan"}, 64, {"--validation", "0.01 to 0.5"}},
      {{"search", "model.tflite", "cifar", "--samples", "nan"}, 64, {"--samples"}},
      {{"search", "model.tflite", "cifar", "--samples", "4294967296"}, 64, {"--samples"}},
      {{"search", "model.tflite", "cifar", "--lr", "nan"}, 64, {"--lr"}},
      {{"search", "model.tflite", "cifar", "--lr", "-inf"}, 64, {"--lr"}},
      {{"search", "model.tflite", "cifar", "--ram", "nan"}, 64, {"--ram", "nan"}},
      {{"search", "model.tflite", "cifar", "--ram", "-1"}, 64, {"--ram"}},
      {{"search", "model.tflite", "cifar", "--ram", "2000000G"}, 64, {"--ram", "too large"}},
      {{"search", "model.tflite", "cifar", "--flash", "1e9"}, 64, {"--flash"}},
      {{"search", "model.tflite", "cifar", "--jobs", "100000"}, 64, {"--jobs", "1 to 1024"}},
      {{"search", "model.tflite", "cifar", "--seeds", "1000000000"}, 64, {"--seeds", "1 to 1000"}},
      {{"search", "model.tflite", "cifar", "--seed", "4294967296"}, 64, {"--seed", "0 to 4294967295"}},
      {{"search", "model.tflite", "cifar", "--seed", "nan"}, 64, {"--seed"}},
      {{"search", "model.tflite", "cifar", "--epochs", "2000000000"}, 64, {"--epochs", "1 to 100000"}},
      {{"search", "model.tflite", "cifar", "--classes", "nan"}, 64, {"--classes", "2 to 255"}},
      {train_with({"--lr", "nan"}), 64, {"--lr", "'nan'", "1000"}},
      {train_with({"--lr", "1e-320"}), 64, {"--lr"}},
      {train_with({"--epochs", "1.5"}), 64, {"--epochs"}},
      {train_with({"--jobs", "nan"}), 64, {"--jobs"}},
      {train_with({"--arithmetic", "float", "--batch", "nan"}), 64, {"--batch", "1 to 4096"}},
      {{"infer", "model.tflite", "cifar", "--jobs", "100000"}, 64, {"--jobs", "1 to 1024"}},
      {{"generate", "model.tflite", "--schedule", "schedule.json", "--board", "host", "--check-steps", "nan"},
       64,
       {"--check-steps", "0 to 1000000"}},
      {{"generate", "model.tflite", "--board", "host"}, 64, {"--schedule", "--inference", "is required"}},
      {{"generate", "model.tflite", "--inference", "--schedule", "schedule.json", "--board", "host"},
       64,
       {"--schedule excludes --inference"}},
      {{"generate", "model.tflite", "--inference", "--task", "regress", "--board", "host"},
       64,
       {"--inference excludes --task"}},
      // Bad input.
      {{"inspect", "absent.tflite"}, 1, {"absent.tflite", "No such file"}},
      {{"inspect", "cifar"}, 1, {"cifar"}},
      {{"inspect", "broken.tflite"}, 1, {"broken.tflite"}},
      {{"plan", "model.tflite", "--board", "cortex-m9"}, 1, {"cortex-m9", "cortex-m7-256k"}},
      {{"plan", "model.tflite", "--board", "broken.json"}, 1, {"broken.json"}},
      {{"plan", "model.tflite", "--schedule", "absent.json"}, 1, {"absent.json", "No such file"}},
      {{"plan", "model.tflite", "--schedule", "broken.json"}, 1, {"broken.json"}},
      {{"plan", "model.tflite", "--schedule", "newer.json"}, 1, {"newer.json", "schema_version", "99"}},
      {{"plan", "model.tflite", "--schedule", "misnamed.json"},
       1,
       {"update[0].layer", "Did you mean 'project'?"}},
      {{"plan", "model.tflite", "--schedule", "stopped.json"}, 1, {"model.sha256", "thaw convert"}},
      {{"plan", "stopped.tflite", "--schedule", "stopped.json"},
       1,
       {"'project' cannot be trained", "SOFTMAX"}},
      {{"plan", "stopped.tflite", "--schedule", "schedule.json"}, 1, {"model.sha256", "model.tflite"}},
      {{"plan", "model.tflite", "--svg", "short.bin/arena.svg"}, 1, {"short.bin"}},
      {{"infer", "model.tflite", "absent"}, 1, {"absent"}},
      {{"infer", "model.tflite", "empty"}, 1, {"empty"}},
      {{"infer", "model.tflite", "--raw-input", "short.bin"}, 1, {"short.bin", "has 3 bytes", "has 48"}},
      {{"infer", "model.tflite", "--raw-input", "short.bin", "short.bin"}, 1, {"2 files for 1 inputs"}},
      {{"train", "model.tflite", "cifar", "--schedule", "three.json"},
       1,
       {"2 classes", "is for 3", "--classes 2"}},
      {train_with({"--classes", "4"}), 1, {"2 classes", "is for 4"}},
      {{"search", "model.tflite", "cifar", "--classes", "3", "-o", "tiny"},
       1,
       {"cifar", "2 classes", "asks for 3", "--classes 2"}},
      {train_with({"--arithmetic", "float", "--batch", "201"}), 1, {"batch of 201", "--batch"}},
      {train_with({"-o", "short.bin"}), 1, {"short.bin"}},
      {train_with({"--config", "absent.toml"}), 1, {"absent.toml"}},
      {{"search", "model.tflite", "cifar", "--ram", "1K", "-o", "tiny"},
       1,
       {"training only the classifier needs", "bytes of RAM", "1024", "too many"}},
      {{"search", "model.tflite", "cifar", "--flash", "1K", "-o", "tiny"}, 1, {"bytes of flash", "1024"}},
      {{"search", "model.tflite", "cifar", "--instructions", "10", "-o", "tiny"},
       1,
       {"needs", "instructions"}},
      {{"search", "model.tflite", "untested", "-o", "tiny"}, 1, {"untested", "test"}},
      {{"search", "model.tflite", "cifar", "--seed", "2", "-o", "other"},
       1,
       {"trials.jsonl:1", "another model", "-o"}},
      {{"search", "model.tflite", "cifar", "-o", "torn"}, 1, {"trials.jsonl:1"}},
      {{"search", "model.tflite", "cifar", "-o", "short.bin"}, 1, {"short.bin"}},
      {{"convert", "bad.flags", "x.json", "--model", "model.tflite"},
       1,
       {"--n_bias_update is 9", "3 convolutions"}},
      {{"convert", "short.bin", "x.json", "--model", "model.tflite"}, 1, {"'abc' is not a flag"}},
      {{"convert", "inexpressible.json", "x.flags", "--model", "model.tflite"}, 1, {"'depthwise' (op 1)"}},
  };
}

TEST_F(CommandLineErrors, AnUnknownInstructionSetIsRefusedWithTheOnesThereAre) {
  const Finished done = thaw({"inspect", "model.tflite"}, {"THAW_INSTRUCTION_SET=avx"});
  EXPECT_EQ(done.status, 1);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1);
  EXPECT_THAT(done.err, HasSubstr("THAW_INSTRUCTION_SET: 'avx' is not one of portable, eigen"));
  EXPECT_EQ(thaw({"inspect", "model.tflite"}, {"THAW_INSTRUCTION_SET=portable"}).status, 0);
  EXPECT_EQ(thaw({"inspect", "model.tflite"}, {"THAW_INSTRUCTION_SET="}).status, 0);
}

TEST_F(CommandLineErrors, EachIsOneLineWithPlaceAndRemedy) {
  for (const Case& c : cases()) {
    std::string line = "thaw";
    for (const std::string& word : c.arguments) line += " " + word;
    const Finished run = thaw(c.arguments);
    EXPECT_EQ(run.status, c.status) << line << "\n" << run.err;
    EXPECT_EQ(run.out, "") << line;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << line << "\n" << run.err;
    EXPECT_THAT(run.err, ::testing::StartsWith("thaw: error: ")) << line;
    for (const std::string& fragment : c.fragments) EXPECT_THAT(run.err, HasSubstr(fragment)) << line;
    for (const char* name : {"x.json", "x.flags", "runs"})
      EXPECT_FALSE(std::filesystem::exists(file(name))) << line;
  }
}

}  // namespace
}  // namespace thaw
