// See gradient.h. Where the layer that reads the target is a 1x1 convolution, four channels at a time: their
// columns of the weights are packed once and multiplied with the gradient of every position. Where it is a
// depthwise convolution, channel by channel: the gradient goes through the ring of the forward pass with the
// kernel turned round. Everything else goes position by position.
#include "engine/kernels/gradient.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/depthwise_ring.h"
#include "engine/kernels/fixed_point.h"
#include "engine/kernels/gradient_pass.h"
#include "engine/kernels/gradient_rows.h"
#include "engine/kernels/tile.h"

// Stores the sum of the scaled sources at element `index` and returns its magnitude.
static inline uint32_t store(const thaw_gradient_pass* pass, void* values, int32_t index, int32_t v) {
  if (pass->bits == 7)
    ((int8_t*)values)[index] = (int8_t)thaw_ssat8(v);
  else
    ((int16_t*)values)[index] = (int16_t)thaw_ssat(v, pass->bits);
  return (uint32_t)(v ^ thaw_asr32(v, 31));
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

// Sums over the `outputs` gradients of one position, from element `at`, times a tile.
static void tile_sums(thaw_gradient_values gradient, int32_t at, int32_t outputs, const uint32_t* tile,
                      uint32_t sums[4]) {
  if (gradient.is_16) {
    const int16_t* g = (const int16_t*)gradient.values + at;
    for (int32_t o = 0; o < outputs; o += 4, tile += 8) {
      const uint32_t even = thaw_pack_low((uint32_t)g[o], o + 2 < outputs ? (uint32_t)g[o + 2] : 0);
      const uint32_t odd = thaw_pack_low(o + 1 < outputs ? (uint32_t)g[o + 1] : 0,
                                         o + 3 < outputs ? (uint32_t)g[o + 3] : 0);
      thaw_tile_products(tile, even, odd, sums);
    }
    return;
  }
  const int8_t* g = (const int8_t*)gradient.values + at;
  for (const int8_t* end = g + outputs / 4 * 4; g != end; g += 4, tile += 8) {
    const uint32_t word = thaw_load_word(g);
    thaw_tile_products(tile, thaw_sxtb16(word), thaw_sxtb16_odd(word), sums);
  }
  if (outputs % 4 != 0) {
    const uint32_t word = thaw_load_bytes(g, outputs % 4);
    thaw_tile_products(tile, thaw_sxtb16(word), thaw_sxtb16_odd(word), sums);
  }
}

// The values of channels first .. first + count - 1 of a source at position p.
static inline void block_values(const thaw_gradient_source* source, const uint32_t* tile, int32_t channels,
                                int32_t p, int32_t first, int32_t count, int32_t values[4]) {
  if (source->kind == THAW_SOURCE_CONV2D) {
    uint32_t sums[4] = {0, 0, 0, 0};
    const int32_t outputs = source->conv->output_channels;
    tile_sums(source->gradient, p * outputs, outputs, tile, sums);
    for (int32_t k = 0; k < 4; ++k) values[k] = (int32_t)sums[k];
    return;
  }
  const int32_t at = (source->kind == THAW_SOURCE_FEATURES ? 0 : p * channels) + first;
  for (int32_t k = 0; k < count; ++k)
    values[k] = source->kind == THAW_SOURCE_STORED
                    ? thaw_gradient_at(source->gradient, at + k) * (INT32_C(1) << 16)
                    : source->accumulators[at + k];
}

static uint32_t by_blocks(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                          const thaw_gradient_pass* pass, uint32_t* scratch) {
  uint32_t magnitudes = 0;
  uint32_t* tiles[THAW_GRADIENT_SOURCES] = {scratch, scratch};
  if (sources[0].kind == THAW_SOURCE_CONV2D) tiles[1] += thaw_tile_words(sources[0].conv->output_channels);
  for (int32_t first = 0; first < target->channels; first += THAW_TILE_COLUMNS) {
    const int32_t left = target->channels - first;
    const int32_t count = left < THAW_TILE_COLUMNS ? left : THAW_TILE_COLUMNS;
    for (int32_t j = 0; j < pass->source_count; ++j)
      if (sources[j].kind == THAW_SOURCE_CONV2D) fill_tile(&sources[j], first, count, tiles[j]);
    for (int32_t p = 0; p < target->positions; ++p) {
      const int32_t index = p * target->channels + first;
      int32_t values[4] = {0, 0, 0, 0};
      for (int32_t j = 0; j < pass->source_count; ++j) {
        int32_t part[4];
        block_values(&sources[j], tiles[j], target->channels, p, first, count, part);
        for (int32_t k = 0; k < count; ++k)
          values[k] += thaw_gscale(part[k], thaw_channel_mantissa(&pass->scales[j], first + k), pass->shifts[j]);
      }
      for (int32_t k = 0; k < count; ++k) {
        const int32_t v = thaw_mask_get(pass->mask, index + k) ? values[k] : 0;
        magnitudes |= store(pass, target->values, index + k, v);
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
    const int32_t mantissa = thaw_channel_mantissa(&pass->scales[0], c);
    int32_t next = 0;  // row of the padded plane to read
    int32_t index = c;
    for (int32_t y = 0; y < conv->input_height; ++y) {
      for (; next < y + ring.rows; ++next) read_row(source, c, next, &ring);
      const uint32_t* kernel = thaw_ring_kernel(&ring, y);
      for (int32_t x = 0; x < conv->input_width; x += THAW_RING_OUTPUTS) {
        uint32_t sums[THAW_RING_OUTPUTS] = {0, 0, 0, 0};
        thaw_ring_add(&ring, kernel, x, sums);
        for (int32_t p = 0; p < THAW_RING_OUTPUTS && x + p < conv->input_width; ++p) {
          const int32_t scaled = thaw_gscale((int32_t)sums[p], mantissa, pass->shifts[0]);
          const int32_t v = thaw_mask_get(pass->mask, index) ? scaled : 0;
          magnitudes |= store(pass, target->values, index, v);
          index += target->channels;
        }
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
