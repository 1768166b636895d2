// The int32 sums of a convolution or of its input gradient, some rows at a time: the source is brought into
// words once, then every row is a matrix product (or a depthwise one) over windows of it, without unfolding.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/exec/host/axis_taps.h"
#include "sim/exec/host/effective_weights.h"
#include "sim/exec/host/integer_dot.h"
#include "sim/exec/host/operand_packing.h"
#include "sim/exec/host/workspace.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Forward: source is the layer's input, sums are of its output. Backward: source is the gradient of the
/// layer's accumulator, sums are of its input.
enum class Direction { forward, backward };

class ConvolutionSums {
 public:
  /// `format` byte_quads only for int8 sources. Reserves what it needs of the workspace.
  ConvolutionSums(const Window& window, bool depthwise, int32_t depth_multiplier, Direction direction,
                  WordFormat format, EffectiveWeights& weights, Workspace& workspace);

  int32_t height() const { return height_; }
  int32_t width() const { return width_; }
  int32_t channels() const { return channels_; }
  /// Elements between positions of the sums: channels() rounded up to 16.
  int64_t stride() const { return padded_columns(channels_); }

  /// Takes the source [H][W][C] of one pass; values count less `zero_point`. `bias` [channels] or null is
  /// where the sums start (forward only).
  void begin(const int8_t* source, int32_t zero_point, const int32_t* bias);
  void begin(const int16_t* source);

  /// Sums of rows y_begin..y_end-1: [rows][width][stride()].
  void rows(int32_t y_begin, int32_t y_end, int32_t* sums);

 private:
  /// Weights of one phase of rows and one of columns.
  struct Phase {
    std::vector<int64_t> segments;  // byte offsets of a window's runs in the image
    int32_t segment_words = 0;
    int64_t weights_at = 0;  // words into packed_
    int64_t words = 0;       // a column's words
    int64_t start_at = 0;    // elements into the starts
  };

  void lay_out();
  void lay_out_phase(const AxisTaps& y, const AxisTaps& x);
  void pack();
  void pack_forward(const Phase& phase, const int8_t* weights);
  void pack_backward(const Phase& phase, const AxisTaps& y, const AxisTaps& x, const int8_t* weights);
  void pack_depthwise(const Phase& phase, const AxisTaps& y, const AxisTaps& x, const int8_t* weights);
  void interleave_weights(const InterleavedRows& to) const;
  void sum_columns(const Phase& phase, int32_t* column_sums) const;
  void begin_pass(int32_t zero_point, const int32_t* bias);
  template <class Value, class Convert>
  void fill_image(const Value* source, int pad_value, const Convert& convert);
  int64_t image_at(int32_t y, int32_t x) const;
  void dense_row(int32_t y, int32_t rows, int32_t* sums) const;
  void depthwise_row(int32_t y, int32_t* sums);
  const uint32_t* word_row(int32_t y, int32_t distance);
  void add_groups(const int32_t* from, int32_t positions, int32_t* to) const;

  Window window_;
  bool depthwise_;
  int32_t depth_multiplier_;
  Direction direction_;
  WordFormat format_;
  EffectiveWeights& weights_;
  Workspace& workspace_;

  std::vector<AxisTaps> row_phases_, column_phases_;
  std::vector<Phase> phases_;                                           // [row phase][column phase]
  int32_t source_height_ = 0, source_width_ = 0, source_channels_ = 0;  // of the tensor
  int32_t height_ = 0, width_ = 0, channels_ = 0;                       // of the sums
  int32_t image_height_ = 0, image_width_ = 0, image_channels_ = 0;     // of the image
  int32_t pad_top_ = 0, pad_left_ = 0;
  int32_t sum_channels_ = 0;  // before groups of a depth multiplier are added up
  int64_t value_bytes_ = 1;
  bool one_product_ = false;  // all rows are one product: a pointwise convolution

  std::vector<const int8_t*> weight_rows_;  // while packing
  Scratch packed_;                          // weight words of all phases
  Scratch column_sums_;                     // of the packed weights, int32
  int64_t packed_version_ = 0;
  const int32_t* start_ = nullptr;  // of this pass

  std::vector<int32_t> word_row_of_slot_;  // image row whose words a slot of the workspace holds, or -1
  int64_t word_row_words_ = 0;
  std::vector<const uint32_t*> tap_rows_;
};

}  // namespace thaw
