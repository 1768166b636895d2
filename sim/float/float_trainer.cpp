#include "sim/float/float_trainer.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

#include "sim/base/parallel.h"

namespace thaw {
namespace {

/// Divides each output channel's weight gradients by its scale squared.
void scale_weight_gradient(std::span<const float> scales, std::vector<float>& gradient) {
  const size_t outputs = scales.size();
  const size_t per_output = gradient.size() / outputs;
  for (size_t o = 0; o < outputs; ++o)
    for (size_t k = 0; k < per_output; ++k) gradient[o * per_output + k] /= scales[o] * scales[o];
}

/// Depthwise gradients are [tap][rank]; the rank's output channel decides.
void scale_depthwise_gradient(std::span<const float> scales, std::span<const int32_t> channels,
                              std::vector<float>& gradient) {
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float scale = scales[static_cast<size_t>(channels[i % channels.size()])];
    gradient[i] /= scale * scale;
  }
}

/// weights [row][channel] -= rate * gradient [row][rank].
void update_weights(std::span<const int32_t> channels, int32_t width, float rate,
                    const std::vector<float>& gradient, std::vector<float>& weights) {
  const size_t kept = channels.size();
  const size_t rows = gradient.size() / kept;
  for (size_t row = 0; row < rows; ++row)
    for (size_t rank = 0; rank < kept; ++rank)
      weights[row * static_cast<size_t>(width) + static_cast<size_t>(channels[rank])] -=
          rate * gradient[row * kept + rank];
}

void update_values(float rate, const std::vector<float>& gradient, std::vector<float>& values) {
  for (size_t i = 0; i < gradient.size(); ++i) values[i] -= rate * gradient[i];
}

}  // namespace

FloatTrainer::FloatTrainer(const FloatModel& model, const Schedule& schedule, const PrefixCache& layout,
                           FloatParameters initial, bool qas)
    : model_(model),
      targets_(float_targets(model.network, schedule)),
      layout_{layout.layer, layout.tensors, layout.bytes, layout.sample_bytes, 0, {}, {}, nullptr, {}, 1, 0},
      qas_(qas),
      gradients_(zero_gradients(model, targets_)) {
  assert(layout.layer <= targets_.first_layer);
  set_parameters(std::move(initial));
}

void FloatTrainer::set_parameters(FloatParameters parameters) {
  parameters_ = std::move(parameters);
  weights_ = prepare_kernel_weights(model_, parameters_);
}

FloatScore FloatTrainer::compute_gradients(const FloatBatch& batch) {
  const auto samples = static_cast<int64_t>(batch.samples.size());
  const auto blocks = static_cast<size_t>((samples + kFloatBlockSamples - 1) / kFloatBlockSamples);
  const auto classes = static_cast<size_t>(model_.network.classifier.classes);
  const size_t layers = model_.network.layers.size();
  while (block_gradients_.size() < blocks) block_gradients_.push_back(gradients_);
  const int32_t threads = threads_for(static_cast<int64_t>(blocks), 0);
  while (workspaces_.size() < static_cast<size_t>(threads)) workspaces_.push_back(float_block(model_));
  std::vector<FloatScore> scores(blocks);
  const auto workspace_of_thread = [&](int32_t thread) { return &workspaces_[static_cast<size_t>(thread)]; };
  const auto differentiate = [&](FloatBlock* workspace, int64_t i) {
    FloatBlock& block = *workspace;
    const auto b = static_cast<size_t>(i);
    const size_t begin = b * kFloatBlockSamples;
    const size_t count = std::min<size_t>(kFloatBlockSamples, batch.samples.size() - begin);
    load_block(model_, layout_, std::span(batch.samples).subspan(begin, count), block);
    forward_layers(model_, weights_, parameters_.biases, layout_.layer, layers, block);
    forward_classifier(model_, parameters_, block);
    std::vector<float> logit_gradients(count * classes);
    scores[b] = softmax_cross_entropy(block.logits, std::span(batch.labels).subspan(begin, count), samples,
                                      logit_gradients, {});
    clear(block_gradients_[b]);
    backward(model_, targets_, parameters_, weights_, logit_gradients, block, block_gradients_[b]);
  };
  for_each_parallel(static_cast<int64_t>(blocks), threads, workspace_of_thread, differentiate);
  clear(gradients_);
  FloatScore total;
  for (size_t b = 0; b < blocks; ++b) {
    add(block_gradients_[b], gradients_);
    total += scores[b];
  }
  return total;
}

FloatScore FloatTrainer::step(const FloatBatch& batch, float rate) {
  const FloatScore score = compute_gradients(batch);
  if (qas_) scale_gradients();
  update(rate);
  return score;
}

