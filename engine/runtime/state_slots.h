// Two flash slots that survive a power cut at any byte: a save goes into the slot that does not hold the
// newest complete record, so the newest one stays until the next is complete; a load takes the newest
// complete one.
#pragma once

#include <stdint.h>

#include "engine/runtime/state_record.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The application's flash. Each slot has room for a whole record, rounded up to the unit of writing, and
/// shares no erase unit with the other. With a write unit, every write is of one unit, at a multiple of it,
/// once after an erase; the bytes behind the record are then 0xFF. All return false where the hardware fails
/// and trying again may help. Erased bytes, and those of a write that was cut off, may hold anything: where
/// reading them reports an error (flash with error correction), give any bytes and true, and the checksum
/// refuses them.
typedef struct thaw_slots {
  void* context;
  bool (*erase)(void* context, int32_t slot);
  bool (*write)(void* context, int32_t slot, uint32_t offset, const void* bytes, uint32_t count);
  bool (*read)(void* context, int32_t slot, uint32_t offset, void* bytes, uint32_t count);
  uint32_t write_unit;  // bytes that the flash writes at a time, for example 8, 32 or 256; 0 or 1: any number
  uint8_t* unit;        // room for that many bytes, aligned as the flash wants it; may be NULL for 0 or 1
} thaw_slots;

/// Erases and writes the slot that does not hold the newest complete record, then reads it back: THAW_OK
/// means that a load gives this state. THAW_BAD_ARGUMENT for a write unit without room for it; nothing was
/// erased then. THAW_STORAGE_FAILED where a callback fails or other bytes come back;
/// where a slot could not be read, nothing was erased. The newest complete record before the call is never
/// touched.
thaw_status thaw_slots_save(const thaw_state_view* view, const thaw_slots* slots);

/// Reads the newest complete record that can be read; *changed as in thaw_record_read. THAW_NO_STATE where
/// there is none, THAW_STORAGE_FAILED where that is not known, because a slot could not be read.
thaw_status thaw_slots_load(const thaw_state_view* view, const thaw_slots* slots, bool* changed);

#ifdef __cplusplus
}
#endif
