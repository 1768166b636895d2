// schedule.json: what is written reads back equal, and every departure from the format is refused by name.
#include "sim/plan/schedule_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tests/support/mutate.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Schedule full_schedule() {
  Schedule s;
  s.model_file = "mcunet-5fps.tflite";
  s.model_sha256 = std::string(60, '0') + "9abc";
  s.classes = 10;
  s.input = {1, 128, 128, 3};
  s.training.learning_rate = 0.0125;
  s.training.seed = 4294967295U;
  s.training.flip = false;
  s.training.fraction_bits = 8;
  s.training.gradient_bits = 14;
  s.training.fresh_classifier = true;
  s.update = {{21, "block7/expand", true, UpdatedWeights::all, {}},
              {24, "block8/expand", true, UpdatedWeights::none, {}},
              {36, "block12/expand", false, UpdatedWeights::channels, {3, 5, 8}, 0},
              {42, "classifier", true, UpdatedWeights::all, {}}};
  s.promise = Promise{MetricKind::accuracy, 0.795, 0.781, 0.808, 3, 201344, 512000, 45000000, "5eed"};
  s.provenance = Provenance{"0.1.0", "freeze", "runs/demo", 1.0};
  return s;
}

/// The smallest complete file, with one part replaced.
std::string small_text(const std::string& from = "", const std::string& to = "") {
  std::string text = R"({
  "schema_version": 1,
  "model": {"file": "m.tflite", "sha256": ")" +
                     std::string(64, 'a') + R"(", "classes": 10, "input": [1, 32, 32, 1]},
  "arithmetic": "int8",
  "training": {"learning_rate": 0.0125, "epochs": 4, "lr_schedule": "cosine", "warmup_epochs": 1, "seed": 1},
  "update": [
    {"layer": "a", "op": 1, "bias": true, "weights": {"input_channels": [3, 5]}},
    {"layer": "b", "op": 2, "bias": true, "weights": "all"}
  ]
})";
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ScheduleJson, ReadsBackWhatItWrites) {
  const Schedule full = full_schedule();
  EXPECT_EQ(read_schedule(write_schedule(full), "s.json"), full);
  Schedule bare = full;
  bare.promise.reset();
  bare.provenance.reset();
  bare.update.clear();
  bare.arithmetic = "float";
  EXPECT_EQ(read_schedule(write_schedule(bare), "s.json"), bare);
  EXPECT_EQ(write_schedule(bare).find("input_by"), std::string::npos);
  bare.input_by = InputBy::rows;
  EXPECT_EQ(read_schedule(write_schedule(bare), "s.json"), bare);
}

TEST(ScheduleJson, WritingIsCanonical) {
  const std::string text = write_schedule(full_schedule());
  EXPECT_EQ(write_schedule(read_schedule(text, "s.json")), text);
  EXPECT_EQ(write_schedule(read_schedule(small_text(), "a.json")),
            write_schedule(read_schedule(small_text("0.0125", "1.25e-2"), "b.json")));
}

TEST(ScheduleJson, FieldsOfTheRecipeThatMayBeMissingHaveTheirDefaults) {
  const Schedule s = read_schedule(small_text(), "s.json");
  EXPECT_EQ(s.training.flip, TrainingRecipe{}.flip);
  EXPECT_EQ(s.training.fraction_bits, 4);
  EXPECT_EQ(s.training.gradient_bits, 7);
  EXPECT_FALSE(s.training.fresh_classifier);
  EXPECT_FALSE(s.promise);
  EXPECT_FALSE(s.provenance);
}