void FloatTrainer::scale_gradients() {
  for (size_t i = 0; i < targets_.layers.size(); ++i) {
    const FloatConvolution& constants = model_.convolutions[i];
    const auto& c = std::get<Convolution>(model_.network.layers[constants.layer].kind);
    std::vector<float>& biases = gradients_.biases[i];
    for (size_t o = 0; o < biases.size(); ++o)
      biases[o] /= constants.bias_scales[o] * constants.bias_scales[o];
    if (gradients_.weights[i].empty()) continue;
    if (c.depthwise)
      scale_depthwise_gradient(constants.weight_scales, targets_.layers[i].channels, gradients_.weights[i]);
    else
      scale_weight_gradient(constants.weight_scales, gradients_.weights[i]);
  }
}

void FloatTrainer::update(float rate) {
  for (size_t i = 0; i < targets_.layers.size(); ++i) {
    const auto& c = std::get<Convolution>(model_.network.layers[model_.convolutions[i].layer].kind);
    update_values(rate, gradients_.biases[i], parameters_.biases[i]);
    if (gradients_.weights[i].empty()) continue;
    update_weights(targets_.layers[i].channels, c.selectable_channels(), rate, gradients_.weights[i],
                   parameters_.weights[i]);
    prepare_kernel_weights(model_, static_cast<int32_t>(i), parameters_.weights[i], weights_[i]);
  }
  update_values(rate, gradients_.classifier_weights, parameters_.classifier_weights);
  update_values(rate, gradients_.classifier_biases, parameters_.classifier_biases);
}

FloatScore FloatTrainer::evaluate(const FloatBatch& batch, std::vector<int32_t>* predictions) {
  const size_t samples = batch.samples.size();
  const size_t blocks = (samples + kFloatBlockSamples - 1) / kFloatBlockSamples;
  std::vector<FloatScore> scores(blocks);
  std::vector<int32_t> classes(samples);
  const auto start = [&](int32_t) {
    FloatBlock block = float_block(model_);
    block.keep_masks = false;
    return block;
  };
  for_each_parallel(static_cast<int64_t>(blocks), 0, start, [&](FloatBlock& block, int64_t i) {
    const auto b = static_cast<size_t>(i);
    const size_t begin = b * kFloatBlockSamples;
    const size_t count = std::min<size_t>(kFloatBlockSamples, samples - begin);
    load_block(model_, layout_, std::span(batch.samples).subspan(begin, count), block);
    forward_layers(model_, weights_, parameters_.biases, layout_.layer, model_.network.layers.size(), block);
    forward_classifier(model_, parameters_, block);
    scores[b] =
        softmax_cross_entropy(block.logits, std::span(batch.labels).subspan(begin, count),
                              static_cast<int64_t>(samples), {}, std::span(classes).subspan(begin, count));
  });
  FloatScore total;
  for (const FloatScore& score : scores) total += score;
  if (predictions != nullptr) *predictions = std::move(classes);
  return total;
}

FloatScore softmax_cross_entropy(std::span<const float> logits, std::span<const int32_t> labels,
                                 int64_t batch_samples, std::span<float> gradients,
                                 std::span<int32_t> predictions) {
  const size_t samples = labels.size();
  const size_t classes = logits.size() / samples;
  FloatScore score;
  score.samples = static_cast<int64_t>(samples);
  std::vector<double> exponentials(classes);
  for (size_t n = 0; n < samples; ++n) {
    const std::span<const float> z = logits.subspan(n * classes, classes);
    const auto largest = std::max_element(z.begin(), z.end());
    const auto label = static_cast<size_t>(labels[n]);
    double sum = 0.0;
    for (size_t c = 0; c < classes; ++c) {
      exponentials[c] = std::exp(static_cast<double>(z[c]) - static_cast<double>(*largest));
      sum += exponentials[c];
    }
    score.loss_sum += std::log(sum) + static_cast<double>(*largest) - static_cast<double>(z[label]);
    const auto predicted = static_cast<int32_t>(largest - z.begin());
    if (predicted == labels[n]) ++score.correct;
    if (!predictions.empty()) predictions[n] = predicted;
    if (gradients.empty()) continue;
    for (size_t c = 0; c < classes; ++c) {
      const double error = exponentials[c] / sum - (c == label ? 1.0 : 0.0);
      gradients[n * classes + c] = static_cast<float>(error / static_cast<double>(batch_samples));
    }
  }
  return score;
}

double float_learning_rate(double base, int64_t step, int64_t warmup_steps, int64_t decay_steps) {
  const auto t = static_cast<double>(step);
  if (step < warmup_steps) return base * t / static_cast<double>(warmup_steps);
  const double progress = (t - static_cast<double>(warmup_steps)) / static_cast<double>(decay_steps);
  return 0.5 * base * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace thaw
