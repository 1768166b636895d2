// See gradient.h. Channel by channel, four positions at a time. Where the layer that reads the target is a
// convolution, the channel's column of the weights is copied side by side and meets the gradient of every
// position sixteen products an instruction. Where it is a depthwise convolution, the gradient goes through
// the ring of its forward pass, with zeros between its values for a stride and the kernel turned round.
// Everything else goes position by position.
#include "engine/kernels/hot.h"

#include "engine/kernels/gradient.h"

#include <stddef.h>

#include "engine/kernels/conv2d_input_gradient.h"
#include "engine/kernels/gradient_pass.h"
#include "engine/kernels/gradient_rows.h"
#include "engine/kernels/helium/gradient_store.h"
#include "engine/kernels/helium/helium.h"
#include "engine/kernels/helium/plane.h"
#include "engine/kernels/helium/quad.h"

static bool is_pointwise(const thaw_conv2d* conv) {
  return thaw_conv2d_taps(conv) == 1 && conv->stride_height == 1 && conv->stride_width == 1 &&
         conv->pad_top == 0 && conv->pad_left == 0 && conv->output_height == conv->input_height &&
         conv->output_width == conv->input_width;
}

// ---- sources whose values come channel by channel of the target -------------------------------------------

// Whether this is such a source.
static bool has_channels(const thaw_gradient_target* target, const thaw_gradient_source* source) {
  switch (source->kind) {
    case THAW_SOURCE_FEATURES:
    case THAW_SOURCE_ELEMENTS:
      return true;
    case THAW_SOURCE_STORED:
      return !source->gradient.is_16;
    case THAW_SOURCE_CONV2D:
      return source->conv->input_channels == target->channels && !source->gradient.is_16;
    case THAW_SOURCE_DEPTHWISE:
    case THAW_SOURCE_ROWS:
      return false;
  }
  return false;
}

// A source and, of a convolution, the weights of the current channel.
typedef struct channel_source {
  const thaw_gradient_source* source;
  bool pointwise;
  int8_t* column;  // [taps][outputs], then `outputs` zeros
  int32_t rank;    // of the next trained channel
} channel_source;

// Copies the weights of a channel to the source's column.
static void fill_column(channel_source* from, int32_t channel) {
  const thaw_conv2d* conv = from->source->conv;
  const thaw_trained_channels* trained = from->source->trained;
  const int32_t taps = thaw_conv2d_taps(conv);
  const int8_t* weights = from->source->weights ? from->source->weights + channel : NULL;
  int32_t tap_step = conv->input_channels;
  int32_t output_step = conv->input_channels * taps;
  if (trained && from->rank < trained->count && trained->channels[from->rank] == channel) {
    weights = trained->weights + from->rank++ * taps;
    tap_step = 1;
    output_step = trained->count * taps;
  }
  int8_t* to = from->column;
  for (int32_t tap = 0; tap < taps; ++tap, weights += tap_step, to += conv->output_channels)
    thaw_row_spread(to, 1, weights, output_step, conv->output_channels);
}

// Where the gradient of the output that reads a position under a tap lies; `zeros` where there is none.
static const int8_t* output_under(const channel_source* from, int32_t position, int32_t ky, int32_t kx,
                                  const int8_t* zeros) {
  const thaw_conv2d* conv = from->source->conv;
  int32_t y;
  int32_t x;
  if (!thaw_conv2d_output_y(conv, position / conv->input_width, ky, &y) ||
      !thaw_conv2d_output_x(conv, position % conv->input_width, kx, &x))
    return zeros;
  return (const int8_t*)from->source->gradient.values + (y * conv->output_width + x) * conv->output_channels;
}

// Products with the outputs that read positions p .. p + count - 1, of a convolution with any window.
THAW_APART static void window_sums(const channel_source* from, int32_t p, int32_t count,
                                   int32_t sums[THAW_LANES]) {
  const thaw_conv2d* conv = from->source->conv;
  const int32_t outputs = conv->output_channels;
  const int8_t* zeros = from->column + thaw_conv2d_taps(conv) * outputs;
  const int8_t* column = from->column;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx, column += outputs) {
      const int8_t* rows[THAW_LANES] = {zeros, zeros, zeros, zeros};
      bool any = false;
      for (int32_t k = 0; k < count; ++k) {
        rows[k] = output_under(from, p + k, ky, kx, zeros);
        any = any || rows[k] != zeros;
      }
      if (any) thaw_row_dots(column, rows[0], rows[1], rows[2], rows[3], outputs, sums);
    }
  }
}