TEST(ScheduleJson, EveryDepartureIsRefusedWithItsPlace) {
  struct Case {
    const char* from;
    const char* to;
    const char* place;
    const char* what;
  };
  const std::vector<Case> cases = {
      {R"("schema_version": 1)", R"("schema_version": 2)", "schema_version", "2"},
      {R"("schema_version": 1,)", "", "schema_version", ""},
      {R"("arithmetic")", R"("arithmetics")", "arithmetics", "arithmetic"},
      {R"("int8")", R"("int16")", "arithmetic", "int8"},
      {R"("int8",)", R"("int8", "input_by": "columns",)", "input_by", "rows"},
      {R"("classes": 10)", R"("classes": 1)", "model.classes", "2"},
      {R"("classes": 10)", R"("classes": 256)", "model.classes", "255"},
      {R"("classes": 10)", R"("classes": 10.0)", "model.classes", "10.0"},
      {R"("classes": 10)", R"("classes": 10, "classes": 10)", "model:", "\"classes\" appears twice"},
      {R"([1, 32, 32, 1])", R"([1, 32, 32])", "model.input", "four"},
      {R"([1, 32, 32, 1])", R"([1, 32, 0, 1])", "model.input[2]", "1"},
      {R"([1, 32, 32, 1])", R"("1x32x32x1")", "model.input", "four"},
      {R"("sha256": "a)", R"("sha256": "A)", "model.sha256", "64"},
      {R"("sha256": "a)", R"("sha256": ")", "model.sha256", "64"},
      {R"(0.0125)", R"(0)", "training.learning_rate", "above 0"},
      {R"(0.0125)", R"("fast")", "training.learning_rate", "number"},
      {R"("epochs": 4)", R"("epochs": 0)", "training.epochs", "1"},
      {R"("epochs": 4)", R"("epochs": 2147483648)", "training.epochs", "2147483647"},
      {R"("cosine")", R"("step")", "training.lr_schedule", "cosine"},
      {R"("warmup_epochs": 1)", R"("warmup_epochs": 5)", "training.warmup_epochs", "4"},
      {R"("seed": 1)", R"("seed": -1)", "training.seed", "0"},
      {R"("seed": 1)", R"("seed": 1, "fraction_bits": 2)", "training.fraction_bits", "0, 4 or 8"},
      {R"("seed": 1)", R"("seed": 1, "gradient_bits": 15)", "training.gradient_bits", "14"},
      {R"("seed": 1)", R"("seed": 1, "flip": 1)", "training.flip", "true"},
      {R"("seed": 1)", R"("seed": 1, "fresh_classifier": "no")", "training.fresh_classifier", "true"},
      {R"("seed": 1)", R"("sead": 1)", "training:", "Did you mean \"seed\"?"},
      {R"("op": 1)", R"("op": -1)", "update[0].op", "0"},
      {R"("op": 1)", R"("op": 2)", "update[1].op", "ascending"},
      {R"("op": 1)", R"("op": 3)", "update[1].op", "follows"},
      {R"("bias": true, "weights": "all")", R"("bias": true, "weights": "some")", "update[1].weights", "all"},
      {R"("bias": true, "weights": "all")", R"("bias": true, "weights": 7)", "update[1].weights",
       "input_channels"},
      {R"("bias": true, "weights": "all")", R"("bias": false, "weights": "none")", "update[1]", "Remove"},
      {R"("weights": "all")", R"("weights": "all", "fraction_bits": 5)", "update[1].fraction_bits",
       "0, 4 or 8"},
      {R"("weights": "all")", R"("weights": "none", "fraction_bits": 4)", "update[1].fraction_bits",
       "Remove"},
      {R"([3, 5])", R"([5, 3])", "update[0].weights.input_channels[1]", "ascending"},
      {R"([3, 5])", R"([5, 5])", "update[0].weights.input_channels[1]", "once"},
      {R"([3, 5])", R"([])", "update[0].weights.input_channels", "none"},
      {R"([3, 5])", R"([3, 65536])", "update[0].weights.input_channels[1]", "65535"},
      {R"([3, 5])", R"([3, "5"])", "update[0].weights.input_channels[1]", "whole number"},
      {R"("input_channels")", R"("output_channels")",
       "update[0].weights:", "Did you mean \"input_channels\"?"},
      {R"("update": [)", R"("promise": {}, "update": [)", "promise:", "\"accuracy\" is missing"},
      {R"("update": [)", R"("provenance": {"thaw": 1}, "update": [)", "provenance.thaw", ""},
  };
  for (const Case& c : cases) {
    const std::string text = small_text(c.from, c.to);
    try {
      read_schedule(text, "s.json");
      ADD_FAILURE() << "accepted " << c.to;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("s.json"), HasSubstr(c.place), HasSubstr(c.what))) << c.to;
    }
  }
}

TEST(ScheduleJson, TextThatIsNoScheduleIsRefused) {
  for (const char* text : {"", "[]", "{", "7", "{\"schema_version\": 1}", "\xff\xfe", "{} {}"})
    EXPECT_THROW(read_schedule(text, "s.json"), Error) << text;
  EXPECT_THROW(read_schedule_file("/nonexistent/schedule.json"), Error);
}

TEST(ScheduleJson, DamagedFilesAreReadOrRefused) {
  const testing::FuzzCount count =
      testing::fuzz({testing::bytes_of(small_text()), testing::bytes_of(write_schedule(full_schedule()))},
                    [](std::span<const std::byte> bytes) {
                      const Schedule s = read_schedule(
                          {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "fuzz.json");
                      // Whatever is accepted can be written and read again.
                      if (read_schedule(write_schedule(s), "again.json") != s)
                        ADD_FAILURE() << write_schedule(s);
                    });
  testing::expect_both_outcomes(count);
}

}  // namespace
}  // namespace thaw
