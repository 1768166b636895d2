// See gradient.h. Where the layer that reads the target is a 1x1 convolution, four channels at a time: their
// columns of the weights are packed once and multiplied with the gradient of every position. Where it is a
// depthwise convolution, channel by channel: the gradient goes through the ring of the forward pass with the
// kernel turned round. Everything else goes position by position.
#include "engine/kernels/gradient.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/columns.h"
#include "engine/kernels/depthwise_ring.h"
#include "engine/kernels/fixed_point.h"
#include "engine/kernels/gradient_pass.h"
#include "engine/kernels/gradient_rows.h"
#include "engine/kernels/tile.h"

// Scales, masks, saturates and stores `count` values of one channel; value i is the sum of the scaled
// parts[j][i * step], and goes to element index + i * stride. Returns the OR of their magnitudes.
THAW_NOINLINE static uint32_t store_channel(const thaw_gradient_target* target,
                                            const thaw_gradient_pass* pass, int32_t channel,
                                            const int32_t* const parts[THAW_GRADIENT_SOURCES], int32_t step,
                                            int32_t count, int32_t index, int32_t stride) {
  const uint8_t* mask = target->mask;
  const bool same_bit = stride % 8 == 0;  // of each mask byte
  const uint32_t bit = 1u << (index % 8);
  const int32_t first_mantissa = thaw_channel_mantissa(&pass->scales[0], channel);
  const int32_t first_half = INT32_C(1) << (pass->shifts[0] - 33);
  const int32_t first_shift = pass->shifts[0] - 32;
  const int32_t* values = parts[0];
  uint32_t magnitudes = 0;
  for (int32_t i = 0; i < count; ++i, index += stride, values += step) {
    if (mask && !(same_bit ? (mask[index / 8] & bit) != 0 : thaw_mask_get(mask, index))) {
      if (pass->bits == 7)
        ((int8_t*)target->values)[index] = 0;
      else
        ((int16_t*)target->values)[index] = 0;
      continue;
    }
    // thaw_gscale
    const int32_t high = (int32_t)thaw_asr64((int64_t)*values * first_mantissa, 32);
    int32_t v = thaw_asr32(high + first_half, first_shift);
    if (parts[1])
      v += thaw_gscale(parts[1][i * step], thaw_channel_mantissa(&pass->scales[1], channel), pass->shifts[1]);
    magnitudes |= (uint32_t)(v ^ thaw_asr32(v, 31));
    if (pass->bits == 7)
      ((int8_t*)target->values)[index] = (int8_t)thaw_ssat8(v);
    else
      ((int16_t*)target->values)[index] = (int16_t)thaw_ssat(v, pass->bits);
  }
  return magnitudes;
}

// ---- 1x1 convolutions, four channels at a time ----------------------------------------------------------

static bool is_pointwise(const thaw_conv2d* conv) {
  return thaw_conv2d_taps(conv) == 1 && conv->stride_height == 1 && conv->stride_width == 1 &&
         conv->pad_top == 0 && conv->pad_left == 0 && conv->output_height == conv->input_height &&
         conv->output_width == conv->input_width;
}

// Whether the source has its values channel block by channel block.
static bool has_blocks(const thaw_gradient_source* source) {
  if (source->kind == THAW_SOURCE_DEPTHWISE) return false;
  return source->kind != THAW_SOURCE_CONV2D || is_pointwise(source->conv);
}

// Packs the weights of channels first .. first + count - 1.
static void fill_tile(const thaw_gradient_source* source, int32_t first, int32_t count, uint32_t* tile) {
  const thaw_conv2d* conv = source->conv;
  const thaw_trained_channels* trained = source->trained;
  const bool whole = trained && trained->count == conv->input_channels;  // laid out as frozen weights are
  const int8_t* weights = whole ? trained->weights : source->weights;
  const thaw_tile_source from = {weights, conv->output_channels, conv->input_channels, NULL, first, count, 0};
  thaw_tile_fill(&from, tile);
  if (!trained || whole) return;
  for (int32_t j = 0; j < trained->count; ++j) {
    const int32_t k = trained->channels[j] - first;
    if (k < 0 || k >= count) continue;
    for (int32_t o = 0; o < conv->output_channels; ++o)
      thaw_tile_add(tile, o, k, trained->weights[o * trained->count + j]);
  }
}

enum { POSITIONS = 16 };  // whose values are kept on the stack

