// What the functions of a generated model answer: nothing aborts.
#pragma once

/// 0 is success; all failures are negative, so that a function may return a class number or a failure.
typedef enum thaw_status {
  THAW_OK = 0,
  THAW_NOT_READY = -1,      // neither thaw_init nor a successful load came before
  THAW_BAD_ARGUMENT = -2,   // a null pointer, a label that is no class, a rate outside its range
  THAW_WRONG_SIZE = -3,     // the buffer or the record has not the size of this model's state
  THAW_WRONG_VERSION = -4,  // not a state record, or one of another version
  THAW_WRONG_MODEL = -5,    // a record of another model or schedule
  THAW_CORRUPT = -6,        // the checksum does not match, or a value is none that training makes
  THAW_NO_STATE = -7,       // no slot holds a complete record
  THAW_STORAGE_FAILED = -8  // a callback reported a failure
} thaw_status;