// The values of a source at positions p .. p + count - 1; behind them is anything.
static inline thaw_quad read_values(const channel_source* from, const thaw_gradient_channel* channel,
                                    int32_t p, int32_t count) {
  const thaw_gradient_source* source = from->source;
  const int32_t at = p * channel->step + channel->channel;
  int32_t values[THAW_LANES] = {0, 0, 0, 0};
  if (source->kind == THAW_SOURCE_CONV2D) {
    window_sums(from, p, count, values);
    return thaw_quad_of(values);
  }
  const int8_t* stored = (const int8_t*)source->gradient.values + at;
  if (source->kind == THAW_SOURCE_STORED && count == THAW_LANES)
    return thaw_quad_high_bytes(stored, channel->step);
  for (int32_t k = 0; k < count; ++k) {
    if (source->kind == THAW_SOURCE_STORED)
      values[k] = stored[k * channel->step] * (INT32_C(1) << 16);
    else
      values[k] = source->accumulators[source->kind == THAW_SOURCE_FEATURES ? channel->channel
                                                                            : at + k * channel->step];
  }
  return thaw_quad_of(values);
}

// All positions of a channel.
THAW_APART static void make_channel(const thaw_gradient_channel* made, const channel_source* sources,
                                    int32_t count, int32_t positions, thaw_quad_range* total) {
  const thaw_gradient_channel channel = *made;  // a store of bytes could change what is behind a pointer
  thaw_quad_range range = *total;
  const thaw_conv2d* conv = sources[0].pointwise ? sources[0].source->conv : NULL;
  const int8_t* row = (const int8_t*)sources[0].source->gradient.values;
  for (int32_t p = 0; p < positions; p += THAW_LANES) {
    const int32_t some = positions - p < THAW_LANES ? positions - p : THAW_LANES;
    thaw_quad values;
    if (conv && some == THAW_LANES) {
      const int32_t outputs = conv->output_channels;
      int32_t sums[THAW_LANES] = {0, 0, 0, 0};
      thaw_row_dots(sources[0].column, row, row + outputs, row + 2 * outputs, row + 3 * outputs, outputs,
                    sums);
      row += THAW_LANES * outputs;
      values = thaw_quad_of(sums);
    } else {
      values = read_values(&sources[0], &channel, p, some);
    }
    values = thaw_quad_gscale(values, channel.mantissas[0], channel.shifts[0]);
    if (count == 2)
      values = thaw_quad_add(values, thaw_quad_gscale(read_values(&sources[1], &channel, p, some),
                                                      channel.mantissas[1], channel.shifts[1]));
    if (channel.usual && some == THAW_LANES)
      thaw_gradient_store_four(&channel, values, p, &range);
    else
      thaw_gradient_store_any(&channel, values, p, some, &range);
  }
  *total = range;
}

// The column of a source in scratch; returns what is behind it.
static uint32_t* begin_source(const thaw_gradient_source* source, uint32_t* scratch, channel_source* from) {
  const channel_source made = {source, false, (int8_t*)scratch, 0};
  *from = made;
  if (source->kind != THAW_SOURCE_CONV2D) return scratch;
  const int32_t outputs = source->conv->output_channels;
  from->pointwise = is_pointwise(source->conv);
  thaw_row_fill(from->column + thaw_conv2d_taps(source->conv) * outputs, 0, outputs);
  return scratch + thaw_conv2d_gradient_words(source->conv);
}

static uint32_t by_channels(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                            const thaw_gradient_pass* pass, uint32_t* scratch) {
  const int32_t count = pass->source_count;
  // The values of a 1x1 convolution come first, where there is one; sums do not mind.
  const int32_t first =
      count == 2 && sources[1].kind == THAW_SOURCE_CONV2D && is_pointwise(sources[1].conv) ? 1 : 0;
  channel_source from[THAW_GRADIENT_SOURCES];
  for (int32_t j = 0; j < count; ++j) scratch = begin_source(&sources[first ^ j], scratch, &from[j]);
  thaw_quad_range range = thaw_quad_range_of(0);
  for (int32_t c = 0; c < target->channels; ++c) {
    thaw_gradient_channel channel = thaw_gradient_channel_of(target, pass, c);
    if (first == 1) {
      const int32_t mantissa = channel.mantissas[0];
      const int32_t shift = channel.shifts[0];
      channel.mantissas[0] = channel.mantissas[1];
      channel.shifts[0] = channel.shifts[1];
      channel.mantissas[1] = mantissa;
      channel.shifts[1] = shift;
    }
    for (int32_t j = 0; j < count; ++j)
      if (from[j].source->kind == THAW_SOURCE_CONV2D) fill_column(&from[j], c);
    make_channel(&channel, from, count, target->positions, &range);
  }
  return thaw_quad_magnitudes(&range);
}