// Sums over int16 gradients, for which columns.h has no rows.
static void add_wide(const int16_t* gradient, int32_t outputs, const uint32_t* tile, int32_t positions,
                     uint32_t* sums) {
  for (int32_t p = 0; p < positions; ++p, sums += THAW_COLUMNS) {
    for (int32_t o = 0; o < outputs; ++o, ++gradient) {
      const uint32_t* words = tile + o / 4 * 8 + o % 2 * 4;
      const uint32_t value = o % 4 < 2 ? thaw_pack_ends((uint32_t)*gradient, 0) : (uint32_t)*gradient << 16;
      for (int32_t k = 0; k < THAW_COLUMNS; ++k) sums[k] = thaw_smlad(words[k], value, sums[k]);
    }
  }
}

// The values of a source at positions p .. p + positions - 1, channels first .. first + count - 1:
// [positions][4].
static void read_block(const thaw_gradient_source* source, const uint32_t* tile, int32_t channels, int32_t p,
                       int32_t positions, int32_t first, int32_t count, int32_t* values) {
  if (source->kind == THAW_SOURCE_CONV2D) {
    const int32_t outputs = source->conv->output_channels;
    uint32_t* sums = (uint32_t*)values;
    for (int32_t i = 0; i < THAW_COLUMNS * positions; ++i) sums[i] = 0;
    if (source->gradient.is_16)
      add_wide((const int16_t*)source->gradient.values + p * outputs, outputs, tile, positions, sums);
    else
      thaw_columns_add(tile, (const int8_t*)source->gradient.values + p * outputs, outputs, positions, NULL,
                       sums);
    return;
  }
  const bool stored = source->kind == THAW_SOURCE_STORED;
  const int32_t step = source->kind == THAW_SOURCE_FEATURES ? 0 : channels;
  int32_t at = p * step + first;
  for (int32_t i = 0; i < positions; ++i, at += step, values += THAW_COLUMNS)
    for (int32_t k = 0; k < count; ++k)
      values[k] = stored ? thaw_gradient_at(source->gradient, at + k) * (INT32_C(1) << 16)
                         : source->accumulators[at + k];
}

static uint32_t by_blocks(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                          const thaw_gradient_pass* pass, uint32_t* scratch) {
  uint32_t magnitudes = 0;
  const int32_t channels = target->channels;
  int32_t values[THAW_GRADIENT_SOURCES][POSITIONS * THAW_COLUMNS];
  uint32_t* tiles[THAW_GRADIENT_SOURCES] = {scratch, scratch};
  if (sources[0].kind == THAW_SOURCE_CONV2D) tiles[1] += thaw_columns_words(sources[0].conv->output_channels);
  for (int32_t first = 0; first < channels; first += THAW_COLUMNS) {
    const int32_t count = channels - first < THAW_COLUMNS ? channels - first : THAW_COLUMNS;
    for (int32_t j = 0; j < pass->source_count; ++j)
      if (sources[j].kind == THAW_SOURCE_CONV2D) fill_tile(&sources[j], first, count, tiles[j]);
    for (int32_t p = 0; p < target->positions; p += POSITIONS) {
      const int32_t positions = target->positions - p < POSITIONS ? target->positions - p : POSITIONS;
      for (int32_t j = 0; j < pass->source_count; ++j)
        read_block(&sources[j], tiles[j], channels, p, positions, first, count, values[j]);
      for (int32_t k = 0; k < count; ++k) {
        const int32_t* parts[THAW_GRADIENT_SOURCES] = {values[0] + k,
                                                       pass->source_count == 2 ? values[1] + k : NULL};
        magnitudes |= store_channel(target, pass, first + k, parts, THAW_COLUMNS, positions,
                                    p * channels + first + k, channels);
      }
    }
  }
  return magnitudes;
}

// ---- depthwise convolutions, channel by channel -----------------------------------------------------------

// The kernel of channel c turned round; `trained` holds its trained weights or is NULL.
static void read_kernel(const thaw_gradient_source* source, const int8_t* trained, int32_t c,
                        const thaw_ring* ring) {
  const thaw_conv2d* conv = &source->depthwise->conv;
  if (source->weights && !trained &&
      thaw_ring_set_usual_kernel(ring, conv, source->weights + c, conv->output_channels, true))
    return;
  thaw_ring_clear_weights(ring);
  int32_t tap = 0;
  for (int32_t ky = conv->kernel_height - 1; ky >= 0; --ky) {
    for (int32_t kx = conv->kernel_width - 1; kx >= 0; --kx, ++tap) {
      const int32_t frozen = source->weights ? source->weights[tap * conv->output_channels + c] : 0;
      thaw_ring_set_weight(ring, ky * conv->dilation_height, kx * conv->dilation_width,
                           frozen + (trained ? trained[tap] : 0));
    }
  }
}

