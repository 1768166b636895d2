// Kernels of a plan that work element by element, or move elements.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernels/binary.h"
#include "engine/kernels/view.h"
#include "sim/graph/id.h"

namespace thaw {

/// Element-wise operators on two tensors, one of which may be a constant or repeated along axes.
struct BinaryForward {
  thaw_binary binary = {};
  BufferId first_input, second_input, output, mask;
};

/// A function of each element: `table` is a constant int8 [256], of input -128 first.
struct TableForward {
  int64_t elements = 0;
  BufferId table, input, output;
};

/// Puts each input where its view says: CONCATENATION.
struct ViewForward {
  struct Part {
    thaw_view view = {};
    BufferId input;
  };
  std::vector<Part> parts;
  BufferId output;
};

}  // namespace thaw
