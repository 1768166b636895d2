// The generated C of networks of every shape, compiled for this machine and loaded into the test: loss,
// prediction and trained state are the simulator's after every step.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/graph/tflite_reader.h"
#include "sim/plan/latent_cut.h"
#include "sim/plan/schedule_json.h"
#include "tests/engine/generate/firmware.h"
#include "tests/engine/generate/loaded_model.h"
#include "tests/support/autoencoder.h"
#include "tests/support/forward_only_network.h"
#include "tests/support/project_folders.h"
#include "tests/support/streaming_network.h"
#include "tests/support/varied_plan.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::board_named;
using testing::crc_of;
using testing::LoadedModel;
using testing::PlannedFirmware;

/// A schedule without what cannot be trained.
Schedule trainable_schedule(const Network& network, uint32_t seed) {
  Schedule schedule = testing::random_schedule(network, seed);
  testing::lower_what_can_be_trained(network, schedule);
  schedule.training.learning_rate = 0.01;
  schedule.training.seed = seed;
  return schedule;
}

/// A training step whose image is given in portions of one to four rows. `truth`: its label or its target.
template <class Truth>
int32_t train_by_rows(const LoadedModel& model, const Plan& plan, const std::vector<int8_t>& image,
                      Truth truth) {
  const auto rows = model.function<int32_t(const int8_t*, int32_t)>("thaw_rows");
  const int8_t* at = image.data();
  int32_t status = model.function<int32_t()>("thaw_begin")();
  const auto finish = model.function<int32_t(Truth)>("thaw_finish_step");
  for (int32_t given = 0; given < plan.input_rows && status == 0;) {
    EXPECT_NE(finish(truth), 0) << "with " << given << " rows";
    const int32_t portion = std::min(1 + given % 4, plan.input_rows - given);
    status = rows(at, portion);
    given += portion;
    at += portion * static_cast<ptrdiff_t>(image.size()) / plan.input_rows;
  }
  return status == 0 ? finish(truth) : status;
}

/// A training step in two: what stands for the image is kept in `latent`.
template <class Truth>
int32_t train_by_latent(const LoadedModel& model, const std::vector<int8_t>& image, Truth truth,
                        std::vector<int8_t>& latent) {
  const int32_t status =
      model.function<int32_t(const int8_t*, int8_t*)>("thaw_store_latent")(image.data(), latent.data());
  if (status != 0) return status;
  return model.function<int32_t(const int8_t*, Truth)>("thaw_train_latent")(latent.data(), truth);
}

/// Step number `t` in one of the ways that there are.
template <class Truth>
int32_t train_somehow(const LoadedModel& model, const Plan& plan, uint32_t t,
                      const std::vector<int8_t>& image, Truth truth, std::vector<int8_t>& latent) {
  if (t % 3 == 0)
    return model.function<int32_t(const int8_t*, Truth)>("thaw_train_step")(image.data(), truth);
  if (t % 3 == 1) return train_by_rows(model, plan, image, truth);
  return train_by_latent(model, image, truth, latent);
}

/// The step of so many that is the last of those from a latent.
size_t last_latent(size_t steps) {
  return (steps - 3) / 3 * 3 + 2;
}

/// A latent once more, long after: as the whole step on its image. `truth`: what the device is told.
template <class Truth>
void expect_same_replay(const LoadedModel& model, Executor& executor, const std::vector<int8_t>& image,
                        const std::vector<int8_t>& latent, const StepInput& input, Truth truth) {
  std::ranges::copy(image, executor.values<int8_t>(executor.plan().inputs[0]).begin());
  const StepResult expected = executor.train_step(input);
  ASSERT_EQ(model.function<int32_t(const int8_t*, Truth)>("thaw_train_latent")(latent.data(), truth), 0);
  EXPECT_EQ(model.function<int64_t()>("thaw_last_loss")(), expected.loss);
  EXPECT_EQ(model.function<uint32_t()>("thaw_state_crc")(), crc_of(executor.state()));
}

