// Gradients of the float arithmetic against finite differences, on random networks and random schedules.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "sim/float/float_trainer.h"
#include "sim/graph/tflite_reader.h"
#include "tests/sim/float/float_reference.h"
#include "tests/support/project_folders.h"
#include "tests/support/random_network.h"

namespace thaw {
namespace {

using namespace thaw::testing;

constexpr int32_t kSamples = 3;

FloatModel model_of(const Graph& graph) {
  NetworkOptions options;
  options.rescale_dead_channels = false;
  return float_model(reduce(graph, options));
}

FloatModel random_model(uint32_t seed) {
  return model_of(RandomNetwork(seed).graph());
}

/// Weights off the integers.
FloatParameters random_parameters(const FloatModel& model, Noise& noise) {
  FloatParameters p = initial_float_parameters(model, 1);
  for (std::vector<float>& weights : p.weights)
    for (float& w : weights) w += static_cast<float>(noise.in(-40, 40)) / 100.0F;
  return p;
}

/// A classifier whose logits are about 1 for these features, so that softmax does not saturate.
void choose_classifier(const std::vector<float>& features, Noise& noise, FloatParameters& p) {
  double squares = 1e-3;
  for (float f : features) squares += static_cast<double>(f) * static_cast<double>(f);
  const double length = std::sqrt(squares / kSamples);
  for (float& w : p.classifier_weights) w = static_cast<float>(noise.in(-100, 100) / 50.0 / length);
  for (float& b : p.classifier_biases) b = static_cast<float>(noise.in(-100, 100)) / 200.0F;
}

/// Random images cached at the cut of a schedule, with labels and a trainer on them.
struct Setting {
  FloatModel model;
  Noise noise;
  Schedule schedule;
  FloatParameters parameters;
  FloatBlock block;
  PrefixCache cache;
  FloatBatch batch;

  Setting(uint32_t seed, Schedule (*choose)(const Network&, uint32_t), int32_t samples = kSamples)
      : Setting(random_model(seed), seed, choose, samples) {}

  Setting(FloatModel of, uint32_t seed, Schedule (*choose)(const Network&, uint32_t),
          int32_t samples = kSamples)
      : model(std::move(of)),
        noise(seed + 77),
        schedule(choose(model.network, seed)),
        parameters(random_parameters(model, noise)),
        block(float_block(model)) {
    const PrefixCache input = empty_prefix_cache(model.network, 0, 0, false);
    std::vector<int8_t> images(static_cast<size_t>(input.sample_bytes * samples));
    for (int8_t& v : images) v = static_cast<int8_t>(noise.in(-128, 127));
    std::vector<const int8_t*> entries;
    for (int32_t n = 0; n < samples; ++n) entries.push_back(images.data() + n * input.sample_bytes);
    const size_t cut = first_updated_layer(model.network, schedule);
    load_block(model, input, entries, block);
    const auto weights = prepare_kernel_weights(model, parameters);
    forward_layers(model, weights, parameters.biases, 0, model.network.layers.size(), block);
    forward_classifier(model, parameters, block);
    choose_classifier(block.features, noise, parameters);
    cache = empty_prefix_cache(model.network, cut, samples, false);
    for (int32_t n = 0; n < samples; ++n) store(n);
    for (int32_t n = 0; n < samples; ++n) {
      batch.samples.push_back(cache.sample(n, false).data());
      batch.labels.push_back(noise.in(0, model.network.classifier.classes - 1));
    }
  }

  void store(int32_t n) {
    int8_t* to = cache.plain.data() + n * cache.sample_bytes;
    for (size_t t = 0; t < cache.tensors.size(); ++t) {
      const size_t tensor = cache.tensors[t].index();
      const float* from = block.values[tensor].data() + n * cache.bytes[t];
      to = std::transform(from, from + cache.bytes[t], to,
                          [&](float v) { return static_cast<int8_t>(v + model.tensors[tensor].zero_point); });
    }
  }

