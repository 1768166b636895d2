// Plans of random networks and schedules, run in integers, against a naive float64 differentiator that reads
// the network and knows nothing of the plan: backpropagation layer by layer, every gradient kept, nothing
// skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/exec/executor.h"
#include "sim/graph/error.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/lower.h"
#include "tests/sim/exec/fixed_weight.h"
#include "tests/sim/exec/noise.h"
#include "tests/sim/exec/random_network.h"

namespace thaw {
namespace {

using Values = std::vector<double>;

// Wide gradients, so that what differs is the structure and not the rounding.
constexpr int32_t kGradientBits = 12;
// Steps at rate 0 in which every exponent finds its place (arithmetic section 6).
constexpr uint32_t kSettlingSteps = 24;

/// One element of a convolution's sum: y += w * x.
struct Product {
  size_t output, input, weight, channel;  // channel: of the output
};

/// Calls `use` for every product of a convolution whose input lies inside the image.
template <class Use>
void for_each_product(const Convolution& c, const Use& use) {
  const Window& w = c.window;
  for (int32_t oy = 0; oy < w.output_height; ++oy)
    for (int32_t ox = 0; ox < w.output_width; ++ox)
      for (int32_t ky = 0; ky < w.kernel_height; ++ky)
        for (int32_t kx = 0; kx < w.kernel_width; ++kx) {
          const int32_t y = oy * w.stride_height - w.pad_top + ky * w.dilation_height;
          const int32_t x = ox * w.stride_width - w.pad_left + kx * w.dilation_width;
          if (y < 0 || y >= w.input_height || x < 0 || x >= w.input_width) continue;
          const int32_t tap = ky * w.kernel_width + kx;
          for (int32_t o = 0; o < w.output_channels; ++o) {
            const int32_t begin = c.depthwise ? o / c.depth_multiplier : 0;
            const int32_t end = c.depthwise ? begin + 1 : w.input_channels;
            for (int32_t i = begin; i < end; ++i) {
              const int32_t weight = c.depthwise
                                         ? tap * w.output_channels + o
                                         : (o * static_cast<int32_t>(w.taps()) + tap) * w.input_channels + i;
              use({static_cast<size_t>((oy * w.output_width + ox) * w.output_channels + o),
                   static_cast<size_t>((y * w.input_width + x) * w.input_channels + i),
                   static_cast<size_t>(weight), static_cast<size_t>(o)});
            }
          }
        }
}

/// One network, its plan, and an executor whose buffers all survive a step.
struct Trained {
  Network network;
  Schedule schedule;
  Plan plan;
  Executor executor;

  Trained(uint32_t seed, Schedule (*choose)(const Network&, uint32_t))
      : network(reduce(testing::RandomNetwork(seed).graph(), {0, seed % 2 == 0, true})),
        schedule(choose(network, seed)),
        plan(plan_of(network, schedule)),
        executor(plan, {}, KernelSet::portable, seed) {
    testing::Noise noise(seed + 5);
    for (std::byte& v : executor.bytes(plan.inputs[0])) v = static_cast<std::byte>(noise.in(-128, 127));
  }

  /// Less is trained where a gradient would have to pass a pooling operator.
  static Plan plan_of(const Network& network, Schedule& schedule) {
    schedule.training.gradient_bits = kGradientBits;
    for (;;) {
      try {
        return lower(network, schedule);
      } catch (const Error&) {
        schedule.update.erase(schedule.update.begin());
      }
    }
  }

