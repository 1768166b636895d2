// See state_slots.h.
#include "engine/runtime/state_slots.h"

// One slot as a record's storage.
typedef struct slot_storage {
  const thaw_slots* slots;
  int32_t slot;
  uint32_t waiting;  // bytes in the open unit of writing
} slot_storage;

// Writes the open unit, whose last byte is in front of `end`.
static bool write_unit(slot_storage* at, uint32_t end) {
  const thaw_slots* slots = at->slots;
  at->waiting = 0;
  return slots->write(slots->context, at->slot, end - slots->write_unit, slots->unit, slots->write_unit);
}

// A record is written from its first byte to its last, so that whole units come one after the other.
static bool write_slot(void* context, uint32_t offset, const void* bytes, uint32_t count) {
  slot_storage* at = (slot_storage*)context;
  const thaw_slots* slots = at->slots;
  if (slots->write_unit <= 1) return slots->write(slots->context, at->slot, offset, bytes, count);
  const uint8_t* from = (const uint8_t*)bytes;
  for (uint32_t i = 0; i < count; ++i) {
    slots->unit[at->waiting++] = from[i];
    if (at->waiting == slots->write_unit && !write_unit(at, offset + i + 1)) return false;
  }
  return true;
}

// Writes what waits for its unit to become full; the record ends at `end`.
static bool finish_writing(slot_storage* at, uint32_t end) {
  if (at->waiting == 0) return true;
  const uint32_t missing = at->slots->write_unit - at->waiting;
  while (at->waiting < at->slots->write_unit) at->slots->unit[at->waiting++] = 0xFF;
  return write_unit(at, end + missing);
}

static bool read_slot(void* context, uint32_t offset, void* bytes, uint32_t count) {
  const slot_storage* at = (const slot_storage*)context;
  return at->slots->read(at->slots->context, at->slot, offset, bytes, count);
}

// What both slots hold. Sequence numbers are compared by their distance, so that they may wrap.
typedef struct slots_found {
  int32_t newest;     // slot with the newest complete record; -1 where there is none
  uint32_t sequence;  // of that record
  bool all_read;      // false: a slot could not be read, and may hold a newer one
} slots_found;

static slots_found look_at(const thaw_state_view* view, const thaw_slots* slots) {
  slots_found found = {-1, 0, true};
  for (int32_t slot = 0; slot < 2; ++slot) {
    slot_storage storage = {slots, slot, 0};
    uint32_t sequence;
    const thaw_status status = thaw_record_check(view, read_slot, &storage, &sequence);
    if (status == THAW_STORAGE_FAILED) found.all_read = false;
    if (status != THAW_OK) continue;
    if (found.newest >= 0 && sequence - found.sequence >= UINT32_C(0x80000000)) continue;
    found.newest = slot;
    found.sequence = sequence;
  }
  return found;
}

thaw_status thaw_slots_save(const thaw_state_view* view, const thaw_slots* slots) {
  const slots_found found = look_at(view, slots);
  if (slots->write_unit > 1 && !slots->unit) return THAW_BAD_ARGUMENT;
  // A slot that could not be read may hold the only complete record.
  if (!found.all_read) return THAW_STORAGE_FAILED;
  slot_storage storage = {slots, found.newest == 0 ? 1 : 0, 0};
  if (!slots->erase(slots->context, storage.slot)) return THAW_STORAGE_FAILED;
  const uint32_t sequence = found.sequence + 1;
  if (thaw_record_write(view, sequence, write_slot, &storage) != THAW_OK) return THAW_STORAGE_FAILED;
  if (!finish_writing(&storage, THAW_RECORD_OVERHEAD_BYTES + view->value_bytes)) return THAW_STORAGE_FAILED;
  uint32_t stored;
  const thaw_status status = thaw_record_check(view, read_slot, &storage, &stored);
  return status == THAW_OK && stored == sequence ? THAW_OK : THAW_STORAGE_FAILED;
}

thaw_status thaw_slots_load(const thaw_state_view* view, const thaw_slots* slots, bool* changed) {
  *changed = false;
  const slots_found found = look_at(view, slots);
  if (found.newest < 0) return found.all_read ? THAW_NO_STATE : THAW_STORAGE_FAILED;
  slot_storage storage = {slots, found.newest, 0};
  return thaw_record_read(view, read_slot, &storage, changed);
}