  FloatTrainer trainer() const { return {model, schedule, cache, parameters, false}; }
};

/// Element `i` of a compact gradient in the full array of weights.
size_t full_index(const Setting& s, const FloatTargets& targets, size_t layer, size_t i) {
  const auto& c = std::get<Convolution>(s.model.network.layers[s.model.convolutions[layer].layer].kind);
  const std::vector<int32_t>& channels = targets.layers[layer].channels;
  return i / channels.size() * static_cast<size_t>(c.selectable_channels()) +
         static_cast<size_t>(channels[i % channels.size()]);
}

/// Compares gradient . direction with a central difference, for random directions that move every trained
/// element of `values` at once. `place(i)`: where gradient element i belongs in `values`.
template <class Place>
void check_directions(Setting& s, SmoothNetwork& smooth, SmoothParameters& p, std::vector<double>& values,
                      const std::vector<float>& gradient, const Place& place) {
  for (int repeat = 0; repeat < 2; ++repeat) {
    std::vector<double> direction(gradient.size());
    double slope = 0.0, magnitude = 0.0;
    for (size_t i = 0; i < gradient.size(); ++i) {
      direction[i] = s.noise.in(-100, 100) / 100.0;
      slope += static_cast<double>(gradient[i]) * direction[i];
      magnitude += std::abs(static_cast<double>(gradient[i]) * direction[i]);
    }
    const double step = std::min(1.0, 1e-4 / std::max(magnitude, 1e-12));
    const std::vector<double> before = values;
    const auto loss_at = [&](double distance) {
      values = before;
      for (size_t i = 0; i < gradient.size(); ++i) values[place(i)] += distance * direction[i];
      return smooth.loss(p);
    };
    const double difference = (loss_at(step) - loss_at(-step)) / (2.0 * step);
    values = before;
    EXPECT_NEAR(difference, slope, 2e-5 * magnitude + 1e-9);
  }
}

/// Checks every gradient of one setting; returns how many tensors were checked.
int check_gradients(Setting& s) {
  FloatTrainer trainer = s.trainer();
  const FloatScore score = trainer.compute_gradients(s.batch);
  const FloatTargets& targets = trainer.targets();
  const FloatGradients& gradients = trainer.gradients();
  SmoothNetwork smooth(s.model, s.parameters, targets.first_layer, s.block, s.batch.labels);
  SmoothParameters p(s.parameters);
  EXPECT_NEAR(smooth.loss(p), score.loss(), 1e-5);
  int checked = 0;
  const auto same = [](size_t i) { return i; };
  for (size_t i = 0; i < targets.layers.size(); ++i) {
    SCOPED_TRACE("convolution " + std::to_string(i));
    if (targets.layers[i].bias) {
      EXPECT_EQ(gradients.biases[i].size(), s.parameters.biases[i].size());
      check_directions(s, smooth, p, p.biases[i], gradients.biases[i], same);
      ++checked;
    }
    if (!targets.layers[i].channels.empty()) {
      check_directions(s, smooth, p, p.weights[i], gradients.weights[i],
                       [&](size_t e) { return full_index(s, targets, i, e); });
      ++checked;
    }
  }
  if (targets.classifier_weights) {
    check_directions(s, smooth, p, p.classifier_weights, gradients.classifier_weights, same);
    check_directions(s, smooth, p, p.classifier_biases, gradients.classifier_biases, same);
    checked += 2;
  }
  return checked;
}

TEST(FloatGradient, EqualsFiniteDifferencesOnRandomNetworks) {
  int checked = 0;
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("network " + std::to_string(seed));
    Setting setting(seed, random_schedule);
    checked += check_gradients(setting);
  }
  EXPECT_GT(checked, 150);
}

LayerUpdate all_of(int32_t op) {
  return {op, "", true, UpdatedWeights::all, {}};
}

/// First and last convolution; those between and the classifier are frozen.
Schedule ends_only(const Network& network, uint32_t) {
  Schedule schedule;
  schedule.update.push_back(all_of(0));
  schedule.update.push_back(all_of(network.convolution_count() - 1));
  return schedule;
}

/// First convolution only: gradients pass frozen layers and a frozen classifier.
Schedule first_only(const Network&, uint32_t) {
  Schedule schedule;
  schedule.update.push_back(all_of(0));
  return schedule;
}

TEST(FloatGradient, ClampedAveragesSendNone) {
  const FloatModel model =
      model_of(read_tflite(std::string(source_folder()) + "/tests/golden/cases/pool-with-relu/model.tflite"));
  int64_t zeros = 0, features = 0;
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    Setting setting(model, seed, first_only);
    EXPECT_EQ(check_gradients(setting), 2);
    zeros += std::count(setting.block.features.begin(), setting.block.features.end(), 0.0F);
    features += static_cast<int64_t>(setting.block.features.size());
  }
  EXPECT_GT(zeros, 0) << "nothing was clamped";
  EXPECT_LT(zeros, features);
}

