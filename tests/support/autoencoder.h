// Random autoencoders: dense layers from as many numbers to as many, input and output in quantisations of
// their own or, now and then, in one.
#pragma once

#include <string>

#include "tests/support/random_network.h"

namespace thaw::testing {

class Autoencoder : public RandomNetwork {
 public:
  explicit Autoencoder(uint32_t seed) : RandomNetwork(seed, Empty{}) {
    graph_.file_name = "autoencoder " + std::to_string(seed);
    const int32_t width = noise_.in(4, 40);
    TensorId x = activation("input", {1, width});
    graph_.inputs = {x};
    const int32_t hidden = noise_.in(1, 3);
    for (int32_t i = 0; i < hidden; ++i) x = dense(x, noise_.in(2, 12));
    x = dense(x, width);
    if (seed % 3 == 0) graph_.tensors[x.index()].quantization = graph_.tensor(graph_.inputs[0]).quantization;
    graph_.outputs = {x};
  }

 private:
  TensorId dense(TensorId x, int32_t outputs) {
    const int32_t columns = shape(x).back();
    return weighted(x, {outputs, columns}, 0, columns, FullyConnected{any_activation()}, {1, outputs});
  }
};

}  // namespace thaw::testing
