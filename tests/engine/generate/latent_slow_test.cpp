// Training from stored latents on devices: the bits of the whole step, for the instructions behind the cut.
#include <gtest/gtest.h>

#include <cstdio>

#include "sim/plan/latent_cut.h"
#include "tests/engine/generate/firmware.h"
#include "tests/engine/generate/model_firmware.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using testing::board_named;
using testing::Model;
using testing::PlannedFirmware;

/// Instructions a training step from a latent.
int64_t expect_equal_from_latents(Model model, const std::string& board, InputBy input, size_t steps) {
  SCOPED_TRACE(board + ", " + input_by_name(input));
  model.schedule.input_by = input;
  const PlannedFirmware made(model.network, model.schedule, 200);
  const nlohmann::json report = testing::expect_same_bits(
      testing::write_all(made, board_named(board), testing::noise_images(made.plan, steps), KernelSet::host),
      "--latent");
  EXPECT_EQ(report["training_steps"], steps);
  std::printf("%s by %s: latents of %lld bytes, %lld instructions a step\n", made.plan.model_file.c_str(),
              input_by_name(input), static_cast<long long>(latent_cut(made.plan).bytes),
              report["instructions_per_training_step"].get<long long>());
  return report["instructions_per_training_step"].get<int64_t>();
}

TEST(LatentSlow, ReferenceModelOnACortexM4) {
  const Model model = testing::read_model(testing::kConfigs / "models/reference.tflite",
                                          testing::kConfigs / "schedules/reference/last-blocks.json");
  EXPECT_GT(expect_equal_from_latents(model, "mps2-an386", InputBy::image, 6), 0);
}

TEST(LatentSlow, PublishedNetworkTakesTheInstructionsBehindTheCut) {
  THAW_REQUIRE_SHARED();
  const Model model = testing::read_model(*testing::shared_folder() / "models/mcunet-5fps.tflite",
                                          testing::kConfigs / "schedules/mcunet-5fps/49kb.json");
  EXPECT_LT(expect_equal_from_latents(model, "mps2-an500", InputBy::rows, 3), 33'000'000);
}

}  // namespace
}  // namespace thaw
