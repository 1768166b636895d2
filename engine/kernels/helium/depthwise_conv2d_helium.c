// See depthwise_conv2d.h. Channel by channel: the rows under the kernel go into a ring of scratch, column by
// column, so that a window is a run of bytes that meets the kernel sixteen products an instruction. Rows are
// read just before the first output that needs them, so that the output may overwrite the input.
#include "engine/kernels/hot.h"

#include "engine/kernels/depthwise_conv2d.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/helium/outputs.h"
#include "engine/kernels/helium/plane.h"

// The channel that is being made.
typedef struct channel_source {
  const thaw_conv2d* conv;
  const int8_t* input;    // its input channel of the first pixel
  const int8_t* weights;  // its first tap; the others `step` bytes apart
  int32_t step;
} channel_source;

// Columns of the image that windows reach.
static int32_t columns_read(const thaw_conv2d* conv, const thaw_plane* plane) {
  const int32_t room = plane->columns - conv->pad_left;
  return conv->input_width < room ? conv->input_width : room;
}

// The rows in the ring: the windows of the current row of outputs begin on row `first` of the image, which
// may lie in the padding; `next` is the first row that has not been read.
typedef struct ring_rows {
  int32_t first, first_slot, next, next_slot;
  int32_t columns;  // of the image, to read
} ring_rows;

static ring_rows rows_of(const thaw_conv2d* conv, const thaw_plane* plane) {
  const int32_t slot = thaw_plane_slot(plane, -conv->pad_top);
  const ring_rows rows = {-conv->pad_top, slot, -conv->pad_top, slot, columns_read(conv, plane)};
  return rows;
}

// Reads the rows under the windows that have not been read.
THAW_INSIDE void read_rows(const channel_source* from, const thaw_plane* plane, ring_rows* rows) {
  const thaw_conv2d* conv = from->conv;
  for (; rows->next < rows->first + plane->rows; ++rows->next) {
    if (rows->next < 0 || rows->next >= conv->input_height)
      thaw_plane_clear_row(plane, rows->next_slot);
    else
      thaw_plane_put_row(plane, rows->next_slot, conv->pad_left, 1,
                         from->input + rows->next * conv->input_width * conv->input_channels,
                         conv->input_channels, rows->columns);
    rows->next_slot = thaw_plane_below(plane, rows->next_slot, 1);
  }
}

// Moves on to the next row of outputs.
THAW_INSIDE void next_row(const channel_source* from, const thaw_plane* plane, ring_rows* rows) {
  rows->first += from->conv->stride_height;
  if (from->conv->stride_height < plane->rows)
    rows->first_slot = thaw_plane_below(plane, rows->first_slot, from->conv->stride_height);
  else
    rows->first_slot = thaw_plane_slot(plane, rows->first);
  if (rows->next >= rows->first) return;
  rows->next = rows->first;
  rows->next_slot = rows->first_slot;
}

// All outputs of a channel, four of a row at a time; `pieces` of the kernel and `masked` are constants. The
// last four of a row may have been made before: they come out the same.
THAW_INSIDE void make_fours(const thaw_channel* made, const channel_source* source, const thaw_plane* ring,
                            bool masked, int32_t pieces) {
  const thaw_channel channel = *made;  // a store of bytes could change what is behind a pointer
  const channel_source from = *source;
  const thaw_plane plane = *ring;
  const int32_t width = from.conv->output_width;
  const int32_t step = from.conv->stride_width * plane.rows;
  ring_rows rows = rows_of(from.conv, &plane);
  const int32_t end = from.conv->output_height * width;
  for (int32_t p = 0; p < end; p += width) {
    read_rows(&from, &plane, &rows);
    thaw_bytes held[THAW_PLANE_PIECES];
    for (int32_t i = 0; i < THAW_PLANE_PIECES; ++i)
      held[i] = i < pieces ? thaw_bytes_gather(thaw_plane_turned(&plane, rows.first_slot),
                                               plane.window + THAW_BYTES * i)
                           : held[0];
    int32_t sums[THAW_LANES];
    const int8_t* window = plane.ring;
    for (int32_t x = 0; x + 3 < width; x += 4, window += 4 * step) {
      thaw_plane_four_sums(held, pieces, window, step, sums);
      thaw_channel_four(&channel, masked, !masked, sums, p + x);
    }
    if (width % THAW_LANES != 0) {
      thaw_plane_four_sums(held, pieces, plane.ring + (width - THAW_LANES) * step, step, sums);
      thaw_channel_four(&channel, masked, !masked, sums, p + width - THAW_LANES);
    }
    next_row(&from, &plane, &rows);
  }
}