void expect_same_training(const LoadedModel& model, const PlannedFirmware& made, size_t steps) {
  const auto loss = model.function<int64_t()>("thaw_last_loss");
  const auto prediction = model.function<int32_t()>("thaw_last_prediction");
  const auto state_crc = model.function<uint32_t()>("thaw_state_crc");
  model.function<void(uint32_t)>("thaw_init")(made.seed);
  model.function<int32_t(uint32_t, uint32_t)>("thaw_set_schedule")(0, made.schedule_steps);
  Executor executor(made.plan, made.layout.offsets, KernelSet::host, made.seed);
  std::vector<int8_t> latent(static_cast<size_t>(latent_cut(made.plan).bytes));
  const auto images = testing::noise_images(made.plan, steps);
  uint32_t t = 0;
  for (const auto& [label, image] : images) {
    std::ranges::copy(image, executor.values<int8_t>(made.plan.inputs[0]).begin());
    const StepResult expected =
        executor.train_step({label, made.rates[128 * t / made.schedule_steps], made.seed, t});
    ASSERT_EQ(train_somehow(model, made.plan, t, image, label, latent), 0) << "step " << t;
    ASSERT_EQ(loss(), expected.loss) << "step " << t;
    ASSERT_EQ(prediction(), expected.prediction) << "step " << t;
    ASSERT_EQ(state_crc(), crc_of(executor.state())) << "step " << t;
    ++t;
  }
  const auto& [label, image] = images[last_latent(steps)];
  if (!reads_variables(made.plan, 0))
    expect_same_replay(model, executor, image, latent, {label, made.rates.back(), made.seed, t}, label);
}

/// The same of a task that compares the output: outputs and, of a sample that is its own target, the errors
/// of inference too.
void expect_same_comparison(const LoadedModel& model, const PlannedFirmware& made, size_t steps) {
  const auto infer = model.function<int32_t(const int8_t*)>("thaw_infer");
  const auto output = model.function<const int8_t*()>("thaw_output");
  const auto train = model.function<int32_t(const int8_t*, const int8_t*)>("thaw_train_step");
  const auto loss = model.function<int64_t()>("thaw_last_loss");
  const auto state_crc = model.function<uint32_t()>("thaw_state_crc");
  model.function<void(uint32_t)>("thaw_init")(made.seed);
  model.function<int32_t(uint32_t, uint32_t)>("thaw_set_schedule")(0, made.schedule_steps);
  Executor executor(made.plan, made.layout.offsets, KernelSet::host, made.seed);
  const bool regresses = made.plan.task == Task::regress;
  testing::Noise noise(9);
  std::vector<int8_t> target(static_cast<size_t>(made.plan.buffer(made.plan.output).bytes));
  std::vector<int8_t> latent(static_cast<size_t>(latent_cut(made.plan).bytes));
  const int8_t* truth = regresses ? target.data() : nullptr;
  const auto images = testing::noise_images(made.plan, steps);
  uint32_t t = 0;
  for (const auto& [label, image] : images) {
    for (int8_t& value : target) value = static_cast<int8_t>(noise.in(-128, 127));
    StepInput input{0, made.rates[128 * t / made.schedule_steps], made.seed, t, target.data()};
    std::ranges::copy(image, executor.values<int8_t>(made.plan.inputs[0]).begin());
    const StepResult judged = executor.judge(input);
    ASSERT_EQ(infer(image.data()), 0);
    if (!regresses) {
      ASSERT_EQ(loss(), judged.loss) << "inference " << t;
    }
    const std::span<const int8_t> expected_output = executor.values<int8_t>(made.plan.output);
    ASSERT_TRUE(std::ranges::equal(expected_output, std::span(output(), target.size()))) << "inference " << t;
    std::ranges::copy(image, executor.values<int8_t>(made.plan.inputs[0]).begin());
    const StepResult expected = executor.train_step(input);
    ASSERT_NE(train(image.data(), regresses ? nullptr : target.data()), 0) << "the other task's target";
    ASSERT_EQ(train_somehow(model, made.plan, t, image, truth, latent), 0) << "step " << t;
    ASSERT_EQ(loss(), expected.loss) << "step " << t;
    ASSERT_EQ(state_crc(), crc_of(executor.state())) << "step " << t;
    ++t;
  }
  expect_same_replay(model, executor, images[last_latent(steps)].second, latent,
                     {0, made.rates.back(), made.seed, t, target.data()}, truth);
}

constexpr uint32_t kSteps = 13;  // the last is none whose latent is kept

