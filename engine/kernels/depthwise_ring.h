// One channel of a depthwise convolution as SMLAD takes it: the rows of the plane under the kernel, 16 bits a
// value with the zero point subtracted, and the kernel as pairs of weights. Rows lie in a ring: row r of the
// padded plane is in slot r % rows. Because sums may take their rows in any order, the kernel is turned with
// the ring instead of the ring being read around its end: it lies there twice, one copy below the other.
// Used by the *_dsp.c kernels of depthwise convolutions and of their input gradients.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/depthwise_conv2d.h"
#include "engine/kernels/dsp.h"

/// Shape and memory. A kernel row of `pairs` pairs: pair i of (weights 2i, 2i + 1), for outputs whose window
/// begins in the low half of a word, then of (weights 2i - 1, 2i), for those that begin in the high half.
typedef struct thaw_ring {
  int32_t rows;       // of the kernel, dilation included
  int32_t pairs;      // width / 2 + 1
  int32_t stride;     // of the outputs in a row
  int32_t row_words;  // of the plane, two values a word
  uint32_t* weights;  // [2 * rows][pairs][2]
  uint32_t* plane;    // [rows][row_words]
} thaw_ring;

static inline thaw_ring thaw_ring_of(int32_t rows, int32_t width, int32_t stride, int32_t outputs,
                                     uint32_t* scratch) {
  thaw_ring ring = {rows, width / 2 + 1, stride, thaw_ring_row_words(width, stride, outputs), scratch, NULL};
  ring.plane = scratch + 4 * rows * ring.pairs;
  return ring;
}

/// Zeros everywhere: the places that no row fills, left, right and between values, stay so.
static inline void thaw_ring_clear_plane(const thaw_ring* ring) {
  for (int32_t i = 0; i < ring->rows * ring->row_words; ++i) ring->plane[i] = 0;
}

/// The kernel of one channel: the weight of tap t at taps[t * step], taps row-major; `turned` turns it round
/// by half a turn, as input gradients need it. For kernels without dilation and of odd width.
static inline void thaw_ring_set_kernel(const thaw_ring* ring, const int8_t* taps, int32_t step,
                                        int32_t pairs, bool turned) {
  const int32_t copy = 2 * ring->rows * pairs;
  uint32_t* to = ring->weights;
  if (turned) {
    taps += (ring->rows * (2 * pairs - 1) - 1) * step;
    step = -step;
  }
  for (int32_t ky = 0; ky < ring->rows; ++ky) {
    uint32_t before = 0;
    for (int32_t i = 0; i < pairs; ++i, to += 2) {
      const uint32_t first = (uint32_t)*taps;
      taps += step;
      uint32_t second = 0;
      if (i < pairs - 1) {
        second = (uint32_t)*taps;
        taps += step;
      }
      to[copy] = to[0] = thaw_pack_low(first, second);
      to[copy + 1] = to[1] = thaw_pack_low(before, first);
      before = second;
    }
  }
}

/// The same for the usual kernels, which are unrolled; false for those it cannot set.
THAW_NOINLINE static bool thaw_ring_set_usual_kernel(const thaw_ring* ring, const thaw_conv2d* conv,
                                                     const int8_t* taps, int32_t step, bool turned) {
  if (conv->dilation_height != 1 || conv->dilation_width != 1) return false;
  if (conv->kernel_width == 3) {
    thaw_ring_set_kernel(ring, taps, step, 2, turned);
  } else if (conv->kernel_width == 5) {
    thaw_ring_set_kernel(ring, taps, step, 3, turned);
  } else if (conv->kernel_width == 7) {
    thaw_ring_set_kernel(ring, taps, step, 4, turned);
  } else {
    return false;
  }
  return true;
}

/// Sets weight (ky, kx) of the ring; all others are 0 after thaw_ring_clear_weights.
static inline void thaw_ring_clear_weights(const thaw_ring* ring) {
  for (int32_t i = 0; i < 4 * ring->rows * ring->pairs; ++i) ring->weights[i] = 0;
}
static inline void thaw_ring_set_weight(const thaw_ring* ring, int32_t ky, int32_t kx, int32_t weight) {
  const int32_t copy = 2 * ring->rows * ring->pairs;
  const uint32_t half = (uint32_t)weight & 0xFFFFu;
  uint32_t* even = ring->weights + 2 * (ky * ring->pairs + kx / 2);
  uint32_t* odd = ring->weights + 2 * (ky * ring->pairs + (kx + 1) / 2) + 1;
  even[copy] = *even |= kx % 2 == 0 ? half : half << 16;
  odd[copy] = *odd |= kx % 2 == 0 ? half << 16 : half;
}