THAW_APART static void plain_fours(const thaw_channel* channel, const channel_source* from,
                                   const thaw_plane* plane) {
  switch (thaw_plane_padded_bytes(plane) / THAW_BYTES) {
    case 1:
      make_fours(channel, from, plane, false, 1);
      return;
    case 2:
      make_fours(channel, from, plane, false, 2);
      return;
    case 3:
      make_fours(channel, from, plane, false, 3);
      return;
    default:
      make_fours(channel, from, plane, false, 4);
  }
}

// With a mask.
THAW_APART static void masked_fours(const thaw_channel* channel, const channel_source* from,
                                    const thaw_plane* plane) {
  switch (thaw_plane_padded_bytes(plane) / THAW_BYTES) {
    case 1:
      make_fours(channel, from, plane, true, 1);
      return;
    case 2:
      make_fours(channel, from, plane, true, 2);
      return;
    case 3:
      make_fours(channel, from, plane, true, 3);
      return;
    default:
      make_fours(channel, from, plane, true, 4);
  }
}

// The outputs of any channel.
static void make_any(const thaw_channel* channel, const channel_source* from, const thaw_plane* plane) {
  const thaw_conv2d* conv = from->conv;
  ring_rows rows = rows_of(conv, plane);
  for (int32_t y = 0; y < conv->output_height; ++y, next_row(from, plane, &rows)) {
    read_rows(from, plane, &rows);
    for (int32_t x = 0; x < conv->output_width; ++x) {
      const int32_t sum =
          thaw_plane_any_sum(plane, conv, from->weights, from->step, rows.first, x * conv->stride_width);
      thaw_channel_any(channel, &sum, y * conv->output_width + x, 1);
    }
  }
}

static int32_t weight_sum(const channel_source* from) {
  int32_t sum = 0;
  for (int32_t tap = 0; tap < thaw_conv2d_taps(from->conv); ++tap) sum += from->weights[tap * from->step];
  return sum;
}

void thaw_depthwise_conv2d_s8(const thaw_depthwise* depthwise, const int8_t* input, const int8_t* weights,
                              const thaw_trained_channels* trained, const int32_t* bias,
                              const int32_t* multipliers, const int8_t* shifts, int8_t* output, uint8_t* mask,
                              int32_t* scratch) {
  const thaw_conv2d* conv = &depthwise->conv;
  const int32_t taps = thaw_conv2d_taps(conv);
  thaw_plane plane = {.rows = thaw_conv2d_reach_height(conv),
                      .columns = thaw_depthwise_columns(conv),
                      .width = thaw_conv2d_reach_width(conv),
                      .zero_point = conv->input_zero_point,
                      .taps = {0, conv->dilation_height, 0, conv->dilation_width}};
  thaw_plane_begin(&plane, conv, (int8_t*)scratch);
  thaw_mask_clear(mask, conv->output_height * conv->output_width * conv->output_channels);
  const bool small = thaw_plane_is_small(&plane) && conv->output_width >= THAW_LANES;
  int32_t rank = 0;  // of the next trained channel
  for (int32_t c = 0; c < conv->output_channels; ++c) {
    channel_source from = {conv, input + c / depthwise->depth_multiplier, weights ? weights + c : NULL,
                           conv->output_channels};
    if (trained && rank < trained->count && trained->channels[rank] == c) {
      from.weights = trained->weights + taps * rank++;
      from.step = 1;
    }
    if (small) thaw_plane_read_kernel(&plane, from.weights, from.step, taps);
    const int32_t sum =
        small ? thaw_row_sum(plane.kernel, 2 * thaw_plane_window_bytes(&plane)) / 2 : weight_sum(&from);
    const thaw_channel channel = thaw_channel_of(conv, bias, multipliers, shifts, c, sum, output, mask);
    if (!small || !channel.usual || !(mask || channel.limited))
      make_any(&channel, &from, &plane);
    else if (mask)
      masked_fours(&channel, &from, &plane);
    else
      plain_fours(&channel, &from, &plane);
  }
}
