// The stochastic weight update of arithmetic section 8 over whole arrays, vectorised for the host: random
// bits, weights as fixed-point numbers, and the update rule between them.
#pragma once

#include <cstdint>

namespace thaw {

/// out[i] = r16(key, i); out is written in whole vectors, up to kSlack bytes behind the last one.
void random16(uint32_t key, int64_t count, uint16_t* out);

/// fixed[i] = high[i] * 2^F + low[i], the parts as thaw_trained_weights stores them; F in {0, 4, 8}.
void unpack_weights(const int8_t* high, const uint8_t* low, int32_t fraction_bits, int64_t count,
                    int16_t* fixed);
/// The inverse: exactly `count` weights are written, other halves of shared bytes stay.
void pack_weights(const int16_t* fixed, int32_t fraction_bits, int64_t count, int8_t* high, uint8_t* low);

/// One row of weights that share an output channel: the new values after moving by `sums` + offset.
struct WeightRow {
  const int32_t* sums = nullptr;
  int32_t offset = 0;      // added to every sum, modulo 2^32
  int32_t multiplier = 0;  // thaw_update_multiplier
  int32_t shift = 2;       // thaw_update_shift, limited to 2..62
  int32_t fraction_bits = 4;
  int32_t count = 0;
  const uint16_t* random = nullptr;
  const int16_t* fixed = nullptr;
  int16_t* updated = nullptr;  // not `fixed`; written in whole vectors, up to kSlack bytes behind the row
};
void update_row(const WeightRow& row);

}  // namespace thaw