  double scale(TensorId id) const {
    return static_cast<double>(network.graph.tensor(id).quantization.scale());
  }
  std::span<const int8_t> activation(TensorId id) {
    return executor.values<int8_t>(plan.buffer_of_tensor[network.alias[id.index()].index()]);
  }
};

/// Gradients of the loss by every layer: of a convolution's accumulator, of an add's output.
std::map<std::string, Values> naive_gradients(Trained& run, const Values& error) {
  const Network& network = run.network;
  const Classifier& classifier = network.classifier;
  std::vector<Values> by_tensor(network.graph.tensors.size());
  const auto add_to = [&](TensorId id) -> Values& {
    Values& values = by_tensor[id.index()];
    values.resize(static_cast<size_t>(network.graph.tensor(id).elements()), 0.0);
    return values;
  };
  // The classifier: weights in units of 2^-12, features averaged over positions or one an element.
  const auto features = static_cast<size_t>(classifier.features);
  std::span<const int16_t> weights;
  for (const Step& step : run.plan.steps)
    if (const auto* k = std::get_if<ClassifierForward>(&step.kernel))
      weights = run.executor.values<int16_t>(k->weights);
  Values& source = add_to(classifier.source);
  for (size_t e = 0; e < source.size(); ++e)
    for (size_t c = 0; c < error.size(); ++c)
      source[e] += error[c] * weights[c * features + (classifier.per_element ? e : e % features)] / 4096.0 *
                   run.scale(classifier.source) /
                   (classifier.per_element ? 1 : classifier.positions_averaged);

  std::map<std::string, Values> result;
  for (size_t l = network.layers.size(); l-- > 0;) {
    const Layer& layer = network.layers[l];
    if (by_tensor[layer.output.index()].empty()) continue;
    Values gradient = by_tensor[layer.output.index()];
    const std::span<const int8_t> output = run.activation(layer.output);
    const auto* convolution = std::get_if<Convolution>(&layer.kind);
    const auto* residual = std::get_if<ResidualAdd>(&layer.kind);
    if (convolution == nullptr && residual == nullptr) continue;  // pooling: nothing before it is trained
    const ActivationRange clamp = convolution != nullptr ? convolution->clamp : residual->add.clamp;
    std::span<const uint8_t> mask;
    for (const Step& step : run.plan.steps) {
      if (step.name != layer.name) continue;
      if (const auto* k = std::get_if<ConvolutionForward>(&step.kernel); k && k->mask.present())
        mask = run.executor.values<uint8_t>(k->mask);
      if (const auto* k = std::get_if<AddForward>(&step.kernel); k && k->mask.present())
        mask = run.executor.values<uint8_t>(k->mask);
    }
    if (mask.empty()) continue;  // before everything that is trained
    for (size_t e = 0; e < gradient.size(); ++e) {
      const bool passes = ((mask[e / 8] >> (e % 8)) & 1) != 0;
      // Strictly inside the clamp nothing was clamped; on its edge only the kernel knows.
      const bool inside = output[e] > clamp.lowest && output[e] < clamp.highest;
      EXPECT_TRUE(passes || !inside) << layer.name << ", element " << e;
      if (!passes) gradient[e] = 0.0;
    }
    if (residual != nullptr) {
      result[layer.name] = gradient;
      for (TensorId input : layer.inputs) {
        Values& to = add_to(input);
        for (size_t e = 0; e < gradient.size(); ++e)
          to[e] += gradient[e] * run.scale(input) / run.scale(layer.output);
      }
      continue;
    }
    const size_t channels = convolution->weight_scales.size();
    for (size_t e = 0; e < gradient.size(); ++e)
      gradient[e] *=
          run.scale(layer.inputs[0]) * convolution->weight_scales[e % channels] / run.scale(layer.output);
    Values& to = add_to(layer.inputs[0]);
    for_each_product(*convolution, [&](const Product& p) {
      to[p.input] += gradient[p.output] * convolution->weights[p.weight];
    });
    result[layer.name] = std::move(gradient);
  }
  return result;
}

/// softmax(logits) - onehot(label), in float64.
Values naive_error(Trained& run, int32_t label) {
  const std::span<const int32_t> logits = run.executor.values<int32_t>(run.plan.logits);
  const double unit = run.scale(run.network.classifier.feature_tensor) / 4096.0;
  const int32_t largest = *std::max_element(logits.begin(), logits.end());
  Values error;
  double sum = 0.0;
  for (int32_t z : logits) sum += error.emplace_back(std::exp((double{1} * z - largest) * unit));
  for (double& e : error) e /= sum;
  error[static_cast<size_t>(label)] -= 1.0;
  return error;
}

double norm(const Values& values) {
  double squares = 0.0;
  for (double v : values) squares += v * v;
  return std::sqrt(squares);
}

/// The gradient tensor that a step made, in real units.
Values stored_gradient(Trained& run, const MakeGradient& k) {
  const double unit = std::ldexp(1.0, run.executor.gradient_exponent(k.tensor));
  Values result;
  for (int16_t g : run.executor.values<int16_t>(k.output)) result.push_back(g * unit);
  return result;
}

/// Every trained weight of a step before and after, against -rate * QAS * sum(gradient * input) from the
/// stored gradient: stochastic rounding may move each by less than one unit.
void expect_weight_update(Trained& run, const UpdateWeights& k, const Values& gradient, double rate,
                          const std::vector<int32_t>& before) {
  const Layer* layer = nullptr;
  for (const Layer& l : run.network.layers)
    if (const auto* c = std::get_if<Convolution>(&l.kind); c && 17 + 2 * c->index == k.random_stream)
      layer = &l;
  ASSERT_NE(layer, nullptr);
  const auto& c = std::get<Convolution>(layer->kind);
  const std::span<const int8_t> input = run.activation(layer->inputs[0]);
  Values change(c.weights.size(), 0.0);
  for_each_product(c, [&](const Product& p) {
    const double s = c.weight_scales[p.channel];
    change[p.weight] -=
        rate / (s * s) * gradient[p.output] * (input[p.input] - k.input_zero_point) * (1 << k.fraction_bits);
  });
  const auto low = k.fractions.present() ? run.executor.values<uint8_t>(k.fractions) : std::span<uint8_t>();
  const int32_t limit = 127 * (1 << k.fraction_bits);
  for (size_t index = 0; index < before.size(); ++index) {
    // Trained weights lie [output][rank][tap], depthwise [rank][tap]; the model's OHWI or HWC.
    const auto taps = static_cast<size_t>(c.window.taps());
    const size_t tap = index % taps, channel = k.channels[index / taps % k.channels.size()];
    const size_t output = index / taps / k.channels.size();
    const size_t weight =
        c.depthwise ? tap * static_cast<size_t>(c.window.output_channels) + channel
                    : (output * taps + tap) * static_cast<size_t>(c.window.input_channels) + channel;
    const double expected = std::clamp(before[index] + change[weight], -1.0 * limit, 1.0 * limit);
    const int32_t after = testing::fixed_weight(k, run.executor.values<int8_t>(k.weights), low, index);
    EXPECT_NEAR(after, expected, 1.0 + 1e-3 * std::abs(change[weight]))
        << layer->name << ", weight " << index;
  }
}

std::vector<int32_t> fixed_weights(Trained& run, const UpdateWeights& k) {
  const std::span<const int8_t> high = run.executor.values<int8_t>(k.weights);
  const auto low = k.fractions.present() ? run.executor.values<uint8_t>(k.fractions) : std::span<uint8_t>();
  std::vector<int32_t> result;
  for (size_t i = 0; i < high.size(); ++i) result.push_back(testing::fixed_weight(k, high, low, i));
  return result;
}

/// The class with the smallest logit: its error is near 1, far above the steps of the integer error.
int32_t unlikeliest_class(Trained& run) {
  run.executor.infer();
  const std::span<const int32_t> logits = run.executor.values<int32_t>(run.plan.logits);
  return static_cast<int32_t>(std::min_element(logits.begin(), logits.end()) - logits.begin());
}

struct Checked {
  int gradients = 0, updates = 0;
};

/// Settles the exponents, then checks every gradient tensor and weight update of one step.
Checked check(Trained& run) {
  const int32_t label = unlikeliest_class(run);
  for (uint32_t t = 0; t < kSettlingSteps; ++t) run.executor.train_step({label, {}, 1, t});
  const LearningRate rate = quantize_learning_rate(1e-3);
  std::map<std::string, Values> stored, expected;
  std::map<int32_t, Values> by_number;
  std::map<std::string, std::vector<int32_t>> before;
  for (const Step& step : run.plan.steps)
    if (const auto* k = std::get_if<UpdateWeights>(&step.kernel)) before[step.name] = fixed_weights(run, *k);
  Checked checked;
  run.executor.train_step({label, rate, 1, kSettlingSteps}, 0, [&](const Step& step) {
    if (std::holds_alternative<SoftmaxLoss>(step.kernel) && run.network.classifier.source.present())
      expected = naive_gradients(run, naive_error(run, label));  // nothing is updated yet
    if (const auto* k = std::get_if<MakeGradient>(&step.kernel)) {
      const std::string& name = run.plan.gradient_tensors[static_cast<size_t>(k->tensor)].name;
      by_number[k->tensor] = stored[name] = stored_gradient(run, *k);
    }
    if (const auto* k = std::get_if<UpdateWeights>(&step.kernel)) {
      expect_weight_update(run, *k, by_number.at(k->tensor), 1e-3, before.at(step.name));
      ++checked.updates;
    }
  });
  for (const auto& [name, values] : stored) {
    const Values& reference = expected.at(name);
    Values difference(values.size());
    for (size_t e = 0; e < values.size(); ++e) difference[e] = values[e] - reference[e];
    EXPECT_LE(norm(difference), 0.02 * norm(reference)) << name << ", norm " << norm(reference);
    checked.gradients += norm(reference) > 0.0;
  }
  return checked;
}

TEST(IntegerGradient, PlansOfRandomNetworksFollowTheNaiveDifferentiator) {
  Checked all;
  for (uint32_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE("network " + std::to_string(seed));
    Trained run(seed, testing::random_schedule);
    const Checked one = check(run);
    all.gradients += one.gradients;
    all.updates += one.updates;
  }
  EXPECT_GT(all.gradients, 150);
  EXPECT_GT(all.updates, 60);
}

LayerUpdate whole(int32_t op) {
  return {op, "", true, UpdatedWeights::all, {}};
}

/// The first convolution and the last; those between and the classifier are frozen.
Schedule ends_only(const Network& network, uint32_t) {
  Schedule schedule;
  schedule.update = {whole(0), whole(network.convolution_count() - 1)};
  return schedule;
}

TEST(IntegerGradient, MiddleLayersAreSkippedAndTheLastIsFrozen) {
  int skipped = 0;
  for (uint32_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
    SCOPED_TRACE("network " + std::to_string(seed));
    if (reduce(testing::RandomNetwork(seed).graph(), {}).convolution_count() < 3) continue;
    Trained run(seed, ends_only);
    if (run.schedule.update.size() < 2) continue;  // a pooling operator is in the way
    const Checked one = check(run);
    EXPECT_EQ(one.updates, 2);
    skipped += one.gradients > 2;
    for (const Step& step : run.plan.steps)
      EXPECT_FALSE(std::holds_alternative<UpdateClassifier>(step.kernel)) << step.name;
  }
  EXPECT_GT(skipped, 5);
}

}  // namespace
}  // namespace thaw
