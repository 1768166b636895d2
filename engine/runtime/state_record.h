// The trained state as a record of bytes: everything that a device keeps across power loss
// (docs/arithmetic.md, section 10) with a version, the model it belongs to and a checksum, so that a wrong or
// damaged one is never used. Little endian:
//   0 "THAW"   4 version   8 model   12 sequence   16 seed   20 step number   24 bytes of values
//   28 values, piece after piece   then CRC-32 of everything before it
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/runtime/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  THAW_RECORD_VERSION = 1,
  THAW_RECORD_HEADER_BYTES = 28,
  THAW_RECORD_OVERHEAD_BYTES = 32  // header and checksum
};

/// Takes the next `count` bytes of a record; false where that failed. `offset` counts from the record's start
/// and grows without gaps.
typedef bool (*thaw_write_bytes)(void* context, uint32_t offset, const void* bytes, uint32_t count);

/// Gives `count` bytes of a record from `offset` on; false where that failed. Must give the same bytes each
/// time.
typedef bool (*thaw_read_bytes)(void* context, uint32_t offset, void* bytes, uint32_t count);

/// One array of trained values in RAM and its first value in flash (NULL: zeros). `limit` is the largest
/// magnitude that a value of a record may have: 127 for int8 values (where the first value is -128, that
/// too), more for int32 ones, 0 where every byte will do.
typedef struct thaw_state_piece {
  void* place;
  const void* initial;
  uint32_t bytes;
  int32_t limit;
} thaw_state_piece;

/// The trained state of one model.
typedef struct thaw_state_view {
  const thaw_state_piece* pieces;
  uint32_t piece_count;
  uint32_t value_bytes;  // of all pieces
  uint32_t model;        // identifies model and schedule
  uint32_t* seed;
  uint32_t* step;
} thaw_state_view;

/// Checksum of the values, piece after piece.
uint32_t thaw_state_values_crc(const thaw_state_view* view);

/// Sets every piece to its first value.
void thaw_state_start(const thaw_state_view* view);

/// Writes the record, checksum last. THAW_STORAGE_FAILED where the callback fails.
thaw_status thaw_record_write(const thaw_state_view* view, uint32_t sequence, thaw_write_bytes write,
                              void* context);

/// Whether the bytes are a complete record of this model whose values lie within their limits; its sequence
/// number in *sequence. Changes nothing else. THAW_STORAGE_FAILED, THAW_WRONG_VERSION, THAW_WRONG_MODEL,
/// THAW_WRONG_SIZE or THAW_CORRUPT.
thaw_status thaw_record_check(const thaw_state_view* view, thaw_read_bytes read, void* context,
                              uint32_t* sequence);

/// Checks the record, then reads it into the pieces, the seed and the step number. Where the check fails
/// nothing is changed. *changed says whether values were touched: true with a failure means that the storage
/// gave other bytes the second time, and the values are of no use.
thaw_status thaw_record_read(const thaw_state_view* view, thaw_read_bytes read, void* context, bool* changed);

#ifdef __cplusplus
}
#endif
