// Which rows the layers of a stream read and make, band by band: the arithmetic behind `stream_rows.h`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/plan/plan.h"

namespace thaw {

/// Steps first..last of a plan (inclusive), `rows` rows of the last one's output a band. `over_input`: the
/// last step writes over rows of the first one's input that were read, and is moved out of there at the end.
struct RowStream {
  size_t first = 0, last = 0;
  int32_t rows = 1;
  bool over_input = false;
  bool operator==(const RowStream&) const = default;
};

/// One layer of a stream as rows: output row r reads the input rows r * stride - pad + 0..extent-1 that
/// exist. Where the caller gives the rows (`is_feed`), taking them is the first layer; `step` is then that
/// of the layer after it.
struct RowLayer {
  size_t step = 0;
  bool is_feed = false;
  int32_t stride = 1, pad = 0, extent = 1;
  int32_t input_rows = 1, output_rows = 1;
  int64_t input_row_bytes = 0, output_row_bytes = 0;

  /// First input row that output row `row` reads; of those that exist.
  int32_t first_read(int32_t row) const { return std::clamp(row * stride - pad, 0, input_rows); }
  /// One past the last input row that output rows before `end` read.
  int32_t end_read(int32_t end) const { return std::clamp((end - 1) * stride - pad + extent, 0, input_rows); }
};

/// One thing to do for a layer in a band: first move the rows that are still needed to the front of the
/// layer's band buffer (`move_rows` of them, from row `move_from` of the buffer), then compute the output
/// rows begin..end-1. `input_base`, `output_base`: the row at the start of the buffer read, written.
struct BandCall {
  size_t layer = 0;
  int32_t move_from = 0, move_rows = 0;
  int32_t begin = 0, end = 0;
  int32_t input_base = 0, output_base = 0;
};

struct BandPlan {
  std::vector<BandCall> calls;
  std::vector<int32_t> buffer_rows;  // by layer; the last layer writes the whole output: 0
};

/// What a convolution reads; absent for other kernels.
BufferId row_input(const Kernel& kernel);
/// What a kernel that can be streamed writes; absent for others.
BufferId row_output(const Kernel& kernel);

/// A kernel of which any rows can be computed alone, once per sample, from frozen values.
bool is_row_kernel(const Plan& plan, const Kernel& kernel);

/// True where step + 1 is the only reader of what step makes, and may follow it in a stream.
bool is_row_link(const Plan& plan, size_t step);

/// True for a convolution whose input the caller gives row by row.
bool reads_caller(const Plan& plan, size_t step);

/// The layers of a chain whose first step is a convolution.
std::vector<RowLayer> row_layers(const Plan& plan, size_t first, size_t last);

/// The calls of a stream whose bands are of `rows` output rows, in order.
BandPlan plan_bands(const std::vector<RowLayer>& layers, int32_t rows);

/// Bytes of the bands between the layers, each rounded up to 4.
int64_t band_bytes(const std::vector<RowLayer>& layers, const BandPlan& bands);

/// Whether the last layer may write over the input of the first: nobody reads that after the stream, and no
/// row is written before the rows under it were read.
bool may_write_over_input(const Plan& plan, const RowStream& stream);

}  // namespace thaw
