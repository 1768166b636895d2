// Firmware of models whose scales are 0, missing or off by a bit: the simulator's bits.
#include <gtest/gtest.h>

#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "tests/engine/generate/firmware.h"
#include "tests/engine/generate/model_firmware.h"
#include "tests/sim/graph/odd_scales.h"
#include "tests/support/random_network.h"

namespace thaw {
namespace {

TEST(OddScalesSlow, FirmwareOfTheHostComputesTheSimulatorsBits) {
  int built = 0;
  for (uint32_t seed = 21; built < 3; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = read_tflite(
        write_tflite(testing::with_odd_scales(testing::RandomNetwork(seed).graph())), "odd.tflite");
    const Network network = reduce(graph, {.fresh_classifier = true});
    Schedule schedule = testing::random_schedule(network, seed);
    schedule.training.learning_rate = 0.01;
    std::optional<testing::PlannedFirmware> made;
    try {
      made.emplace(network, schedule, 20);
    } catch (const Error&) {
      continue;  // gradients do not reach this part
    }
    const nlohmann::json report = testing::expect_same_bits(testing::write_all(
        *made, testing::board_named("host"), testing::noise_images(made->plan, 20), KernelSet::portable));
    EXPECT_EQ(report["training_steps"], 20);
    ++built;
  }
}

}  // namespace
}  // namespace thaw
