// The flags of the published code: their grammar, what they select, and the fifteen published schedules.
#include "sim/plan/tiny_training_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/json.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/channel_selection.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/schedule_json.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/error_of.h"
#include "tests/support/mutate.h"
#include "tests/support/project_folders.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

Network small_network() {
  return reduce(testing::SmallModel().graph(), {.rescale_dead_channels = false});
}

TEST(TinyTrainingFlags, ParsesTheLineInAnyOrderOfFlags) {
  const TinyTrainingFlags expected = {22, {21, 24}, {1.0, 0.125}};
  EXPECT_EQ(parse_tiny_training_flags(
                "--n_bias_update 22 --manual_weight_idx 21-24 --weight_update_ratio 1-0.125\n", "f"),
            expected);
  EXPECT_EQ(parse_tiny_training_flags(
                "--weight_update_ratio 1-0.125\t--manual_weight_idx 21-24\r\n--n_bias_update 22", "f"),
            expected);
  EXPECT_EQ(parse_tiny_training_flags("--n_bias_update 3", "f"), (TinyTrainingFlags{3, {}, {}}));
}

TEST(TinyTrainingFlags, RefusesMalformedLines) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "--n_bias_update is missing"},
      {"--n_bias_update", "has no value"},
      {"--n_bias_update x", "'x' is not a number"},
      {"--n_bias_update -1", "0 or more"},
      {"--n_bias_update 99999999999", "not a number in range"},
      {"--n_bias_update 1 --n_bias_update 2", "given twice"},
      {"--n_bias_update 1 --lr 3", "'--lr' is not a flag"},
      {"--n_bias_update 1 --manual_weight_idx 2-3 --weight_update_ratio 1", "2 layers"},
      {"--n_bias_update 1 --manual_weight_idx 3-2 --weight_update_ratio 1-1", "ascending"},
      {"--n_bias_update 1 --manual_weight_idx 2-2 --weight_update_ratio 1-1", "ascending"},
      {"--n_bias_update 1 --manual_weight_idx 2-- --weight_update_ratio 1-1", "'' is not a number"},
      {"--n_bias_update 1 --manual_weight_idx 2 --weight_update_ratio 1.5", "outside 0..1"},
      {"--n_bias_update 1 --manual_weight_idx 2 --weight_update_ratio nan", "outside 0..1"},
      {"--n_bias_update 1 --weight_update_ratio 1", "0 layers"},
  };
  for (const auto& [line, what] : cases)
    EXPECT_THAT(error_of([&, &text = line] { parse_tiny_training_flags(text, "x.flags"); }), HasSubstr(what))
        << line;
}

TEST(TinyTrainingFlags, WritesWhatItReads) {
  for (const TinyTrainingFlags& flags :
       {TinyTrainingFlags{0, {}, {}}, TinyTrainingFlags{22, {21, 24}, {1.0, 0.125}},
        TinyTrainingFlags{1, {0}, {0.00001}}})
    EXPECT_EQ(parse_tiny_training_flags(write_tiny_training_flags(flags), "f"), flags);
  EXPECT_EQ(write_tiny_training_flags({22, {21, 24}, {1.0, 0.125}}),
            "--n_bias_update 22 --manual_weight_idx 21-24 --weight_update_ratio 1-0.125");
}

TEST(ChannelSelection, KeepsTheLargestSumsOfSquares) {
  const Network network = small_network();
  const auto convolution = [&](int32_t i) {
    return std::get<Convolution>(network.convolution_layer(i).kind);
  };
  EXPECT_THAT(channel_magnitudes(convolution(0)), ElementsAre(30, 16));
  EXPECT_THAT(channel_magnitudes(convolution(1)), ElementsAre(225, 9, 225, 36));
  EXPECT_THAT(select_channels_by_magnitude(convolution(0), 1), ElementsAre(0));
  EXPECT_THAT(select_channels_by_magnitude(convolution(1), 0), ElementsAre());
  EXPECT_THAT(select_channels_by_magnitude(convolution(1), 1), ElementsAre(0))
      << "ties go to the lower index";
  EXPECT_THAT(select_channels_by_magnitude(convolution(1), 3), ElementsAre(0, 2, 3));
  EXPECT_THAT(select_channels_by_magnitude(convolution(2), 2), ElementsAre(1, 3));
}