/// The kernel turned so that its first row meets row `first` of the padded plane in the ring.
static inline const uint32_t* thaw_ring_kernel(const thaw_ring* ring, int32_t first) {
  const int32_t turn = first % ring->rows;
  return ring->weights + (turn == 0 ? 0 : ring->rows - turn) * 2 * ring->pairs;
}

/// The slot of row r of the padded plane.
static inline uint32_t* thaw_ring_slot(const thaw_ring* ring, int32_t r) {
  return ring->plane + r % ring->rows * ring->row_words;
}

// The sums of four outputs of a row, for a fixed number of pairs, which the compiler unrolls; sums hold where
// they start from.

static inline void thaw_ring_add_stride_1(const uint32_t* row, const uint32_t* kernel, int32_t rows,
                                          int32_t row_words, int32_t pairs, uint32_t sums[4]) {
  for (; rows > 0; --rows, row += row_words, kernel += 2 * pairs) {
    uint32_t x = row[0];
    for (int32_t i = 0; i < pairs; ++i) {
      const uint32_t next = row[i + 1];
      const uint32_t even = kernel[2 * i];
      const uint32_t odd = kernel[2 * i + 1];
      sums[0] = thaw_smlad(x, even, sums[0]);
      sums[1] = thaw_smlad(x, odd, sums[1]);
      sums[2] = thaw_smlad(next, even, sums[2]);
      sums[3] = thaw_smlad(next, odd, sums[3]);
      x = next;
    }
  }
}

static inline void thaw_ring_add_stride_2(const uint32_t* row, const uint32_t* kernel, int32_t rows,
                                          int32_t row_words, int32_t pairs, uint32_t sums[4]) {
  for (; rows > 0; --rows, row += row_words, kernel += 2 * pairs) {
    uint32_t x0 = row[0], x1 = row[1], x2 = row[2];
    for (int32_t i = 0; i < pairs; ++i) {
      const uint32_t x3 = row[i + 3];
      const uint32_t even = kernel[2 * i];
      sums[0] = thaw_smlad(x0, even, sums[0]);
      sums[1] = thaw_smlad(x1, even, sums[1]);
      sums[2] = thaw_smlad(x2, even, sums[2]);
      sums[3] = thaw_smlad(x3, even, sums[3]);
      x0 = x1;
      x1 = x2;
      x2 = x3;
    }
  }
}

static inline void thaw_ring_add_any(const thaw_ring* ring, const uint32_t* kernel, int32_t x,
                                     uint32_t sums[4]) {
  for (int32_t p = 0; p < 4; ++p) {
    const int32_t start = (x + p) * ring->stride;
    const uint32_t* row = ring->plane + start / 2;
    const uint32_t* weights = kernel + start % 2;
    for (int32_t r = 0; r < ring->rows; ++r, row += ring->row_words, weights += 2 * ring->pairs)
      for (int32_t i = 0; i < ring->pairs; ++i) sums[p] = thaw_smlad(row[i], weights[2 * i], sums[p]);
  }
}

/// Adds to the sums of the four outputs x .. x + 3 of a row, x a multiple of 4; those beyond the last output
/// become arbitrary.
THAW_NOINLINE static void thaw_ring_add(const thaw_ring* ring, const uint32_t* kernel, int32_t x,
                                        uint32_t sums[4]) {
  const int32_t rows = ring->rows;
  const int32_t words = ring->row_words;
  const uint32_t* row = ring->plane + x * ring->stride / 2;
  if (ring->stride == 1 && ring->pairs == 2) {
    thaw_ring_add_stride_1(row, kernel, rows, words, 2, sums);
  } else if (ring->stride == 1 && ring->pairs == 3) {
    thaw_ring_add_stride_1(row, kernel, rows, words, 3, sums);
  } else if (ring->stride == 1 && ring->pairs == 4) {
    thaw_ring_add_stride_1(row, kernel, rows, words, 4, sums);
  } else if (ring->stride == 2 && ring->pairs == 2) {
    thaw_ring_add_stride_2(row, kernel, rows, words, 2, sums);
  } else if (ring->stride == 2 && ring->pairs == 3) {
    thaw_ring_add_stride_2(row, kernel, rows, words, 3, sums);
  } else if (ring->stride == 2 && ring->pairs == 4) {
    thaw_ring_add_stride_2(row, kernel, rows, words, 4, sums);
  } else {
    thaw_ring_add_any(ring, kernel, x, sums);
  }
}