// Row r of the gradient's padded plane: outputs lie `stride` apart, between them are zeros.
static void read_row(const thaw_gradient_source* source, int32_t c, int32_t r, const thaw_ring* ring) {
  const thaw_conv2d* conv = &source->depthwise->conv;
  uint32_t* row = thaw_ring_slot(ring, r);
  const int32_t y = r - (thaw_conv2d_reach_height(conv) - 1 - conv->pad_top);
  if (y < 0 || y % conv->stride_height != 0 || y / conv->stride_height >= conv->output_height) {
    for (int32_t i = 0; i < ring->row_words; ++i) row[i] = 0;
    return;
  }
  int32_t at = thaw_conv2d_reach_width(conv) - 1 - conv->pad_left;
  int32_t from = y / conv->stride_height * conv->output_width * conv->output_channels + c;
  const bool inside = at >= 0 && at + (conv->output_width - 1) * conv->stride_width < 2 * ring->row_words;
  if (inside && !source->gradient.is_16) {
    const int8_t* values = (const int8_t*)source->gradient.values + from;
    int16_t* to = (int16_t*)(void*)row + at;
    for (int32_t x = conv->output_width; x > 0;
         --x, values += conv->output_channels, to += conv->stride_width)
      thaw_store_half(to, *values);
    return;
  }
  for (int32_t x = 0; x < conv->output_width; ++x, at += conv->stride_width, from += conv->output_channels)
    if (at >= 0 && at < 2 * ring->row_words)
      thaw_store_half((int16_t*)(void*)row + at, thaw_gradient_at(source->gradient, from));
}

static uint32_t by_channels(const thaw_gradient_target* target, const thaw_gradient_source* source,
                            const thaw_gradient_pass* pass, uint32_t* scratch) {
  const thaw_conv2d* conv = &source->depthwise->conv;
  const thaw_trained_channels* trained = source->trained;
  const thaw_ring ring = thaw_ring_of(thaw_conv2d_reach_height(conv), thaw_conv2d_reach_width(conv), 1,
                                      conv->input_width, scratch);
  thaw_ring_clear_plane(&ring);
  uint32_t magnitudes = 0;
  int32_t rank = 0;  // of the next trained channel
  for (int32_t c = 0; c < target->channels; ++c) {
    const int8_t* trained_kernel = NULL;
    if (trained && rank < trained->count && trained->channels[rank] == c)
      trained_kernel = trained->weights + rank++ * thaw_conv2d_taps(conv);
    read_kernel(source, trained_kernel, c, &ring);
    int32_t next = 0;  // row of the padded plane to read
    int32_t index = c;
    for (int32_t y = 0; y < conv->input_height; ++y) {
      for (; next < y + ring.rows; ++next) read_row(source, c, next, &ring);
      const uint32_t* kernel = thaw_ring_kernel(&ring, y);
      for (int32_t x = 0; x < conv->input_width; x += THAW_RING_OUTPUTS) {
        uint32_t sums[THAW_RING_OUTPUTS] = {0, 0, 0, 0};
        thaw_ring_add(&ring, kernel, x, sums);
        const int32_t left = conv->input_width - x;
        const int32_t count = left < THAW_RING_OUTPUTS ? left : THAW_RING_OUTPUTS;
        const int32_t* parts[THAW_GRADIENT_SOURCES] = {(const int32_t*)sums, NULL};
        magnitudes |= store_channel(target, pass, c, parts, 1, count, index, target->channels);
        index += count * target->channels;
      }
    }
  }
  return magnitudes;
}

int32_t thaw_gradient_tensor(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                             int32_t source_count, int32_t offset, thaw_gradient_state* state,
                             int32_t* scratch) {
  const thaw_gradient_pass pass = thaw_gradient_pass_of(target, sources, source_count, offset, *state);
  uint32_t* words = (uint32_t*)scratch;
  uint32_t magnitudes;
  if (has_blocks(&sources[0]) && (source_count == 1 || has_blocks(&sources[1])))
    magnitudes = by_blocks(target, sources, &pass, words);
  else if (source_count == 1 && sources[0].kind == THAW_SOURCE_DEPTHWISE &&
           sources[0].depthwise->depth_multiplier == 1)
    magnitudes = by_channels(target, sources, &pass, words);
  else
    magnitudes = thaw_gradient_by_rows(target, sources, &pass, scratch);
  *state = thaw_gradient_finish(*state, magnitudes, target->bits, pass.exponent - offset);
  return pass.exponent;
}
