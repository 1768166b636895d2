// The demonstration on speech: examples/voices.py makes features of Debian's prompts, and MLPerf Tiny's
// keyword spotting model learns which of four voices it hears, from 30 utterances each.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/json.h"
#include "tests/support/shared_folder.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

class VoicesSlow : public testing::SmallProject {};

int64_t required_ram(const testing::Finished& plan) {
  return nlohmann::json::parse(plan.out).at("totals").at("ram_bytes").get<int64_t>();
}

TEST_F(VoicesSlow, AreToldApartAfterThirtyUtterancesEach) {
  if (!std::filesystem::is_directory("/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU"))
    GTEST_SKIP() << "the packages asterisk-core-sounds-*-wav are absent: no speech to learn from";
  if (!testing::shared_folder()) GTEST_SKIP() << "the folder shared is absent: no keyword spotting model";
  const std::string model = *testing::shared_folder() / "models/kws_ref_model.tflite";
  const std::string script = std::string(testing::source_folder()) + "/examples/voices.py";
  ASSERT_EQ(std::system(("python3 " + script + " --test 20 " + file("voices").string()).c_str()), 0);

  const Network network = reduce(read_tflite(model), {.classes = 4, .fresh_classifier = true});
  Schedule schedule;
  describe_model(schedule, network);
  schedule.classes = 4;
  schedule.training.fresh_classifier = true;
  schedule.training.epochs = 20;
  schedule.training.flip = false;
  schedule.training.learning_rate = 0.01;
  schedule.update = {{9, "functional_1/dense/BiasAdd", true, UpdatedWeights::all, {}}};
  write_text("voices.json", write_schedule(schedule));

  const testing::Finished done = thaw({"train", model, "voices", "--schedule", "voices.json", "-o", "out"});
  ASSERT_EQ(done.status, 0) << done.err;
  const nlohmann::json run = read_json_file(file("out") / "run.json");
  EXPECT_EQ(run["data"]["train_samples"], 120);
  const double accuracy = run["accuracy"]["mean"];
  const int64_t above = required_ram(thaw({"plan", model, "--schedule", "voices.json", "--board",
                                           "cortex-m4-192k", "--json"})) -
                        required_ram(thaw({"plan", model, "--board", "cortex-m4-192k", "--json"}));
  std::printf("%.1f %% of 80 utterances, 25 %% by chance; %lld bytes above inference\n", 100 * accuracy,
              static_cast<long long>(above));
  EXPECT_GE(accuracy, 0.25 + 0.10);
  EXPECT_LE(above, 12 * 1024);
}

}  // namespace
}  // namespace thaw