// ---- depthwise convolutions -------------------------------------------------------------------------------

// The gradient as the plane holds it: with zeros between its rows and columns, so that every stride is 1.
static thaw_plane plane_of(const thaw_conv2d* conv) {
  const int32_t rows = thaw_conv2d_reach_height(conv);
  const int32_t width = thaw_conv2d_reach_width(conv);
  const thaw_plane plane = {.rows = rows,
                            .columns = conv->input_width + width - 1,
                            .width = width,
                            .zero_point = 0,
                            .taps = {rows - 1, -conv->dilation_height, width - 1, -conv->dilation_width}};
  return plane;
}

// Whether by_depthwise can.
static bool is_usual_depthwise(const thaw_gradient_target* target, const thaw_gradient_source* source) {
  if (source->kind != THAW_SOURCE_DEPTHWISE || source->depthwise->depth_multiplier != 1) return false;
  const thaw_conv2d* conv = &source->depthwise->conv;
  if (conv->input_channels != target->channels || source->gradient.is_16) return false;
  const thaw_plane plane = plane_of(conv);
  const int32_t words = thaw_depthwise_gradient_words(conv);
  const int32_t room = 4 * (words > target->channels ? words : target->channels);
  return conv->pad_left < plane.width && conv->pad_top < plane.rows &&
         thaw_plane_bytes(&plane, thaw_conv2d_taps(conv)) <= room;
}

// The channel that is being made, and the rows in the ring: the windows of the current row begin on row
// `first` of the gradient with its zeros.
typedef struct depthwise_source {
  const thaw_conv2d* conv;
  const int8_t* gradient;  // its value at the first position
  const int8_t* weights;   // its first tap; the others `step` bytes apart
  int32_t step;
  int32_t left;     // column of the ring that has the gradient's first column
  int32_t columns;  // of the gradient, to read
} depthwise_source;

// Puts row y of the gradient with its zeros into the ring.
THAW_INSIDE void read_row(const depthwise_source* from, const thaw_plane* plane, int32_t slot, int32_t y) {
  const thaw_conv2d* conv = from->conv;
  const int32_t out_y = y / conv->stride_height;
  if (y < 0 || out_y * conv->stride_height != y || out_y >= conv->output_height)
    thaw_plane_clear_row(plane, slot);
  else
    thaw_plane_put_row(plane, slot, from->left, conv->stride_width,
                       from->gradient + out_y * conv->output_width * conv->output_channels,
                       conv->output_channels, from->columns);
}

// The sums of a window, for any kernel and any row.
THAW_APART static void any_row(const depthwise_source* from, const thaw_plane* plane,
                               const thaw_gradient_channel* channel, int32_t first, int32_t p,
                               thaw_quad_range* range) {
  for (int32_t x = 0; x < from->conv->input_width; ++x) {
    const int32_t sum = thaw_plane_any_sum(plane, from->conv, from->weights, from->step, first, x);
    const int32_t sums[THAW_LANES] = {sum, 0, 0, 0};
    thaw_gradient_store_any(channel,
                            thaw_quad_gscale(thaw_quad_of(sums), channel->mantissas[0], channel->shifts[0]),
                            p + x, 1, range);
  }
}

// Four values of a row at a time; `pieces` of the kernel is a constant. The last four of a row may have been
// made before: they come out the same.
THAW_INSIDE void make_row(const thaw_gradient_channel* made, const thaw_plane* plane, int32_t slot,
                          int32_t pieces, int32_t p, int32_t width, thaw_quad_range* total) {
  const thaw_gradient_channel channel = *made;  // a store of bytes could change what is behind a pointer
  thaw_quad_range range = *total;
  const int32_t step = plane->rows;
  const int8_t* window = plane->ring;
  thaw_bytes held[THAW_PLANE_PIECES];
  for (int32_t i = 0; i < THAW_PLANE_PIECES; ++i)
    held[i] = i < pieces ? thaw_bytes_gather(thaw_plane_turned(plane, slot), plane->window + THAW_BYTES * i)
                         : held[0];
  int32_t x = 0;
  while (x < width) {
    if (x > width - THAW_LANES) x = width - THAW_LANES;
    int32_t sums[THAW_LANES];
    thaw_plane_four_sums(held, pieces, window + x * step, step, sums);
    const thaw_quad values = thaw_quad_gscale(thaw_quad_of(sums), channel.mantissas[0], channel.shifts[0]);
    thaw_gradient_store_four(&channel, values, p + x, &range);
    x += THAW_LANES;
  }
  *total = range;
}

