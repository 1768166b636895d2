// Kernels of a plan that work element by element, move elements, or carry a state along a sequence.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernels/binary.h"
#include "engine/kernels/lstm.h"
#include "engine/kernels/resize.h"
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

/// Puts each input where its view says: CONCATENATION, PACK, slices, TRANSPOSE of five axes.
struct ViewForward {
  struct Part {
    thaw_view view = {};
    BufferId input;
  };
  std::vector<Part> parts;
  BufferId output;
};

/// `rows`, `columns`: constant int32 tables of resize.h.
struct ResizeForward {
  bool bilinear = false;
  thaw_resize resize = {};
  BufferId rows, columns, input, output;
};

/// Constants as lstm.h has them; `scratch`: the cell state.
struct LstmForward {
  thaw_lstm lstm = {};
  BufferId input, weights, biases, sigmoid, output, scratch;
};

}  // namespace thaw
