// plan.json: valid by its schema, equal to the plan it describes, the same bytes every time.
#include "memmodel/plan_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "memmodel/validator.h"
#include "sim/base/json.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/tiny_training_flags.h"
#include "tests/memmodel/bare_plan.h"
#include "tests/support/json_schema.h"
#include "tests/support/project_folders.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::SchemaCheck;

std::filesystem::path configs() {
  return std::filesystem::path(testing::source_folder()) / "configs";
}

nlohmann::json schema(const char* name) {
  return read_json_file(configs() / "schema" / name);
}

Board board() {
  return read_board(configs() / "boards" / "cortex-m7-256k.json");
}

/// As a reader of the file sees it.
nlohmann::json written(const nlohmann::ordered_json& json) {
  return parse_json(json_text(json), "plan.json");
}

/// Two activations and a state buffer, two steps, names that no file format likes.
Plan small_plan() {
  Plan plan = testing::plan_of({{8, 4, 0, 1}, {6, 4, 1, 1}, {5, 1, 0, 0}});
  plan.buffers[2].kind = BufferKind::state;
  plan.buffers[0].name = "a \"quoted\" <name> & \x01\xFF";
  plan.model_file = "small.tflite";
  plan.steps.resize(2);
  plan.steps[0].name = plan.buffers[0].name;
  plan.steps[0].kernel = CopyForward();
  plan.steps[1].kernel = UpdateBiases();
  plan.steps[1].phase = Phase::update;
  plan.steps[1].macs = 40;
  plan.steps[1].reads = {BufferId(0)};
  plan.notes = {{"in place", "one add", 12, 5}};
  return plan;
}

TEST(PlanJson, HoldsWhatThePlanHolds) {
  const nlohmann::json json = written(plan_json(device_plan(small_plan(), board()), board()));
  EXPECT_THAT(SchemaCheck(schema("plan.schema.json")).faults(json), IsEmpty());
  EXPECT_EQ(json.at("schema_version"), 1);
  EXPECT_EQ(json.at("layout").at("peak_bytes"), 16);
  EXPECT_EQ(json.at("totals").at("arena_bytes"), 16);
  EXPECT_EQ(json.at("totals").at("persistent_bytes"), 8);
  EXPECT_EQ(json.at("totals").at("ram_bytes"), 16 + 8 + 4096);
  EXPECT_EQ(json.at("totals").at("macs_weight_gradient"), 40);
  EXPECT_EQ(json.at("buffers")[0].at("name"), "a \"quoted\" <name> & ??");
  EXPECT_EQ(json.at("buffers")[2].at("region"), "persistent");
  EXPECT_EQ(json.at("buffers")[2].at("offset"), 0);
  EXPECT_EQ(json.at("steps")[1].at("live_bytes"), 16);
  EXPECT_EQ(json.at("steps")[1].at("at_peak"), true);
  EXPECT_EQ(json.at("steps")[1].at("reads")[0], 0);
  EXPECT_EQ(json.at("notes")[0].at("bytes_saved"), 12);
  EXPECT_EQ(json.at("notes")[0].at("peak_bytes_saved"), 5);
  EXPECT_TRUE(json.at("paper_metric").is_null());
}

TEST(PlanJson, AcceptsAnEmptyPlan) {
  const nlohmann::json json = written(plan_json(device_plan(Plan(), board()), board()));
  EXPECT_THAT(SchemaCheck(schema("plan.schema.json")).faults(json), IsEmpty());
}

TEST(PlanJson, TheSchemaRefusesOtherFiles) {
  nlohmann::json json = written(plan_json(device_plan(small_plan(), board()), board()));
  json["more"] = 1;
  json["steps"][0].erase("kernel");
  json["buffers"][1]["kind"] = "heap";
  json["totals"]["ram_bytes"] = -1;
  const std::vector<std::string> faults = SchemaCheck(schema("plan.schema.json")).faults(json);
  for (const char* part : {"'more'", "$.steps[0]: ", "$.buffers[1].kind: ", "$.totals.ram_bytes: "})
    EXPECT_THAT(faults, Contains(HasSubstr(part)));
}

TEST(BoardSchema, HoldsForEveryBoard) {
  SchemaCheck check(schema("board.schema.json"));
  for (const auto& file : std::filesystem::directory_iterator(configs() / "boards"))
    EXPECT_THAT(check.faults(read_json_file(file.path())), IsEmpty()) << file.path();
  nlohmann::json board_file = read_json_file(configs() / "boards" / "host.json");
  board_file["ram_bytes"] = "256KB";
  EXPECT_THAT(check.faults(board_file), Contains(HasSubstr("$.ram_bytes: ")));
}

// ---- real models -----------------------------------------------------------------------------------------

struct Published {
  const char* model;
  const char* flags;
  double paper_kib;
};
constexpr Published kPublished[] = {
    {"mcunet-5fps.tflite",
     "--n_bias_update 20 --manual_weight_idx 23-24-27-30-33-39 --weight_update_ratio 0-0.25-0.5-0.5-0-0",
     49.8},
    {"mcunet-5fps.tflite",
     "--n_bias_update 22 --manual_weight_idx 21-24-27-30-36-39 --weight_update_ratio 1-1-1-1-0.125-0.25",
     99.8},
    {"mbv2-w0.35.tflite",
     "--n_bias_update 16 --manual_weight_idx 36-39-40-41-42-45-48-49 --weight_update_ratio "
     "1-1-0-0.25-0.125-0.125-0.125-0.125",
     49.8},
};

TEST(PlanJson, PublishedSchedulesAreSoundAndValid) {
  THAW_REQUIRE_SHARED();
  SchemaCheck check(schema("plan.schema.json"));
  for (const Published& published : kPublished) {
    SCOPED_TRACE(std::string(published.model) + " " + published.flags);
    const Graph graph = read_tflite(*testing::shared_folder() / "models" / published.model);
    const Network unchanged = reduce(graph, {10, true, false});
    const Schedule schedule =
        schedule_from_flags(parse_tiny_training_flags(published.flags, "test"), unchanged, "test");
    const DevicePlan device = device_training_plan(reduce(graph, {10, true, true}), schedule, board());
    EXPECT_THAT(layout_violations(device.plan, device.layout), IsEmpty());
    EXPECT_TRUE(device.layout.proven_optimal);
    const PaperMetric paper = paper_metric(unchanged, schedule);
    const nlohmann::ordered_json json = plan_json(device, board(), &paper);
    EXPECT_THAT(check.faults(written(json)), IsEmpty());
    const DevicePlan again = device_plan(device.plan, board());
    EXPECT_EQ(json_text(json), json_text(plan_json(again, board(), &paper)));
    EXPECT_EQ(json["paper_metric"]["total_kib"], published.paper_kib);
    // The work of a step adds up from its parts however they are grouped.
    int64_t macs = 0;
    for (const auto& kernel : json["totals"]["kernels"]) macs += kernel["macs"].get<int64_t>();
    EXPECT_EQ(json["totals"]["macs_per_step"], macs);
    EXPECT_GT(json["totals"]["macs_input_gradient"], 0);
    EXPECT_GT(json["totals"]["macs_weight_gradient"], 0);
  }
}

}  // namespace
}  // namespace thaw