TEST(TinyTrainingFlags, MeansBiasesOfTheLastLayersAndTruncatedShares) {
  const Network network = small_network();
  const Schedule s = schedule_from_flags({1, {0, 1, 2}, {0.49, 0.99, 1.0}}, network, "f");
  const std::vector<LayerUpdate> expected = {
      {1, "depthwise", false, UpdatedWeights::channels, {0, 2, 3}},  // int(4 * 0.99) = 3; int(2 * 0.49) = 0
      {2, "project", true, UpdatedWeights::all, {}},
      {3, "classifier", true, UpdatedWeights::all, {}}};
  EXPECT_EQ(s.update, expected);
  EXPECT_EQ(s.training, TrainingRecipe{});
  check_schedule(s, network, "f");
}

TEST(TinyTrainingFlags, RefusesLayersThatTheModelDoesNotHave) {
  const Network network = small_network();
  EXPECT_THAT(error_of([&] { schedule_from_flags({4, {}, {}}, network, "f"); }), HasSubstr("3 convolutions"));
  EXPECT_THAT(error_of([&] {
                schedule_from_flags({0, {3}, {1.0}}, network, "f");
              }),
              HasSubstr("does not exist"));
  EXPECT_THAT(error_of([&] {
                schedule_from_flags({0, {-1}, {1.0}}, network, "f");
              }),
              HasSubstr("does not exist"));
}

TEST(TinyTrainingFlags, EveryShareOfEveryWidthSurvivesTheRoundTrip) {
  Network network = small_network();
  auto& layer = std::get<Convolution>(network.layers[2].kind);
  for (int32_t channels = 1; channels <= 192; ++channels) {
    layer.window.input_channels = channels;
    layer.weights.assign(static_cast<size_t>(channels), 1);
    for (int32_t count = 1; count <= channels; ++count) {
      Schedule s;
      describe_model(s, network);
      LayerUpdate entry = {2, "project", true, UpdatedWeights::all, {}};
      if (count < channels) {
        entry.weights = UpdatedWeights::channels;
        entry.channels = select_channels_by_magnitude(layer, count);
      }
      s.update = {entry, {3, "classifier", true, UpdatedWeights::all, {}}};
      const std::string line = write_tiny_training_flags(flags_from_schedule(s, network, "s"));
      ASSERT_EQ(schedule_from_flags(parse_tiny_training_flags(line, "f"), network, "f"), s) << line;
    }
  }
}

TEST(TinyTrainingFlags, NamesTheLayerThatFlagsCannotExpress) {
  const Network network = small_network();
  Schedule s;
  describe_model(s, network);
  const LayerUpdate classifier = {3, "classifier", true, UpdatedWeights::all, {}};
  s.update = {{2, "project", true, UpdatedWeights::none, {}}};
  EXPECT_THAT(error_of([&] { flags_from_schedule(s, network, "s"); }), HasSubstr("classifier"));
  s.update = {{1, "depthwise", true, UpdatedWeights::none, {}}, classifier};
  EXPECT_THAT(error_of([&] { flags_from_schedule(s, network, "s"); }),
              HasSubstr("'depthwise' (op 1) updates its bias"));
  s.update = {{1, "depthwise", true, UpdatedWeights::none, {}},
              {2, "project", false, UpdatedWeights::all, {}},
              classifier};
  EXPECT_THAT(error_of([&] { flags_from_schedule(s, network, "s"); }), HasSubstr("op 1"));
  s.update = {{2, "project", true, UpdatedWeights::channels, {0, 1}}, classifier};
  EXPECT_THAT(error_of([&] { flags_from_schedule(s, network, "s"); }), HasSubstr("'project' (op 2)"));
}

/// One published schedule with the channels that the published code kept.
struct Published {
  std::string model, label;
  nlohmann::json schedule;
};

std::vector<Published> published_schedules() {
  std::vector<Published> result;
  for (const char* file : {"schedules.json", "schedules-proxyless.json"}) {
    const nlohmann::json document = read_json_file(testing::golden_folder() / "schedules" / file);
    for (const auto& [model, entry] : document["models"].items())
      for (const auto& schedule : entry["schedules"]) result.push_back({model, schedule["label"], schedule});
  }
  return result;
}

std::filesystem::path published_file(const Published& p) {
  return std::filesystem::path(testing::source_folder()) / "configs" / "schedules" / p.model /
         (p.label + ".json");
}