/// Compiles and trains each model; `names` for messages.
void expect_the_simulators_bits(const std::vector<PlannedFirmware>& made,
                                const std::vector<std::string>& names) {
  const fs::path all = testing::test_folder("models");
  for (size_t i = 0; i < made.size(); ++i)
    testing::write_firmware(testing::folder_of(all, i), made[i].request(board_named("host")));
  const testing::CommandResult compiled = testing::compile_models(all, made.size());
  ASSERT_EQ(compiled.status, 0) << compiled.output;
  for (size_t i = 0; i < made.size() && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(names[i]);
    const LoadedModel model(testing::folder_of(all, i) / "model.so");
    ASSERT_TRUE(model.loaded()) << dlerror();
    if (compares_output(made[i].plan.task))
      expect_same_comparison(model, made[i], kSteps);
    else
      expect_same_training(model, made[i], kSteps);
  }
}

void expect_firmware_of(Network (*network_of)(uint32_t), uint32_t first, uint32_t last,
                        InputBy input = InputBy::image) {
  std::vector<PlannedFirmware> made;
  std::vector<std::string> names;
  for (uint32_t seed = first; seed <= last; ++seed) {
    const Network network = network_of(seed);
    Schedule schedule = trainable_schedule(network, seed);
    schedule.input_by = input;
    made.emplace_back(network, schedule, kSteps);
    names.push_back("seed " + std::to_string(seed));
  }
  expect_the_simulators_bits(made, names);
}

Network regression(uint32_t seed) {
  return reduce(testing::VariedNetwork(seed).graph(), {.task = Task::regress});
}

/// Small autoencoders of dense layers.
Network autoencoder(uint32_t seed) {
  return reduce(testing::Autoencoder(seed).graph(), {.task = Task::reconstruct});
}

TEST(VariedFirmware, OfRegressionsHasTheSimulatorsBits) {
  expect_firmware_of(regression, 1, 6);
}

TEST(VariedFirmware, OfAutoencodersHasTheSimulatorsBits) {
  expect_firmware_of(autoencoder, 1, 6);
}

TEST(VariedFirmware, HasTheSimulatorsBits) {
  expect_firmware_of(testing::varied_network, 1, 12);
}

TEST(VariedFirmware, OfEveryOperatorHasTheSimulatorsBits) {
  expect_firmware_of(testing::operator_network, 1, 12);
}

TEST(VariedFirmware, ByRowsHasTheSimulatorsBits) {
  expect_firmware_of(testing::varied_network, 1, 5, InputBy::rows);
}

TEST(VariedFirmwareSlow, ByRowsManyMoreHaveTheSimulatorsBits) {
  expect_firmware_of(testing::varied_network, 13, 30, InputBy::rows);
}

TEST(VariedFirmware, BehindForwardOnlyOperatorsHasTheSimulatorsBits) {
  expect_firmware_of(testing::forward_only_network, 1, 6);
}

TEST(VariedFirmware, WithStateVariablesHasTheSimulatorsBits) {
  expect_firmware_of(testing::streaming_network, 1, 6);
}

TEST(VariedFirmware, WithStateVariablesByRowsHasTheSimulatorsBits) {
  expect_firmware_of(testing::streaming_network, 1, 4, InputBy::rows);
}

TEST(VariedFirmwareSlow, ManyMoreHaveTheSimulatorsBits) {
  expect_firmware_of(testing::varied_network, 13, 160);
}

TEST(VariedFirmwareSlow, ManyMoreOfEveryOperatorHaveTheSimulatorsBits) {
  expect_firmware_of(testing::operator_network, 13, 160);
}

/// Models that were once got wrong, with the schedules that train them.
TEST(VariedFirmware, CasesHaveTheSimulatorsBits) {
  std::vector<PlannedFirmware> made;
  std::vector<std::string> names = {"reshape-between-convolutions-bits",
                                    "reshape-flatten-dense-bits",
                                    "reshape-flatten-dense-crash",
                                    "reshape-rows-flatten-crash",
                                    "reshape-time-axis-crash",
                                    "reshape-with-add-bits",
                                    "flatten-small",
                                    "flatten-keep-num-dims",
                                    "pool-with-relu",
                                    "partial-pool"};
  for (const std::string& name : names) {
    const fs::path folder = fs::path(testing::source_folder()) / "tests/golden/cases" / name;
    const Schedule schedule = read_schedule_file(folder / "schedule.json");
    made.emplace_back(reduce(read_tflite(folder / "model.tflite"),
                             {schedule.classes, schedule.training.fresh_classifier, true}),
                      schedule, kSteps);
  }
  expect_the_simulators_bits(made, names);
}

}  // namespace
}  // namespace thaw
