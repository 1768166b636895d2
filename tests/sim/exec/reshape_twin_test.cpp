// RESHAPE + FULLY_CONNECTED against its twin: the same network with the two written as one VALID convolution
// over the whole image. Both must train to the same bits, with every kernel.
#include <gtest/gtest.h>

#include <string>

#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "tests/support/random_network.h"
#include "tests/support/same_bits.h"

namespace thaw {
namespace {

/// Convolutions, then a hidden layer over the flattened image (or the convolution that is its twin), now and
/// then one more, then the classifier. The random numbers of both twins are the same.
class Flattened : public testing::RandomNetwork {
 public:
  Flattened(uint32_t seed, bool twin) : RandomNetwork(seed, Empty{}) {
    graph_.file_name = "flattened " + std::to_string(seed);
    const TensorId input = activation("input", {1, noise_.in(3, 7), noise_.in(3, 7), noise_.in(1, 5)});
    graph_.inputs = {input};
    TensorId x = any_convolution(input, false);
    const int32_t more = noise_.in(0, 2);
    for (int32_t i = 0; i < more; ++i) x = block(x, false);
    const std::vector<int32_t> image = shape(x);
    const int32_t count = image[1] * image[2] * image[3];
    const int32_t hidden = noise_.in(2, 12);
    const Activation clamp = any_activation();
    const TensorId flat = activation("flat", {1, count});
    graph_.tensors[flat.index()].quantization = graph_.tensor(x).quantization;
    if (twin) {
      Conv2d whole;
      whole.padding = Padding::valid;
      whole.activation = clamp;
      x = weighted(x, {hidden, image[1], image[2], image[3]}, 0, count, whole, {1, 1, 1, hidden});
    } else {
      add_op({x}, flat, Reshape{});
      x = weighted(flat, {hidden, count}, 0, count, FullyConnected{clamp}, {1, hidden});
    }
    if (noise_.in(0, 1) == 0) x = weighted(x, {6, hidden}, 0, hidden, FullyConnected{}, {1, 6});
    const auto features = static_cast<int32_t>(graph_.tensor(x).elements());
    graph_.outputs = {weighted(x, {4, features}, 0, features, FullyConnected{}, {1, 4})};
  }
};

/// All but the weights of the flattened layer: its random numbers are counted in another order.
Schedule all_but_flattened(const Network& network, int32_t bits) {
  Schedule schedule;
  schedule.classes = network.classifier.classes;
  schedule.training.gradient_bits = bits;
  for (const Layer& layer : network.layers)
    if (const auto* c = std::get_if<Convolution>(&layer.kind)) {
      const bool flattened = c->window.output_positions() == 1 && c->window.input_elements() > 1;
      schedule.update.push_back(
          {c->index, "", true, flattened ? UpdatedWeights::none : UpdatedWeights::all, {}});
    }
  schedule.update.push_back({network.convolution_count(), "", true, UpdatedWeights::all, {}});
  return schedule;
}

void expect_twins(uint32_t first, uint32_t last) {
  for (uint32_t seed = first; seed <= last && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const NetworkOptions options = {0, true, true};
    const Network flat = reduce(Flattened(seed, false).graph(), options);
    const Network twin = reduce(Flattened(seed, true).graph(), options);
    const int32_t bits = seed % 2 == 0 ? 7 : 9;
    const Plan flat_plan = lower(flat, all_but_flattened(flat, bits));
    const Plan twin_plan = lower(twin, all_but_flattened(twin, bits));
    for (KernelSet kernels : {KernelSet::portable, KernelSet::host})
      testing::expect_same_training(twin_plan, flat_plan, kernels, 6);
    testing::expect_same_training(twin_plan, run_passes(flat_plan), KernelSet::host, 3);
  }
}

TEST(ReshapeTwin, FlattenedDenseLayerTrainsAsAConvolutionOverTheWholeImage) {
  expect_twins(1, 40);
}

TEST(ReshapeTwinSlow, ManyMoreTwins) {
  expect_twins(41, 1000);
}

}  // namespace
}  // namespace thaw