TEST(TinyTrainingFlags, PublishedLinesReadAsTheirLists) {
  const std::vector<Published> all = published_schedules();
  ASSERT_EQ(all.size(), 15U);
  for (const Published& p : all) {
    const TinyTrainingFlags flags =
        parse_tiny_training_flags(p.schedule["flags"].get<std::string>(), p.label);
    EXPECT_EQ(flags.bias_count, p.schedule["n_bias_update"]);
    EXPECT_EQ(flags.weight_indices, p.schedule["manual_weight_idx"].get<std::vector<int32_t>>());
    EXPECT_EQ(flags.ratios, p.schedule["weight_update_ratio"].get<std::vector<double>>());
    EXPECT_EQ(write_tiny_training_flags(flags), p.schedule["flags"]);
  }
}

TEST(TinyTrainingFlags, PublishedSchedulesKeepThePublishedChannels) {
  THAW_REQUIRE_SHARED();
  std::map<std::string, Network> networks;
  for (const Published& p : published_schedules()) {
    if (!networks.contains(p.model))
      networks[p.model] = reduce(read_tflite(*testing::shared_folder() / "models" / (p.model + ".tflite")),
                                 {.classes = 10, .rescale_dead_channels = false});
    const Network& network = networks[p.model];
    const Schedule s = schedule_from_flags(
        parse_tiny_training_flags(p.schedule["flags"].get<std::string>(), p.label), network, p.label);
    EXPECT_NO_THROW(check_schedule(s, network, p.label));
    for (const auto& [name, selection] : p.schedule["channel_selection"].items()) {
      const auto kept = selection["kept"].get<std::vector<int32_t>>();
      const LayerUpdate* entry = s.find(selection["index"].get<int32_t>());
      ASSERT_TRUE(entry != nullptr || kept.empty()) << p.model << " " << p.label << " " << name;
      if (kept.empty()) {
        EXPECT_TRUE(entry == nullptr || entry->weights == UpdatedWeights::none);
      } else if (kept.size() == selection["in_channels"].get<size_t>()) {
        EXPECT_EQ(entry->weights, UpdatedWeights::all) << p.model << " " << p.label << " " << name;
      } else {
        EXPECT_EQ(entry->channels, kept) << p.model << " " << p.label << " " << name;
      }
    }
    // Back to flags and again: the same schedule (layers of ratio 0 are no longer listed).
    const TinyTrainingFlags flags = flags_from_schedule(s, network, p.label);
    EXPECT_EQ(schedule_from_flags(flags, network, p.label), s) << p.model << " " << p.label;
    EXPECT_EQ(flags.bias_count, p.schedule["n_bias_update"]);
    // What configs/ holds is this conversion.
    Schedule converted = s;
    converted.training.fresh_classifier = true;  // made with --classes
    EXPECT_EQ(read_schedule_file(published_file(p)), converted) << p.model << " " << p.label;
  }
}

TEST(TinyTrainingFlags, PublishedSchedulesInConfigsAreCanonical) {
  for (const Published& p : published_schedules()) {
    const std::vector<std::byte> bytes = read_file(published_file(p), 1 << 20);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const Schedule s = read_schedule(text, p.label);
    EXPECT_EQ(write_schedule(s), text) << p.model << " " << p.label;
    const auto biases =
        std::count_if(s.update.begin(), s.update.end(), [](const LayerUpdate& u) { return u.bias; });
    EXPECT_EQ(biases, p.schedule["n_bias_update"].get<int>() + 1) << "and the classifier";
  }
}

TEST(TinyTrainingFlags, DamagedLinesAreReadOrRefused) {
  const Network network = reduce(testing::SmallModel().graph(), {});
  const testing::FuzzCount count = testing::fuzz(
      {testing::bytes_of("--n_bias_update 3 --manual_weight_idx 0-2 --weight_update_ratio 1-0.5"),
       testing::bytes_of("--n_bias_update 1 --manual_weight_idx 2 --weight_update_ratio 0.25")},
      [&](std::span<const std::byte> bytes) {
        const std::string_view line(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        schedule_from_flags(parse_tiny_training_flags(line, "fuzz.flags"), network, "fuzz.flags");
      });
  testing::expect_both_outcomes(count);
}

}  // namespace
}  // namespace thaw
