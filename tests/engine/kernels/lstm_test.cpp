// The LSTM kernel against a binary64 LSTM of the same real weights: eight bits of state let them drift apart
// by a few steps of the output only.
#include "engine/kernels/lstm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/support/noise.h"

namespace thaw {
namespace {

constexpr int32_t kSteps = 9, kInputs = 5, kUnits = 6;
constexpr double kInputScale = 1.0 / 64.0, kWeightScale = 1.0 / 128.0, kOutputScale = 1.0 / 128.0;

struct Multiplier {
  int32_t multiplier, shift;
};

/// Powers of two only.
Multiplier power(int32_t exponent) {
  return {1 << 30, exponent + 1};
}

struct Network {
  std::vector<int8_t> input, weights;
  std::vector<int32_t> biases;

  explicit Network(uint32_t seed) {
    testing::Noise noise(seed);
    for (int32_t i = 0; i < kSteps * kInputs; ++i) input.push_back(static_cast<int8_t>(noise.in(-128, 127)));
    for (int32_t i = 0; i < 4 * kUnits * (kInputs + kUnits); ++i)
      weights.push_back(static_cast<int8_t>(noise.in(-127, 127)));
    for (int32_t i = 0; i < 4 * kUnits; ++i) biases.push_back(noise.in(-4000, 4000));
  }

  double weight(int32_t gate, int32_t unit, int32_t i) const {
    return kWeightScale * weights[static_cast<size_t>((gate * kUnits + unit) * kInputs + i)];
  }
  double recurrent(int32_t gate, int32_t unit, int32_t i) const {
    const int32_t first = 4 * kUnits * kInputs;
    return kWeightScale * weights[static_cast<size_t>(first + (gate * kUnits + unit) * kUnits + i)];
  }
};

thaw_lstm parameters(int32_t input_zero_point, int32_t output_zero_point, int32_t cell_power) {
  thaw_lstm p = {};
  p.steps = kSteps;
  p.inputs = kInputs;
  p.units = kUnits;
  p.input_zero_point = input_zero_point;
  p.output_zero_point = output_zero_point;
  for (int g = 0; g < THAW_LSTM_GATES; ++g) {
    p.input_multiplier[g] = power(-6 - 7 + 12).multiplier;
    p.input_shift[g] = power(-6 - 7 + 12).shift;
    p.recurrent_multiplier[g] = power(-7 - 7 + 12).multiplier;
    p.recurrent_shift[g] = power(-7 - 7 + 12).shift;
  }
  const auto set = [](Multiplier m, int32_t& multiplier, int32_t& shift) {
    multiplier = m.multiplier;
    shift = m.shift;
  };
  set(power(-15), p.forget_multiplier, p.forget_shift);
  set(power(-30 - cell_power), p.update_multiplier, p.update_shift);
  set(power(-30 + 7), p.output_multiplier, p.output_shift);
  p.tanh_multiplier = 3 << std::max(cell_power + 12, 0);
  p.tanh_shift = std::max(-cell_power - 12, 0);
  return p;
}

std::vector<uint16_t> sigmoid() {
  std::vector<uint16_t> table;
  for (int i = 0; i < 256; ++i)
    table.push_back(static_cast<uint16_t>(std::lround(65536.0 / (1.0 + std::exp(-i / 24.0)))));
  return table;
}

/// Outputs in real units; `clip` of the cell state, 0 for none.
std::vector<double> real_lstm(const Network& network, int32_t input_zero_point, double clip) {
  std::vector<double> cell(kUnits, 0.0), hidden(kUnits, 0.0), outputs;
  const auto logistic = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  for (int32_t step = 0; step < kSteps; ++step) {
    const std::vector<double> before = hidden;
    for (int32_t u = 0; u < kUnits; ++u) {
      double sums[4];
      for (int32_t g = 0; g < 4; ++g) {
        sums[g] = network.biases[static_cast<size_t>(g * kUnits + u)] * kInputScale * kWeightScale;
        for (int32_t i = 0; i < kInputs; ++i)
          sums[g] += network.weight(g, u, i) * kInputScale *
                     (network.input[static_cast<size_t>(step * kInputs + i)] - input_zero_point);
        for (int32_t i = 0; i < kUnits; ++i)
          sums[g] += network.recurrent(g, u, i) * before[static_cast<size_t>(i)];
      }
      double& c = cell[static_cast<size_t>(u)];
      c = logistic(sums[1]) * c + logistic(sums[0]) * std::tanh(sums[2]);
      if (clip > 0.0) c = std::clamp(c, -clip, clip);
      hidden[static_cast<size_t>(u)] = logistic(sums[3]) * std::tanh(c);
      outputs.push_back(hidden[static_cast<size_t>(u)]);
    }
  }
  return outputs;
}

void expect_near_real(uint32_t seed, int32_t cell_power, int32_t clip) {
  const Network network(seed);
  thaw_lstm lstm = parameters(-7, 5, cell_power);
  lstm.cell_clip = clip;
  std::vector<int8_t> output(kSteps * kUnits);
  std::vector<int16_t> cell(kUnits, 1234);
  thaw_lstm_s8(&lstm, network.input.data(), network.weights.data(), network.biases.data(), sigmoid().data(),
               output.data(), cell.data());
  const std::vector<double> expected = real_lstm(network, -7, clip * std::ldexp(1.0, cell_power));
  for (size_t i = 0; i < output.size(); ++i)
    EXPECT_NEAR((output[i] - 5) * kOutputScale, std::min(expected[i], 122 * kOutputScale), 4.0 * kOutputScale)
        << "seed " << seed << ", element " << i;
}

TEST(Lstm, FollowsTheRealOne) {
  for (uint32_t seed = 1; seed <= 20; ++seed)
    for (const int32_t cell_power : {-13, -12, -11}) expect_near_real(seed, cell_power, 0);
}

TEST(Lstm, ClipsTheCellState) {
  for (uint32_t seed = 1; seed <= 5; ++seed) expect_near_real(seed, -12, 2048);
}

TEST(Lstm, SequencesStartWithStatesOfZero) {
  const Network network(3);
  const thaw_lstm lstm = parameters(0, 0, -12);
  std::vector<int8_t> first(kSteps * kUnits), again(kSteps * kUnits, 100);
  std::vector<int16_t> cell(kUnits);
  for (std::vector<int8_t>* output : {&first, &again})
    thaw_lstm_s8(&lstm, network.input.data(), network.weights.data(), network.biases.data(), sigmoid().data(),
                 output->data(), cell.data());
  EXPECT_EQ(first, again);
}

}  // namespace
}  // namespace thaw
