// Plans of random networks and schedules, run in integers, against a naive differentiator in binary64
// (tests/support/naive_gradient.h). A step keeps its gradients as integers of a known unit, so each tensor is
// expected from the stored ones that it is made of: what may differ is the rounding of one tensor, however
// little is left where terms cancel, and no error hides behind those of other tensors.
// It is longer than 400 lines because all its checks read the buffers of one settled step.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/kernels/gradient_pass.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/fixed_point_plan.h"
#include "tests/support/autoencoder.h"
#include "tests/support/fixed_weight.h"
#include "tests/support/naive_gradient.h"
#include "tests/support/operator_network.h"
#include "tests/support/project_folders.h"
#include "tests/support/random_network.h"
#include "tests/support/varied_plan.h"

namespace thaw {
namespace {

using testing::TrainedNetwork;
using testing::Values;

// Steps at rate 0 in which every exponent finds its place (arithmetic section 6).
constexpr uint32_t kSettlingSteps = 24, kMostSettlingSteps = 24 + 16 * THAW_GRADIENT_PATIENCE;
// Rates that move most parameters by many of their units, weights in fractions, biases in whole ones.
constexpr double kWeightRate = 1e-3, kBiasRate = 30.0;

// By how much a gradient tensor may differ from exact arithmetic on the tensors that it is made of, in its
// own units for each term. Rounding takes 1/2. Every shift is at least 33, so one unit is at least 2^33 of
// source integer * mantissa: a mantissa wrong by 1, with |source| <= 2^31, adds at most 1/4. Of the feature
// gradient, |source| <= 2^30, it adds 1/8, and half a unit lost there times a mantissa below 2^31 another
// 1/8.
constexpr double kUnitsPerTerm = 0.75;

/// softmax(logits) - onehot(label), in binary64.
Values naive_error(TrainedNetwork& run, int32_t label) {
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

/// The kernel of the plan's only step of its kind, or nullptr.
template <class Kernel>
const Kernel* kernel_of(const Plan& plan) {
  for (const Step& step : plan.steps)
    if (const auto* k = std::get_if<Kernel>(&step.kernel)) return k;
  return nullptr;
}

/// The error that the step stored, in real units, each within what section 5 rounds: d to 2^-16 and a table
/// of 64 steps (1.1e-5 and 1.5e-5 of an exponential, and the same of their sum), Q24, then e16.
Values checked_error(TrainedNetwork& run, int32_t label) {
  const double unit = std::ldexp(1.0, run.executor.values<StepResult>(run.plan.result)[0].error_exponent);
  const Values naive = naive_error(run, label);
  Values result;
  for (int32_t e : run.executor.values<int32_t>(kernel_of<SoftmaxLoss>(run.plan)->error)) {
    const size_t c = result.size();
    const double probability = naive[c] + (static_cast<int32_t>(c) == label ? 1.0 : 0.0);
    result.push_back(e * unit);
    EXPECT_NEAR(result[c], naive[c], unit / 2 + 6e-5 * probability + std::ldexp(1.0, -22)) << "class " << c;
  }
  return result;
}

/// The error of a task that compares the output, in real units: the derivative of the mean squared error by
/// each real output, exact but for the binary64 product.
Values checked_output_error(TrainedNetwork& run, std::span<const int8_t> target) {
  const SquaredLoss& loss = *kernel_of<SquaredLoss>(run.plan);
  const double scale = run.scale(run.network.classifier.feature_tensor);
  const StepResult result = run.executor.values<StepResult>(run.plan.result)[0];
  const std::span<const int8_t> output = run.activation(run.network.classifier.feature_tensor);
  Values derivative;
  double squares = 0.0;
  for (size_t i = 0; i < output.size(); ++i) {
    const double difference = scale * (output[i] - target[i]);
    squares += difference * difference;
    derivative.push_back(2.0 * difference / static_cast<double>(output.size()));
    const double stored =
        run.executor.values<int32_t>(loss.error)[i] * std::ldexp(1.0, result.error_exponent);
    EXPECT_EQ(stored * 256, output[i] - target[i]);
  }
  const double mean = squares / static_cast<double>(output.size());
  EXPECT_NEAR(static_cast<double>(result.loss) / 65536 * scale * scale, mean, scale * scale / 65536);
  return derivative;
}

/// Gradient of the features from weights in units of 2^-12.
Values feature_gradient(const Classifier& classifier, const Values& error,
                        const std::vector<int16_t>& weights) {
  const auto features = static_cast<size_t>(classifier.features);
  Values result(features, 0.0);
  for (size_t i = 0; i < features; ++i)
    for (size_t c = 0; c < error.size(); ++c) result[i] += error[c] * weights[c * features + i] / 4096.0;
  return result;
}

/// The exponent of a source's integers in the last step, as section 6 counts it.
int32_t source_exponent(TrainedNetwork& run, const GradientSource& source) {
  if (const auto* stored = std::get_if<FromStored>(&source.from))
    return run.executor.gradient_exponent(stored->tensor) - 16;
  if (const auto* convolution = std::get_if<FromConvolution>(&source.from))
    return run.executor.gradient_exponent(convolution->tensor);
  if (const auto* other = std::get_if<FromOperator>(&source.from))
    return run.executor.gradient_exponent(other->tensor) - other->left_shift;
  const int32_t error_exponent = run.executor.values<StepResult>(run.plan.result)[0].error_exponent;
  return error_exponent + run.plan.feature_exponent;
}

/// The values of a gradient tensor as the step stored them.
std::vector<int32_t> stored_values(TrainedNetwork& run, const MakeGradient& k) {
  const auto copied = [](const auto& values) { return std::vector<int32_t>(values.begin(), values.end()); };
  return run.schedule.training.gradient_bits == 7 ? copied(run.executor.values<int8_t>(k.output))
                                                  : copied(run.executor.values<int16_t>(k.output));
}

/// Once exponents have settled a tensor uses its bits, all but those that count as quiet, or its exponent is
/// the finest there is: that of the start, or the one below which a source's shift would be less than 33.
bool has_fine_exponent(TrainedNetwork& run, const MakeGradient& k) {
  const StepResult result = run.executor.values<StepResult>(run.plan.result)[0];
  int32_t finest = THAW_GRADIENT_START_EXPONENT + result.error_exponent + 15;
  for (const GradientSource& source : k.sources)
    finest = std::max(finest, 33 - 31 + source.scale.exponent + source_exponent(run, source));
  int32_t largest = 0;
  for (int32_t g : stored_values(run, k)) largest = std::max(largest, std::abs(g));
  const int32_t used = 1 << (run.schedule.training.gradient_bits - THAW_GRADIENT_HEADROOM);
  return largest >= used || run.executor.gradient_exponent(k.tensor) <= finest;
}

/// By how much the terms of a tensor may be wrong before they are rounded to its unit. Average pooling rounds
/// the share of each window to an integer of its source (1/2) with a reciprocal that is wrong by half a unit
/// of 2^-31 (times at most 2^30: 1/4). The slopes of a look-up and of PRELU are rounded to integers (1/2
/// times the gradient).
double error_of_terms(TrainedNetwork& run, const MakeGradient& k) {
  double error = 0.0;
  for (const GradientSource& source : k.sources) {
    const auto* other = std::get_if<FromOperator>(&source.from);
    const auto* binary = other != nullptr ? std::get_if<BinaryRule>(&other->rule) : nullptr;
    const bool rounds_slopes = binary != nullptr && binary->binary.function == THAW_BINARY_PRELU;
    if (rounds_slopes || (other != nullptr && std::holds_alternative<TableRule>(other->rule)))
      error += std::ldexp(0.5, run.schedule.training.gradient_bits + other->left_shift +
                                   source_exponent(run, source) + source.scale.exponent);
    const auto* pool = other != nullptr ? std::get_if<AveragePoolRule>(&other->rule) : nullptr;
    if (pool == nullptr) continue;
    const int32_t windows = pool->pool.filter_height * pool->pool.filter_width;
    error += 0.75 * windows * std::ldexp(1.0, source_exponent(run, source) + source.scale.exponent);
  }
  return error;
}

/// The gradient tensor that a step made, in real units, each value near the expected. A tensor of more than
/// two terms is made from `sums` of the first ones, each rounded to its own unit.
Values checked_gradient(TrainedNetwork& run, const MakeGradient& k, const Values& expected, int32_t terms,
                        const std::vector<const MakeGradient*>& sums) {
  const std::vector<int32_t> values = stored_values(run, k);
  EXPECT_TRUE(has_fine_exponent(run, k));
  const double unit = std::ldexp(1.0, run.executor.gradient_exponent(k.tensor));
  EXPECT_EQ(terms, static_cast<int32_t>(k.sources.size() + sums.size()));
  double allowed = kUnitsPerTerm * static_cast<double>(k.sources.size()) + error_of_terms(run, k) / unit;
  for (const MakeGradient* sum : sums)
    allowed += 2 * kUnitsPerTerm * std::ldexp(1.0, run.executor.gradient_exponent(sum->tensor)) / unit +
               error_of_terms(run, *sum) / unit;
  Values result;
  double largest = 0.0;
  for (size_t e = 0; e < values.size(); ++e) {
    result.push_back(values[e] * unit);
    largest = std::max(largest, std::abs(values[e] - expected[e] / unit));
  }
  EXPECT_LE(largest, allowed) << "units of " << unit << ", terms " << terms;
  return result;
}

/// Where a trained weight lies in the model: trained ones lie [output][rank][tap], depthwise [rank][tap]; the
/// model's OHWI or HWC.
size_t weight_in_model(const Convolution& c, const std::vector<uint16_t>& channels, size_t index) {
  const auto taps = static_cast<size_t>(c.window.taps());
  const size_t tap = index % taps, channel = channels[index / taps % channels.size()];
  const size_t output = index / taps / channels.size();
  return c.depthwise ? tap * static_cast<size_t>(c.window.output_channels) + channel
                     : (output * taps + tap) * static_cast<size_t>(c.window.input_channels) + channel;
}

/// What an update multiplies a sum of gradients by, in units of the parameter: QAS * rate.
struct UpdateFactor {
  Values of_channel;
  double error = 0.0;  // of each by rounding: mantissas share the largest one's exponent and are wrong by 1
  double limit =
      0.0;  // of |sum| for weights: section 8 cuts it off before the factor, alike for all channels
};

UpdateFactor update_factor(TrainedNetwork& run, const Values& scales, int32_t tensor, LearningRate rate,
                           int32_t fraction_bits) {
  UpdateFactor result;
  double largest = 0.0;
  for (double s : scales) {
    result.of_channel.push_back(std::ldexp(rate.mantissa / (s * s), rate.exponent - 15 + fraction_bits));
    largest = std::max(largest, 1.0 / (s * s));
  }
  int32_t exponent = 0;
  std::frexp(largest, &exponent);
  result.error = std::ldexp(1.0, exponent - 31 + rate.exponent + fraction_bits);
  const int32_t unit = run.executor.gradient_exponent(tensor);
  const int32_t shift = std::clamp(15 - (unit + exponent + rate.exponent), 2, 62);
  result.limit = shift < 32 ? std::ldexp(1.0, shift - 1 + unit) : HUGE_VAL;
  return result;
}

std::vector<int32_t> fixed_weights(TrainedNetwork& run, const UpdateWeights& k) {
  const std::span<const int8_t> high = run.executor.values<int8_t>(k.weights);
  const auto low = k.fractions.present() ? run.executor.values<uint8_t>(k.fractions) : std::span<uint8_t>();
  std::vector<int32_t> result;
  for (size_t i = 0; i < high.size(); ++i) result.push_back(testing::fixed_weight(k, high, low, i));
  return result;
}

/// Every trained weight of a step before and after, against -rate * QAS * sum(gradient * input) from the
/// stored gradient. Stochastic rounding moves each by less than one unit of its fraction bits, the rounding
/// before it by 2^-16 of a weight.
void expect_weight_update(TrainedNetwork& run, const UpdateWeights& k, const Values& gradient,
                          const std::vector<int32_t>& before) {
  const Layer& layer = run.network.convolution_layer(k.convolution);
  const auto& c = std::get<Convolution>(layer.kind);
  const std::span<const int8_t> input = run.activation(layer.inputs[0]);
  Values sums(c.weights.size(), 0.0);
  std::vector<size_t> channel(c.weights.size());
  testing::for_each_product(c, [&](const testing::Product& p) {
    sums[p.weight] += gradient[p.output] * (input[p.input] - k.window.input_zero_point);
    channel[p.weight] = p.channel;
  });
  const UpdateFactor factor =
      update_factor(run, c.weight_scales, k.tensor, quantize_learning_rate(kWeightRate), k.fraction_bits);
  const std::vector<int32_t> after = fixed_weights(run, k);
  const double limit = 127 * (1 << k.fraction_bits), rounding = 1.0 + std::ldexp(1.0, k.fraction_bits - 16);
  for (size_t index = 0; index < before.size(); ++index) {
    const size_t weight = weight_in_model(c, k.channels, index);
    const double sum = std::clamp(sums[weight], -factor.limit, factor.limit);
    const double expected = before[index] - factor.of_channel[channel[weight]] * sum;
    EXPECT_NEAR(after[index], std::clamp(expected, -limit, limit), rounding + factor.error * std::abs(sum))
        << layer.name << ", weight " << index;
  }
}

std::vector<int32_t> biases(TrainedNetwork& run, const UpdateBiases& k) {
  const std::span<const int32_t> values = run.executor.values<int32_t>(k.biases);
  return {values.begin(), values.end()};
}

/// The same of biases, against -rate * QAS * sum(gradient).
void expect_bias_update(TrainedNetwork& run, const UpdateBiases& k, const Values& gradient,
                        const std::vector<int32_t>& before) {
  const Layer& layer = run.network.convolution_layer(k.convolution);
  const auto& c = std::get<Convolution>(layer.kind);
  Values sums(before.size(), 0.0), scales = c.weight_scales;
  for (size_t e = 0; e < gradient.size(); ++e) sums[e % sums.size()] += gradient[e];
  for (double& s : scales) s *= run.scale(layer.inputs[0]);
  const UpdateFactor factor = update_factor(run, scales, k.tensor, quantize_learning_rate(kBiasRate), 0);
  const std::span<const int32_t> after = run.executor.values<int32_t>(k.biases);
  const auto limit = static_cast<double>(INT32_MAX - c.products() * 255 * 127);
  for (size_t o = 0; o < before.size(); ++o) {
    const double expected = std::clamp(before[o] - factor.of_channel[o] * sums[o], -limit, limit);
    EXPECT_NEAR(after[o], expected, 1.0 + std::ldexp(1.0, -16) + factor.error * std::abs(sums[o]))
        << layer.name << ", bias " << o;
  }
}

/// What a step is told of its sample, and what the naive differentiator derives from it.
struct SampleTruth {
  StepInput input;
  std::vector<int8_t> target;  // of a task that compares the output
};

/// The class with the smallest logit: its error is near 1, far above the steps of the integer error.
int32_t unlikeliest_class(TrainedNetwork& run) {
  run.executor.infer();
  const std::span<const int32_t> logits = run.executor.values<int32_t>(run.plan.logits);
  return static_cast<int32_t>(std::min_element(logits.begin(), logits.end()) - logits.begin());
}

/// Every gradient tensor of the last step, by number; `classifier_weights` are those before it.
std::map<int32_t, Values> checked_gradients(TrainedNetwork& run, const SampleTruth& truth,
                                            const std::vector<int16_t>& classifier_weights) {
  const bool compares = compares_output(run.network.task);
  const Values error =
      compares ? checked_output_error(run, truth.target) : checked_error(run, truth.input.label);
  std::map<std::string, const MakeGradient*> makes;
  for (const Step& step : run.plan.steps)
    if (const auto* k = std::get_if<MakeGradient>(&step.kernel))
      makes[run.plan.gradient_tensors[static_cast<size_t>(k->tensor)].name] = k;
  std::map<int32_t, Values> result;
  if (makes.empty()) return result;
  size_t all_sums = 0;
  testing::walk_back(run,
                     compares ? error : feature_gradient(run.network.classifier, error, classifier_weights),
                     [&](const Layer& layer, const Values& expected, int32_t terms) {
                       SCOPED_TRACE(layer.name);
                       const MakeGradient& k = *makes.at(layer.name);
                       std::vector<const MakeGradient*> sums;
                       for (int32_t i = 1; i + 1 < terms; ++i)
                         sums.push_back(makes.at(layer.name + ".sum" + std::to_string(i)));
                       all_sums += sums.size();
                       return result[k.tensor] = checked_gradient(run, k, expected, terms, sums);
                     });
  EXPECT_EQ(result.size() + all_sums, makes.size());
  return result;
}

/// The updates of a kind in plan order, each with the parameters that `values` reads.
template <class Update>
std::vector<std::pair<const Update*, std::vector<int32_t>>> parameters(
    TrainedNetwork& run, std::vector<int32_t> (*values)(TrainedNetwork&, const Update&)) {
  std::vector<std::pair<const Update*, std::vector<int32_t>>> result;
  for (const Step& step : run.plan.steps)
    if (const auto* k = std::get_if<Update>(&step.kernel)) result.emplace_back(k, values(run, *k));
  return result;
}

struct Checked {
  int gradients = 0, updates = 0;
};

/// Sources that were saturated on the way may leave a tensor's exponent too large: it falls after its quiet
/// steps.
bool has_settled(TrainedNetwork& run) {
  return std::ranges::all_of(run.plan.steps, [&](const Step& step) {
    const auto* k = std::get_if<MakeGradient>(&step.kernel);
    return k == nullptr || has_fine_exponent(run, *k);
  });
}

/// A target far from the output, or the label that is.
SampleTruth far_truth(TrainedNetwork& run) {
  SampleTruth truth;
  if (!compares_output(run.network.task)) {
    truth.input.label = unlikeliest_class(run);
    return truth;
  }
  run.executor.infer();
  if (run.network.task == Task::reconstruct) {
    run.executor.judge({});
    const Quantization& from = run.network.graph.tensor(run.network.input).quantization;
    const Quantization& to = run.network.graph.tensor(run.network.classifier.feature_tensor).quantization;
    const std::span<const int8_t> target =
        run.executor.values<int8_t>(kernel_of<SquaredLoss>(run.plan)->target);
    truth.target.assign(target.begin(), target.end());
    const std::span<const int8_t> input = run.executor.values<int8_t>(run.plan.inputs[0]);
    for (size_t i = 0; i < input.size(); ++i) {
      const double real = (input[i] - from.zero_point()) * static_cast<double>(from.scale());
      const double steps = real / static_cast<double>(to.scale()) + to.zero_point();
      EXPECT_NEAR(target[i], std::clamp(steps, -128.0, 127.0), 0.5 + 1e-6) << "target " << i;
    }
    return truth;
  }
  for (int8_t value : run.executor.values<int8_t>(run.plan.output))
    truth.target.push_back(static_cast<int8_t>(value ^ 0x40));
  truth.input.target = truth.target.data();
  return truth;
}

/// The sample's step number `step` at a rate.
StepInput step_of(const SampleTruth& truth, LearningRate rate, uint32_t step) {
  StepInput input = truth.input;
  input.rate = rate;
  input.step = step;
  return input;
}

/// The classifier's weights, where there is one.
std::vector<int16_t> weights_of_classifier(TrainedNetwork& run) {
  const auto* k = kernel_of<ClassifierForward>(run.plan);
  if (k == nullptr) return {};
  const std::span<const int16_t> weights = run.executor.values<int16_t>(k->weights);
  return {weights.begin(), weights.end()};
}

/// Settles the exponents, then checks one step's gradients and weights and, at another rate, its biases.
Checked check(TrainedNetwork& run) {
  const SampleTruth truth = far_truth(run);
  for (uint32_t t = 0; t < kSettlingSteps || (t < kMostSettlingSteps && !has_settled(run)); ++t)
    run.executor.train_step(step_of(truth, {}, t));
  const std::vector<std::byte> settled = run.executor.state();
  const std::vector<int16_t> classifier_weights = weights_of_classifier(run);
  const auto old_weights = parameters<UpdateWeights>(run, fixed_weights);
  const auto old_biases = parameters<UpdateBiases>(run, biases);

  Checked checked;
  run.executor.train_step(step_of(truth, quantize_learning_rate(kWeightRate), kSettlingSteps));
  const std::map<int32_t, Values> gradients = checked_gradients(run, truth, classifier_weights);
  for (const auto& [number, gradient] : gradients)
    checked.gradients += std::ranges::any_of(gradient, [](double g) { return g != 0.0; });
  for (const auto& [k, before] : old_weights) expect_weight_update(run, *k, gradients.at(k->tensor), before);
  checked.updates = static_cast<int>(old_weights.size());

  run.executor.set_state(settled);
  run.executor.train_step(step_of(truth, quantize_learning_rate(kBiasRate), kSettlingSteps));
  for (const auto& [k, before] : old_biases) expect_bias_update(run, *k, gradients.at(k->tensor), before);
  return checked;
}

Network random_network(uint32_t seed) {
  return reduce(testing::RandomNetwork(seed).graph(), {0, seed % 2 == 0, true});
}

TrainedNetwork trained(Network network, uint32_t seed, Schedule (*choose)(const Network&, uint32_t)) {
  Schedule schedule = choose(network, seed);
  schedule.training.gradient_bits = seed % 4 == 0 ? 7 : 12;
  return {std::move(network), std::move(schedule), seed};
}

Checked check_networks(Network (*network)(uint32_t), uint32_t first, uint32_t last) {
  Checked all;
  for (uint32_t seed = first; seed <= last && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("network " + std::to_string(seed));
    TrainedNetwork run = trained(network(seed), seed, testing::random_schedule);
    const Checked one = check(run);
    all.gradients += one.gradients;
    all.updates += one.updates;
  }
  return all;
}

TEST(IntegerGradient, PlansOfRandomNetworksFollowTheNaiveDifferentiator) {
  const Checked all = check_networks(random_network, 1, 60);
  EXPECT_GT(all.gradients, 150);
  EXPECT_GT(all.updates, 60);
}

Network regression_network(uint32_t seed) {
  return reduce(testing::VariedNetwork(seed).graph(), {.task = Task::regress});
}

Network autoencoder_network(uint32_t seed) {
  return reduce(testing::Autoencoder(seed).graph(), {.task = Task::reconstruct});
}

TEST(IntegerGradient, RegressionsFollowTheNaiveDifferentiator) {
  const Checked all = check_networks(regression_network, 1, 30);
  EXPECT_GT(all.gradients, 50);
  EXPECT_GT(all.updates, 20);
}

TEST(IntegerGradient, AutoencodersFollowTheNaiveDifferentiator) {
  const Checked all = check_networks(autoencoder_network, 1, 40);
  EXPECT_GT(all.gradients, 50);
  EXPECT_GT(all.updates, 20);
}

TEST(IntegerGradient, PlansOfVariedNetworksFollowTheNaiveDifferentiator) {
  const Checked all = check_networks(testing::varied_network, 1, 100);
  EXPECT_GT(all.gradients, 150);
  EXPECT_GT(all.updates, 60);
}

TEST(IntegerGradientSlow, PlansOfManyVariedNetworksFollowTheNaiveDifferentiator) {
  check_networks(testing::varied_network, 101, 2000);
}

/// Everything is updated.
Schedule all_of(const Network& network, uint32_t) {
  Schedule schedule;
  for (int32_t op = 0; op <= network.convolution_count(); ++op)
    schedule.update.push_back({op, "", true, UpdatedWeights::all, {}});
  return schedule;
}

TEST(IntegerGradient, LayersBelowPoolsAndMeansFollowTheNaiveDifferentiator) {
  for (const char* name : {"partial-pool", "train-below-max-pool", "train-below-mean-and-hidden-dense"}) {
    SCOPED_TRACE(name);
    const std::string file =
        std::string(testing::source_folder()) + "/tests/golden/cases/" + name + "/model.tflite";
    TrainedNetwork run = trained(reduce(read_tflite(file), {.fresh_classifier = true}), 1, all_of);
    EXPECT_EQ(run.schedule.update.size(), static_cast<size_t>(run.network.convolution_count()) + 1);
    const Checked one = check(run);
    EXPECT_GE(one.gradients, run.network.convolution_count());
  }
}

TEST(IntegerGradient, PlansOfNetworksOfEveryOperatorFollowTheNaiveDifferentiator) {
  const Checked all = check_networks(testing::operator_network, 1, 60);
  EXPECT_GT(all.gradients, 200);
  EXPECT_GT(all.updates, 60);
}

TEST(IntegerGradientSlow, PlansOfManyNetworksOfEveryOperatorFollowTheNaiveDifferentiator) {
  check_networks(testing::operator_network, 61, 600);
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
    if (random_network(seed).convolution_count() < 3) continue;
    TrainedNetwork run = trained(random_network(seed), seed, ends_only);
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