float largest_of(const std::vector<float>& values) {
  float largest = 0.0F;
  for (float v : values) largest = std::max(largest, std::abs(v));
  return largest;
}

void expect_only_scheduled_layers_move(const Setting& s) {
  FloatTrainer trainer = s.trainer();
  trainer.compute_gradients(s.batch);
  const float largest = largest_of(trainer.gradients().biases[0]);
  ASSERT_GT(largest, 0.0F) << "the loss does not depend on this network's first convolution";
  trainer.update(100.0F / largest);
  const FloatParameters& after = trainer.parameters();
  for (size_t i = 0; i < after.weights.size(); ++i) {
    const bool scheduled = s.schedule.find(static_cast<int32_t>(i)) != nullptr;
    if (!scheduled) {
      EXPECT_EQ(after.weights[i], s.parameters.weights[i]);
      EXPECT_EQ(after.biases[i], s.parameters.biases[i]);
    } else {
      EXPECT_NE(after.biases[i], s.parameters.biases[i]);
      EXPECT_NE(after.weights[i], s.parameters.weights[i]);
    }
  }
  EXPECT_EQ(after.classifier_weights, s.parameters.classifier_weights);
  EXPECT_EQ(after.classifier_biases, s.parameters.classifier_biases);
}

class FloatGradientAcrossFrozen : public ::testing::TestWithParam<uint32_t> {};

TEST_P(FloatGradientAcrossFrozen, MiddleLayersAreSkippedAndTheLastIsFrozen) {
  Setting setting(GetParam(), ends_only);
  ASSERT_GE(setting.model.convolutions.size(), 3U);
  EXPECT_EQ(check_gradients(setting), 4);
  expect_only_scheduled_layers_move(setting);
}

TEST_P(FloatGradientAcrossFrozen, EverythingAfterTheFirstLayerIsFrozen) {
  Setting setting(GetParam(), first_only);
  EXPECT_EQ(check_gradients(setting), 2);
  expect_only_scheduled_layers_move(setting);
}

// Networks of at least three convolutions in which the loss depends on the first one.
INSTANTIATE_TEST_SUITE_P(Networks, FloatGradientAcrossFrozen,
                         ::testing::Values(1U, 2U, 5U, 6U, 7U, 9U, 10U, 12U, 14U, 15U, 17U));

TEST(FloatGradient, OfABatchIsTheMeanOfItsSamples) {
  Setting setting(5, random_schedule, 20);  // three blocks, the last one not full
  FloatTrainer trainer = setting.trainer();
  trainer.compute_gradients(setting.batch);
  const FloatGradients whole = trainer.gradients();
  FloatGradients sum = zero_gradients(setting.model, trainer.targets());
  for (size_t n = 0; n < 20; ++n) {
    trainer.compute_gradients({{setting.batch.samples[n]}, {setting.batch.labels[n]}});
    add(trainer.gradients(), sum);
  }
  ASSERT_FALSE(whole.classifier_weights.empty());
  float largest = largest_of(whole.classifier_weights);
  for (size_t i = 0; i < whole.classifier_weights.size(); ++i)
    EXPECT_NEAR(whole.classifier_weights[i], sum.classifier_weights[i] / 20.0F, 1e-6F * largest);
  for (size_t l = 0; l < whole.biases.size(); ++l) {
    largest = largest_of(whole.biases[l]);
    for (size_t i = 0; i < whole.biases[l].size(); ++i)
      EXPECT_NEAR(whole.biases[l][i], sum.biases[l][i] / 20.0F, 1e-5F * largest);
  }
}

}  // namespace
}  // namespace thaw
