// Help, version, configuration files, and the exit codes of wrong usage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/project_folders.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using ::testing::Not;

using Help = testing::SmallProject;

const std::vector<std::string> kCommands = {"inspect", "plan",    "infer",    "train",
                                            "search",  "convert", "generate", "report"};

/// The lines below "Examples:".
std::vector<std::string> examples(const std::string& help) {
  std::vector<std::string> lines;
  std::istringstream text(help.substr(std::min(help.size(), help.find("Examples:"))));
  for (std::string line; std::getline(text, line);)
    if (line.starts_with("  thaw ")) lines.push_back(line.substr(7));
  return lines;
}

TEST_F(Help, VersionIsThatOfTheProject) {
  const Finished run = thaw({"--version"});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out, "thaw 0.1.0\n");
}

TEST_F(Help, ListsEveryCommand) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"}, {"help"}}) {
    const Finished run = thaw(arguments);
    EXPECT_EQ(run.status, 0);
    for (const std::string& command : kCommands) EXPECT_THAT(run.out, HasSubstr("\n  " + command));
  }
}

TEST_F(Help, EveryCommandShowsAtLeastTwoExamples) {
  for (const std::string& command : kCommands) {
    const Finished help = thaw({"help", command});
    EXPECT_EQ(help.status, 0);
    EXPECT_GE(examples(help.out).size(), 2U) << command;
    for (const std::string& example : examples(help.out))
      EXPECT_THAT(example, ::testing::StartsWith(command));
    const Finished flag = thaw({command, "--help"});
    EXPECT_EQ(flag.status, 0);
    EXPECT_EQ(flag.out, help.out) << command;
  }
}

TEST_F(Help, RangesAndDefaultsReadAsPeopleWriteThem) {
  for (const std::string& command : kCommands) {
    const std::string text = thaw({"help", command}).out;
    for (const char* machine : {"INT", "FLOAT", "TEXT", "WORD", " in [", "e+", "::"})
      EXPECT_THAT(text, Not(HasSubstr(machine))) << command;
  }
  // What a search does where nothing is said: as its header says, too.
  const std::string search = thaw({"help", "search"}).out;
  for (const char* words :
       {"(0 to 100; default: 1)", "(1 to 100000; default: 4)", "(0.01 to 0.5; default: 0.2)",
        "(1 to 1000; default: 3)", "default: cortex-m7-256k)"})
    EXPECT_THAT(search, HasSubstr(words));
}

TEST_F(Help, ConfigurationFileSetsWhatTheCommandLineDoesNot) {
  write_text("flat.toml", "epochs = 1\nseed = 7\njson = true\n");
  write_text("sections.toml", "[train]\nepochs = 1\n\n[plan]\nboard = \"host\"\n");
  const std::vector<std::string> train = {"train", "model.tflite", "cifar", "--schedule", "schedule.json"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), train.begin(), train.end());
    return thaw(arguments);
  };
  const Finished flat = with({"--config", "flat.toml"});
  EXPECT_EQ(flat.status, 0) << flat.err;
  const nlohmann::json run = nlohmann::json::parse(flat.out);
  EXPECT_EQ(run["seeds"][0]["epochs"].size(), 1U);
  EXPECT_EQ(run["seeds"][0]["seed"], 7);
  const Finished overridden = with({"--config", "flat.toml", "--epochs", "2"});
  EXPECT_EQ(nlohmann::json::parse(overridden.out)["seeds"][0]["epochs"].size(), 2U);
  const Finished sections = with({"--config", "sections.toml"});
  EXPECT_EQ(sections.status, 0) << sections.err;
  EXPECT_THAT(sections.out, HasSubstr("epoch 1/1"));
}

TEST_F(Help, NothingIsColouredWhereNobodyWatches) {
  for (const char* variable : {"NO_COLOR=1", "CLICOLOR=1"}) {
    const Finished run = thaw({"inspect", "absent.tflite"}, {variable});
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.err, Not(HasSubstr("\033")));
    EXPECT_THAT(run.err, ::testing::StartsWith("thaw: error: "));
  }
}

using HelpSlow = testing::SmallProject;

TEST_F(HelpSlow, ExamplesRunAsTheyStand) {
  const std::filesystem::path source = testing::source_folder();
  const std::filesystem::path fashion = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(source / "configs/models/reference.tflite") ||
      !std::filesystem::exists(fashion))
    GTEST_SKIP() << "needs configs/models/reference.tflite and Debian's dataset-fashion-mnist";
  link_configs();
  for (const std::string& command : kCommands) {
    if (command == "report")  // reads what tools/demo leaves; any search will do
      std::filesystem::copy(file("runs/fashion"), file("runs/demo"));
    for (const std::string& example : examples(thaw({"help", command}).out)) {
      std::vector<std::string> words;
      std::istringstream text(example);
      for (std::string word; text >> word;) words.push_back(word);
      const Finished run = thaw(words);
      EXPECT_EQ(run.status, 0) << example << "\n" << run.err;
    }
  }
}

}  // namespace
}  // namespace thaw
