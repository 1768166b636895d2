// What the test program asks of a board: files of the machine that runs or emulates it, a clock that counts
// instructions, the depth of the stack.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Opens a file of the working directory for reading or writing; negative where that fails.
int32_t thaw_port_open(const char* name, bool write);

/// Reads exactly `count` bytes; false at the end of the file.
bool thaw_port_read(int32_t file, void* bytes, uint32_t count);

/// Writes `count` bytes.
bool thaw_port_write(int32_t file, const void* bytes, uint32_t count);

/// Closes a file, so that what was written is there.
void thaw_port_close(int32_t file);

/// Ticks since the start, and how many make a second in which 10^9 instructions run; 0 where the board cannot
/// count.
uint64_t thaw_port_ticks(void);
uint32_t thaw_port_ticks_per_second(void);

/// Most bytes of stack used so far; 0 where the board cannot tell.
uint32_t thaw_port_stack_used(void);

/// Shows a message.
void thaw_port_print(const char* text);