// The compiler makes one loop for each size.
THAW_APART static void make_usual_row(const thaw_gradient_channel* channel, const thaw_plane* plane,
                                      int32_t slot, int32_t p, int32_t width, thaw_quad_range* range) {
  switch (thaw_plane_padded_bytes(plane) / THAW_BYTES) {
    case 1:
      make_row(channel, plane, slot, 1, p, width, range);
      return;
    case 2:
      make_row(channel, plane, slot, 2, p, width, range);
      return;
    case 3:
      make_row(channel, plane, slot, 3, p, width, range);
      return;
    default:
      make_row(channel, plane, slot, 4, p, width, range);
  }
}

static void make_depthwise_channel(const depthwise_source* from, const thaw_plane* plane,
                                   const thaw_gradient_channel* channel, bool usual, thaw_quad_range* range) {
  const thaw_conv2d* conv = from->conv;
  int32_t first = conv->pad_top - plane->rows + 1;
  int32_t first_slot = thaw_plane_slot(plane, first);
  int32_t next = first;
  int32_t next_slot = first_slot;
  const int32_t width = conv->input_width;
  for (int32_t p = 0; p < conv->input_height * width; p += width, ++first) {
    for (; next < first + plane->rows; ++next) {
      read_row(from, plane, next_slot, next);
      next_slot = thaw_plane_below(plane, next_slot, 1);
    }
    if (usual)
      make_usual_row(channel, plane, first_slot, p, width, range);
    else
      any_row(from, plane, channel, first, p, range);
    first_slot = thaw_plane_below(plane, first_slot, 1);
  }
}

static uint32_t by_depthwise(const thaw_gradient_target* target, const thaw_gradient_source* source,
                             const thaw_gradient_pass* pass, uint32_t* scratch) {
  const thaw_conv2d* conv = &source->depthwise->conv;
  const thaw_trained_channels* trained = source->trained;
  const int32_t taps = thaw_conv2d_taps(conv);
  thaw_plane plane = plane_of(conv);
  thaw_plane_begin(&plane, conv, (int8_t*)scratch);
  const int32_t left = plane.width - 1 - conv->pad_left;
  const int32_t room = (plane.columns - 1 - left) / conv->stride_width + 1;
  const bool small = thaw_plane_is_small(&plane) && conv->input_width >= THAW_LANES;
  thaw_quad_range range = thaw_quad_range_of(0);
  int32_t rank = 0;  // of the next trained channel
  for (int32_t c = 0; c < target->channels; ++c) {
    depthwise_source from = {conv,
                             (const int8_t*)source->gradient.values + c,
                             source->weights ? source->weights + c : NULL,
                             conv->output_channels,
                             left,
                             conv->output_width < room ? conv->output_width : room};
    if (trained && rank < trained->count && trained->channels[rank] == c) {
      from.weights = trained->weights + taps * rank++;
      from.step = 1;
    }
    if (small) thaw_plane_read_kernel(&plane, from.weights, from.step, taps);
    const thaw_gradient_channel channel = thaw_gradient_channel_of(target, pass, c);
    make_depthwise_channel(&from, &plane, &channel, small && channel.usual, &range);
  }
  return thaw_quad_magnitudes(&range);
}

int32_t thaw_gradient_tensor(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                             int32_t source_count, int32_t offset, thaw_gradient_state* state,
                             int32_t* scratch) {
  const thaw_gradient_pass pass = thaw_gradient_pass_of(target, sources, source_count, offset, *state);
  uint32_t magnitudes;
  if (has_channels(target, &sources[0]) && (source_count == 1 || has_channels(target, &sources[1])))
    magnitudes = by_channels(target, sources, &pass, (uint32_t*)scratch);
  else if (source_count == 1 && is_usual_depthwise(target, &sources[0]))
    magnitudes = by_depthwise(target, &sources[0], &pass, (uint32_t*)scratch);
  else
    magnitudes = thaw_gradient_by_rows(target, sources, &pass, scratch);
  *state = thaw_gradient_finish(*state, magnitudes, target->bits, pass.exponent - offset);
  return pass.exponent;
}
