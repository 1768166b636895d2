// Random networks that listen to a stream: each of two layers sees the rows that just came and those that a
// state variable kept of the inferences before.
#pragma once

#include <string>
#include <vector>

#include "tests/support/random_network.h"

namespace thaw::testing {

class StreamingNetwork : public RandomNetwork {
 public:
  explicit StreamingNetwork(uint32_t seed) : RandomNetwork(seed, Empty{}) {
    graph_.file_name = "streaming " + std::to_string(seed);
    graph_.inputs = {activation("input", {1, noise_.in(1, 3), noise_.in(1, 4), noise_.in(1, 5)})};
    TensorId x = with_kept_rows(graph_.inputs[0], noise_.in(1, 3));
    x = over_rows(x);
    x = with_kept_rows(x, noise_.in(1, 4));
    x = convolution(x, false);
    classify(x);
  }

 protected:
  struct NoLayers {};
  StreamingNetwork(uint32_t seed, NoLayers) : RandomNetwork(seed, Empty{}) {}

  /// Rows of a variable before those of x; the variable then keeps the last rows.
  TensorId with_kept_rows(TensorId x, int32_t rows) {
    std::vector<int32_t> dimensions = shape(x);
    const int32_t all = rows + dimensions[1];
    const Quantization quantization = graph_.tensor(x).quantization;
    const auto like_x = [&](const std::string& name, int32_t height) {
      dimensions[1] = height;
      const TensorId made = activation(name, dimensions);
      graph_.tensors[made.index()].quantization = quantization;
      return made;
    };
    const TensorId content = like_x("content", rows), both = like_x("both", all), next = like_x("next", rows);
    add_op({content, x}, both, Concatenation{1, false});
    std::vector<TakenAxis> taken;
    for (int32_t size : shape(both)) taken.push_back({0, 1, size});
    taken[1] = {all - rows, 1, rows};
    add_op({both}, next, Slice{taken});
    StateVariable variable;
    variable.name = "rows" + std::to_string(graph_.variables.size());
    variable.content = content;
    variable.next = next;
    variable.initial.assign(static_cast<size_t>(graph_.tensor(content).bytes()),
                            static_cast<std::byte>(quantization.zero_point()));
    if (noise_.in(0, 1) == 0)
      for (std::byte& b : variable.initial) b = static_cast<std::byte>(noise_.in(-128, 127));
    graph_.variables.push_back(variable);
    return both;
  }

  /// A convolution that makes one row of all rows.
  TensorId over_rows(TensorId x) {
    Conv2d kind;
    kind.padding = Padding::valid;
    const std::vector<int32_t> from = shape(x);
    return weighted(x, {6, from[1], 1, from[3]}, 0, from[1] * from[3], kind, {1, 1, from[2], 6});
  }
};

inline Network streaming_network(uint32_t seed) {
  return reduce(StreamingNetwork(seed).graph(), {0, seed % 2 == 0, true});
}

}  // namespace thaw::testing
